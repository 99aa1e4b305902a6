//! A disk that is full: a clear error with its own exit code, and what was there before is intact.

use std::process::{Command, Output};

use sagebrush::run::RunDir;

use crate::data::Workspace;
use crate::small::{assert_whole, bring_to_end, openings, results, said, train};

/// How a command ends that cannot write (EX_IOERR).
const CANNOT_WRITE: i32 = 74;

/// Runs the program where no file may grow beyond some blocks of 512 bytes. The signal is ignored, so that a write that
/// goes further fails as it does on a full disk.
fn on_small_disk(work: &Workspace, blocks: usize, arguments: &[&str]) -> Output {
    let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
    Command::new("dash")
        .args(["-c", &script, env!("CARGO_BIN_EXE_sagebrush")])
        .args(arguments)
        .current_dir(work.dir.path())
        .env_remove("RUST_LOG")
        .env("SAGEBRUSH_LEDGER", "off")
        .output()
        .unwrap()
}

fn assert_full(output: &Output) {
    let message = said(output);
    assert_eq!(output.status.code(), Some(CANNOT_WRITE), "{message}");
    assert!(
        message.contains("cannot be written") || message.contains("cannot write"),
        "{message}"
    );
    assert!(!message.contains("panicked"), "{message}");
}

fn leftovers(work: &Workspace, folder: &str) -> Vec<String> {
    let entries = std::fs::read_dir(work.path(folder)).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names
        .filter(|name| {
            name.starts_with(".sagebrush-") && (name.ends_with(".tmp") || name.ends_with(".part"))
        })
        .collect()
}

fn has_dash() -> bool {
    let found = Command::new("dash").args(["-c", "true"]).status().is_ok();
    if !found {
        println!("skipped: there is no dash to set a limit with");
    }
    found
}

#[test]
fn an_export_leaves_the_old_file() {
    if !has_dash() {
        return;
    }
    let work = Workspace::new();
    work.succeed(&train("mf", "run"));
    work.write("lists.csv", b"old");
    let export = [
        "recommend",
        "--run",
        "run",
        "--all",
        "-k",
        "5",
        "--out",
        "lists.csv",
    ];
    assert_full(&on_small_disk(&work, 4, &export));
    assert_eq!(work.read("lists.csv"), b"old");
    assert!(leftovers(&work, ".").is_empty());
}

#[test]
fn an_evaluation_leaves_a_whole_run() {
    if !has_dash() {
        return;
    }
    let work = Workspace::new();
    work.succeed(&train("mf", "run"));
    assert_full(&on_small_disk(&work, 8, &["evaluate", "--run", "run"]));
    assert_whole(&work.path("run"));
    assert!(leftovers(&work, "run").is_empty());
    assert_eq!(openings(&work.path("run")), 1);
    work.succeed(&["evaluate", "--run", "run", "-q"]);
    assert!(
        RunDir::open(work.path("run"))
            .unwrap()
            .has(sagebrush::run::File::Report)
    );
}

#[test]
fn a_training_goes_on_when_there_is_room_again() {
    if !has_dash() {
        return;
    }
    let work = Workspace::new();
    let arguments = train("mf", "run");
    work.succeed(&train("mf", "reference"));
    for blocks in [0, 1, 2, 4, 6, 8, 12, 16, 20] {
        let output = on_small_disk(&work, blocks, &arguments);
        if !output.status.success() {
            assert_full(&output);
            if work.path("run").is_dir() {
                assert!(leftovers(&work, "run").is_empty());
                assert!(leftovers(&work, "run/checkpoint").is_empty());
            }
        }
        bring_to_end(&work, "run", &arguments);
        assert_eq!(
            results(&work.path("run")),
            results(&work.path("reference")),
            "{blocks} blocks"
        );
        std::fs::remove_dir_all(work.path("run")).unwrap();
    }
}

/// A disk that is full for all files together.
#[cfg(target_os = "linux")]
#[test]
fn a_run_on_a_full_volume_goes_on_when_there_is_room_again() {
    use crate::small::Volume;
    let work = Workspace::new();
    work.succeed(&train("mf", "reference"));
    let arguments = train("mf", "disk/run");
    for size in ["16k", "32k", "48k", "64k", "80k", "96k"] {
        let Some(disk) = Volume::mount(&work, "disk", size) else {
            return;
        };
        let output = work.sagebrush(&arguments).output().unwrap();
        if !output.status.success() {
            assert_full(&output);
        }
        disk.remount("size=8m");
        bring_to_end(&work, "disk/run", &arguments);
        let run = results(&work.path("disk/run"));
        assert_eq!(run, results(&work.path("reference")), "{size}");
    }
}
