//! Every write, sync, rename and removal fails once, and is where the process ends once: nothing is lost.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Output;

use sagebrush::failpoints::{EXIT_CODE, Failpoint, VARIABLE};
use sagebrush::run::RunDir;

use crate::data::Workspace;
use crate::small::{assert_whole, bring_to_end, command, copy, openings, results, said, train};

/// A failing write ends a command so (EX_IOERR).
const CANNOT_WRITE: i32 = 74;

type Results = BTreeMap<&'static str, Vec<u8>>;

/// What a fault may leave, and how the work is then brought to its end.
struct Case<'a> {
    arguments: Vec<&'a str>,
    /// What is there when the command begins; nothing where there is none.
    before: Option<&'a str>,
    expected: &'a Results,
    openings_before: usize,
}

#[test]
fn any_step_of_writing_may_fail_or_be_the_last() {
    let work = Workspace::new();
    let anew = train("mf", "run");
    work.succeed(&train("mf", "reference"));
    let reference = results(&work.path("reference"));
    // A run that stopped after two epochs, and was evaluated.
    let mut shorter = train("mf", "shorter");
    shorter.extend(["--set", "training.patience=0"]);
    let epochs = shorter
        .iter()
        .position(|&argument| argument == "3")
        .unwrap();
    shorter[epochs] = "2";
    work.succeed(&shorter);
    work.succeed(&["evaluate", "--run", "shorter", "-q"]);
    let config = String::from_utf8(work.read("shorter/config.toml")).unwrap();
    work.write(
        "shorter/config.toml",
        config.replace("epochs = 2", "epochs = 3").as_bytes(),
    );
    let overwrite = [&anew[..], &["--overwrite"]].concat();
    let evaluate = vec!["evaluate", "--run", "run", "-q"];
    let case = |arguments, before, openings_before| Case {
        arguments,
        before,
        expected: &reference,
        openings_before,
    };
    let cases = [
        case(anew.clone(), None, 0),
        case(vec!["train", "--resume", "run", "-q"], Some("shorter"), 1),
        case(overwrite, Some("shorter"), 1),
        case(evaluate, Some("reference"), 0),
    ];
    let mut n = 0;
    for case in &cases {
        for point in Failpoint::ALL {
            for how in ["error", "exit"] {
                n += every_pass(&work, case, point, how, &anew);
            }
        }
    }
    println!("{n} faults survived");
    assert!(n > 2 * Failpoint::ALL.len(), "failpoints are reached");
}

/// Arms a failpoint at its first pass, its second, and so on until the command does not reach it any more.
fn every_pass(
    work: &Workspace,
    case: &Case<'_>,
    point: Failpoint,
    how: &str,
    anew: &[&str],
) -> usize {
    for pass in 1.. {
        match case.before {
            Some(before) => copy(&work.path(before), &work.path("run")),
            None if work.path("run").exists() => std::fs::remove_dir_all(work.path("run")).unwrap(),
            None => {}
        }
        let armed = format!("{}:{pass}:{how}", point.name());
        let output = command(work, &case.arguments)
            .env(VARIABLE, &armed)
            .output()
            .unwrap();
        let message = said(&output);
        if !message.contains(VARIABLE) {
            assert!(output.status.success(), "{armed}: {message}");
            return pass - 1;
        }
        check_end(&output, &armed, how);
        check_run(work, case, &armed, anew);
    }
    0
}

fn check_end(output: &Output, armed: &str, how: &str) {
    let message = said(output);
    match (how, output.status.code()) {
        ("exit", Some(EXIT_CODE)) => {}
        // The lock holds without its note, and one that is left is taken over.
        ("error", Some(0)) => assert!(armed.starts_with("lock-"), "{armed} passed in silence"),
        ("error", Some(CANNOT_WRITE)) => {
            assert!(message.contains("cannot be written"), "{armed}: {message}");
        }
        (_, code) => panic!("{armed} ended with {code:?}: {message}"),
    }
}

fn check_run(work: &Workspace, case: &Case<'_>, armed: &str, anew: &[&str]) {
    let run = work.path("run");
    if case.arguments[0] == "evaluate" {
        assert_whole(&run);
        assert!(openings(&run) <= 1, "{armed}");
        return assert_eq!(&results(&run), case.expected, "{armed}");
    }
    if case.openings_before > 0 {
        assert_eq!(openings(&run), case.openings_before, "{armed}");
    }
    // One that was not touched yet is still the old run, which is whole but for the edited settings.
    if is_old(&run, work) {
        return;
    }
    bring_to_end(work, "run", anew);
    assert_eq!(&results(&run), case.expected, "{armed}");
}

fn is_old(run: &Path, work: &Workspace) -> bool {
    let Ok(opened) = RunDir::open(run) else {
        return false;
    };
    let old = RunDir::of_any_state(work.path("shorter")).unwrap();
    opened.manifest() == old.manifest()
}
