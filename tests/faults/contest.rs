//! A contest that is killed at any moment resumes to the same choice and the same model.

use std::fs;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::data::Workspace;
use crate::small::{assert_whole, bring_to_end, command, results, said};

const CONTEST: [&str; 13] = [
    "train",
    "log.csv",
    "--out",
    "run",
    "--split",
    "random",
    "--dim",
    "4",
    "--epochs",
    "4",
    "--set",
    "sampling.batch_shared=16",
    "-q",
];
/// Kills, evenly over the time that a contest takes.
const KILLS: u32 = 5;

/// The contest without how long it took.
fn contest(work: &Workspace) -> Value {
    let mut record: Value = serde_json::from_slice(&work.read("run/contest.json")).unwrap();
    record.as_object_mut().unwrap().remove("seconds");
    record
}

#[test]
fn kills_change_neither_the_choice_nor_the_model() {
    let work = Workspace::new();
    let started = Instant::now();
    work.succeed(&CONTEST);
    let takes = started.elapsed();
    let (chosen, trained) = (contest(&work), results(&work.path("run")));
    let config = work.read("run/config.toml");
    for kill in 1..=KILLS {
        fs::remove_dir_all(work.path("run")).unwrap();
        let mut child = command(&work, &CONTEST).spawn().unwrap();
        std::thread::sleep(takes * kill / (KILLS + 1));
        // One that has ended is none to kill.
        let _ = child.kill();
        child.wait().unwrap();
        bring_to_end(&work, "run", &CONTEST);
        assert_eq!(contest(&work), chosen, "after kill {kill}");
        assert_eq!(results(&work.path("run")), trained, "after kill {kill}");
        assert_eq!(work.read("run/config.toml"), config);
        assert!(!work.path("run/contest").exists());
    }
}

/// An unfinished contest is a run like any other: not written over, not opened, and replaced by `--overwrite`.
#[test]
fn an_unfinished_contest_is_an_unfinished_run() {
    let work = Workspace::new();
    let mut child = command(&work, &CONTEST).spawn().unwrap();
    let begun = work.path("run/contest/measured.jsonl");
    let patience = Instant::now() + Duration::from_secs(60);
    let is_begun = || fs::read(&begun).is_ok_and(|text| text.ends_with(b"\n"));
    while !is_begun() && Instant::now() < patience {
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    if !work.path("run/contest/asked.json").exists() {
        // This machine was quicker than the test.
        assert_whole(&work.path("run"));
        return;
    }
    work.refused(&CONTEST, 74, "`--overwrite`");
    let open = command(&work, &["evaluate", "--run", "run"])
        .output()
        .unwrap();
    assert_eq!(open.status.code(), Some(65), "{}", said(&open));
    // Another log is not the one it began with.
    let log = work.read("log.csv");
    work.write("log.csv", &[&log[..], b"user-1,99,5,1600000001\n"].concat());
    work.refused(&["train", "--resume", "run"], 65, "log.csv is not the file");
    work.write("log.csv", &log);
    let resumed = work.succeed(&["train", "--resume", "run"]);
    assert!(said(&resumed).contains("on record"), "{}", said(&resumed));
    work.succeed(&[&CONTEST[..], &["--overwrite"]].concat());
    assert_whole(&work.path("run"));
}
