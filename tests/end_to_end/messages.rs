//! What the program says when something is wrong: a cause once, options that exist, no escapes, and in time.

use std::fs;

use crate::data::{Workspace, quick};

fn said(work: &Workspace, arguments: &[&str], code: i32) -> String {
    let output = work.sagebrush(arguments).output().unwrap();
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {message}");
    assert!(!message.contains("panicked"), "{message}");
    assert!(!message.contains("\\\""), "an escaped quote: {message}");
    message
}

#[test]
fn a_cause_is_printed_once() {
    let work = Workspace::new();
    work.succeed(&quick("log.csv", "run"));
    work.write("folder.csv.gz", &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0x4b]);
    fs::create_dir(work.path("folder")).unwrap();
    let train = |more: &[&'static str]| {
        let arguments = ["train", "log.csv", "--model", "mf", "--out", "other"];
        [&arguments[..], more].concat()
    };
    for (arguments, code) in [
        (vec!["inspect", "nope.csv"], 66),
        (vec!["inspect", "log.csv", "--items", "nope.csv"], 66),
        (vec!["inspect", "log.csv", "--test", "nope.csv"], 66),
        (train(&["--config", "nope.toml"]), 66),
        (train(&["--items", "nope.csv"]), 66),
        (
            vec![
                "recommend",
                "--run",
                "run",
                "--all",
                "--out",
                "nowhere/top.csv",
            ],
            74,
        ),
        (
            vec!["recommend", "--run", "run", "--all", "--out", "folder"],
            74,
        ),
        (
            vec![
                "embed",
                "--run",
                "run",
                "--known",
                "items",
                "--out",
                "nowhere/v.csv",
            ],
            74,
        ),
        (
            vec![
                "synth",
                "--users",
                "9",
                "--items",
                "9",
                "--edges",
                "9",
                "--out",
                "nowhere/l.csv",
            ],
            74,
        ),
        (
            vec!["evaluate", "--run", "run", "--trec", "log.csv/trec"],
            74,
        ),
        (vec!["train", "--resume", "nope"], 66),
        (vec!["inspect", "folder.csv.gz"], 65),
    ] {
        let message = said(&work, &arguments, code);
        let cause = message.match_indices("(os error").count();
        assert!(cause <= 1, "{message}");
        let words: Vec<&str> = message.trim_end().split(": ").collect();
        let last = words.last().unwrap();
        assert_eq!(
            message.matches(last).count(),
            1,
            "`{last}` twice: {message}"
        );
    }
}

#[test]
fn an_unknown_setting_or_choice_is_answered_with_one_like_it_or_with_none() {
    let work = Workspace::new();
    let setting = |setting: &'static str| {
        let arguments = ["train", "log.csv", "--out", "run", "--set", setting];
        said(&work, &arguments, 2)
    };
    let message = setting("split.foo=1");
    assert!(message.contains("unknown key \"split.foo\""), "{message}");
    assert!(!message.contains("did you mean"), "{message}");
    assert!(message.contains("[split] has method"), "{message}");
    let message = setting("split.metod=random");
    assert!(
        message.contains("did you mean \"split.method\"?"),
        "{message}"
    );
    let message = setting("model.name=transformer");
    assert!(
        message.contains("the known ones are mf, lightgcn"),
        "{message}"
    );
    assert!(!message.contains("did you mean"), "{message}");
}

#[test]
fn a_place_that_cannot_be_written_is_told_before_the_log_is_read() {
    let work = Workspace::new();
    work.succeed(&quick("log.csv", "run"));
    work.write("file", b"");
    for out in ["run", "file", "file/run"] {
        // The log is not there, and nobody has looked.
        said(&work, &["train", "nope.csv", "--out", out], 74);
        said(&work, &["tune", "nope.csv", "--out", out], 74);
    }
    for out in ["nowhere/top.csv", "top.xlsx", "run"] {
        let recommend = ["recommend", "--run", "nope", "--all", "--out", out];
        said(&work, &recommend, 74);
        let embed = ["embed", "--run", "nope", "--known", "items", "--out", out];
        said(&work, &embed, 74);
    }
    let evaluate = ["evaluate", "--run", "run", "--trec", "file"];
    said(&work, &evaluate, 74);
    assert!(
        !work.path("run/openings.jsonl").exists(),
        "the test part is not opened"
    );
}

#[test]
fn singular_vectors_that_are_less_exact_than_asked_for_are_taken() {
    let work = Workspace::new();
    let fit = |tolerance: &'static str, out: &'static str| {
        let arguments = [
            "train",
            "log.csv",
            "--model",
            "gf-cf",
            "--set",
            "filter.vectors=8",
            "--out",
        ];
        let arguments = [&arguments[..], &[out, "--set", tolerance]].concat();
        said(&work, &arguments, 0)
    };
    let message = fit("filter.tolerance=1e-12", "exact");
    assert!(message.contains("where 1e-12 was asked for"), "{message}");
    assert!(message.contains("`--set filter.tolerance="), "{message}");
    assert!(work.path("exact/MANIFEST.json").exists());
    let message = fit("filter.tolerance=1e-4", "usual");
    assert!(!message.contains("asked for"), "{message}");
}

/// An evaluation counts in the ledger of the machine unless the run says otherwise.
#[test]
fn a_run_may_stay_out_of_the_ledger() {
    let work = Workspace::new();
    work.succeed(&quick("log.csv", "counted"));
    work.succeed(
        &[
            &quick("log.csv", "uncounted")[..],
            &["--set", "run.ledger=false"],
        ]
        .concat(),
    );
    for (run, lines) in [("uncounted", 0), ("counted", 1)] {
        let mut evaluate = work.sagebrush(&["evaluate", "--run", run, "-q"]);
        let evaluate = evaluate.env_remove("SAGEBRUSH_LEDGER");
        evaluate
            .env("XDG_STATE_HOME", work.path("state"))
            .assert()
            .success();
        let ledger = fs::read_to_string(work.path("state/sagebrush/openings.jsonl"));
        assert_eq!(ledger.unwrap_or_default().lines().count(), lines, "{run}");
    }
}
