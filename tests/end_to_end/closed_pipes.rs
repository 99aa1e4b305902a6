//! Whoever reads the output may leave at any moment: no command panics, and work goes on to its end.

use std::io::{BufRead, BufReader, PipeWriter, pipe};
use std::process::{ExitStatus, Stdio};

use crate::data::{Workspace, quick};

/// A pipe that nobody reads.
fn closed() -> PipeWriter {
    let (reader, writer) = pipe().unwrap();
    drop(reader);
    writer
}

/// Runs the command while nobody reads stdout, stderr or both; all must end alike.
fn unread(work: &Workspace, arguments: &[&str]) -> Vec<ExitStatus> {
    let ends = |stdout: Stdio, stderr: Stdio| {
        let mut command = work.program(arguments);
        command.stdout(stdout).stderr(stderr).status().unwrap()
    };
    vec![
        ends(closed().into(), Stdio::null()),
        ends(Stdio::null(), closed().into()),
        ends(closed().into(), closed().into()),
    ]
}

fn assert_ends(work: &Workspace, arguments: &[&str], code: i32) {
    for status in unread(work, arguments) {
        assert_eq!(status.code(), Some(code), "{arguments:?}: {status}");
    }
}

/// `sagebrush train log.csv --out run 2>&1 | head -2`
#[test]
fn a_training_whose_first_lines_are_read_is_finished() {
    let work = Workspace::new();
    for model in ["lightgcn", "gf-cf"] {
        let (reader, writer) = pipe().unwrap();
        let mut arguments = quick("log.csv", model);
        arguments.retain(|argument| *argument != "-q");
        arguments[5] = model;
        if model == "gf-cf" {
            arguments.truncate(6);
            arguments.extend(["--set", "filter.vectors=8"]);
        }
        let mut child = work
            .program(&arguments)
            .stdout(writer.try_clone().unwrap())
            .stderr(writer)
            .spawn()
            .unwrap();
        let lines: Vec<String> = BufReader::new(reader)
            .lines()
            .take(2)
            .map(Result::unwrap)
            .collect();
        let status = child.wait().unwrap();
        assert_eq!(status.code(), Some(0), "{lines:?}");
        assert!(work.path(model).join("MANIFEST.json").exists());
    }
}

#[test]
fn no_command_needs_a_reader() {
    let work = Workspace::new();
    let noisy = |out: &'static str| {
        let mut arguments = quick("log.csv", out);
        arguments.retain(|argument| *argument != "-q");
        arguments.extend(["--overwrite", "-vv"]);
        arguments
    };
    assert_ends(&work, &noisy("run"), 0);
    assert_ends(&work, &[&noisy("run")[..], &["--json"]].concat(), 0);
    assert!(work.path("run/MANIFEST.json").exists());
    for arguments in [
        &["--help"][..],
        &["--version"],
        &["help", "train"],
        &["train", "--help"],
        &["demo", "--help"],
        &["completions", "bash"],
        &["completions", "zsh"],
        &["inspect", "log.csv"],
        &["inspect", "log.csv", "--json"],
        &["train", "log.csv", "--print-config"],
        &["train", "--resume", "run"],
        &["evaluate", "--run", "run"],
        &["evaluate", "--run", "run", "--json"],
        &["recommend", "--run", "run", "--user", "user-1"],
        &["recommend", "--run", "run", "--all"],
        &["recommend", "--run", "run", "--all", "--to", "jsonl"],
        &["recommend", "--run", "run", "--all", "--out", "all.csv"],
        &["recommend", "--run", "run", "--history", "1,gone"],
        &["similar", "--run", "run", "--item", "3"],
        &["negatives", "--run", "run", "--user", "user-1"],
        &["embed", "--run", "run", "--known", "items", "--out", "-"],
        &["compare", "run", "run"],
        &["reproduce", "gowalla", "--list"],
        &[
            "synth", "--users", "2000", "--items", "500", "--edges", "50000", "--out", "-",
        ],
    ] {
        assert_ends(&work, arguments, 0);
    }
}

/// What fails, fails with its own exit code, read or not.
#[test]
fn errors_keep_their_exit_codes() {
    let work = Workspace::new();
    work.write("bad.csv", b"user_id,item_id\n1,2\n3\n");
    for (arguments, code) in [
        (&["inspect"][..], 2),
        (&["inspect", "--no-such-flag"], 2),
        (&["train", "log.csv", "--out", "x", "--set", "no=1"], 2),
        (&["inspect", "bad.csv"], 65),
        (&["inspect", "nowhere.csv"], 66),
        (&["evaluate", "--run", "nowhere"], 66),
        (&["recommend", "--run", "nowhere", "--all"], 66),
    ] {
        assert_ends(&work, arguments, code);
    }
}

#[test]
fn searches_and_ablations_end_without_a_reader() {
    let work = Workspace::new();
    let filter = ["log.csv", "--model", "gf-cf", "--set", "filter.vectors=4"];
    let tune = [
        "--out",
        "search",
        "--trials",
        "2",
        "--vary",
        "filter.vectors=2,4",
    ];
    let tune = [&["tune"][..], &filter, &tune, &["--overwrite"]].concat();
    assert_ends(&work, &tune, 0);
    assert!(work.path("search/best.toml").exists());
    assert_ends(&work, &["tune", "--resume", "search"], 0);
    let variant = [
        "--variant",
        "two: filter.vectors=2",
        "--variant",
        "four: filter.vectors=4",
    ];
    let ablate = [&["ablate"][..], &filter, &variant, &["--out", "parts"]].concat();
    assert_ends(&work, &ablate, 0);
    assert!(work.path("parts/ablation.json").exists());
}

/// A full disk behind stdout is an error, and no panic.
#[cfg(target_os = "linux")]
#[test]
fn a_result_that_cannot_be_written_exits_74() {
    let work = Workspace::new();
    for arguments in [
        &["inspect", "log.csv"][..],
        &["train", "log.csv", "--print-config"],
        &["completions", "bash"],
        &[
            "synth", "--users", "200", "--items", "50", "--edges", "500", "--out", "-",
        ],
    ] {
        let full = std::fs::File::options().write(true).open("/dev/full");
        let output = work
            .program(arguments)
            .stdout(full.unwrap())
            .stderr(Stdio::piped())
            .output()
            .unwrap();
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(74), "{message}");
        assert!(message.contains("standard output"), "{message}");
    }
}
