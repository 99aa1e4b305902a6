//! A training of moments, what it leaves, and how to bring it to its end after a fault.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use sagebrush::run::RunDir;

use crate::data::Workspace;

/// The files whose bytes follow from data and settings alone.
const RESULTS: [&str; 7] = [
    "model.safetensors",
    "embeddings.safetensors",
    "filter.safetensors",
    "users.json",
    "items.json",
    "interactions.safetensors",
    "test.safetensors",
];

/// The result files of a run that are there, by name.
pub(crate) fn results(run: &Path) -> BTreeMap<&'static str, Vec<u8>> {
    let read = |name: &'static str| Some((name, std::fs::read(run.join(name)).ok()?));
    RESULTS.into_iter().filter_map(read).collect()
}

/// Arguments that train a small model into `out`.
pub(crate) fn train<'a>(model: &'a str, out: &'a str) -> Vec<&'a str> {
    let mut arguments = vec!["train", "log.csv", "--out", out, "--model", model, "-q"];
    match model {
        "gf-cf" => arguments.extend(["--set", "filter.vectors=8"]),
        _ => arguments.extend(["--dim", "4", "--epochs", "3", "--batch-size", "256"]),
    }
    arguments
}

/// The program, its output kept, its ledger off.
pub(crate) fn command(work: &Workspace, arguments: &[&str]) -> Command {
    let mut command = work.program(arguments);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// What the program said, for people.
pub(crate) fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Opens a finished run and reads every file of it.
pub(crate) fn assert_whole(run: &Path) {
    let opened = RunDir::open(run).unwrap_or_else(|error| panic!("{error}"));
    opened.verify().unwrap_or_else(|error| panic!("{error}"));
}

/// Brings a training to its end that was stopped anywhere: it is whole, or resumes, or had not begun.
pub(crate) fn bring_to_end(work: &Workspace, run: &str, anew: &[&str]) {
    let path = work.path(run);
    if RunDir::open(&path).is_err() {
        let resumed = command(work, &["train", "--resume", run, "-q"])
            .output()
            .unwrap();
        if !resumed.status.success() {
            let message = said(&resumed);
            // Stopped before its settings were written: nothing was trained yet.
            assert_eq!(resumed.status.code(), Some(66), "{message}");
            assert!(!path.join("config.toml").exists(), "{message}");
            let again = [anew, &["--overwrite"]].concat();
            work.succeed(&again);
        }
    }
    assert_whole(&path);
    let left = std::fs::read_dir(&path).unwrap().map(|entry| {
        let name = entry.unwrap().file_name();
        name.into_string().unwrap()
    });
    let left: Vec<String> = left.filter(|name| name.ends_with(".tmp")).collect();
    assert!(left.is_empty(), "{left:?}");
}

/// Copies a run directory.
pub(crate) fn copy(from: &Path, to: &Path) {
    if to.exists() {
        std::fs::remove_dir_all(to).unwrap();
    }
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let place = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &place),
            false => {
                std::fs::copy(entry.path(), place).unwrap();
            }
        }
    }
}

/// How often the test part of a run was opened.
pub(crate) fn openings(run: &Path) -> usize {
    let opened = RunDir::of_any_state(run).unwrap();
    opened.openings().unwrap().len()
}

/// A file system of its own in memory, where this user may mount one; gone when dropped.
#[cfg(target_os = "linux")]
pub(crate) struct Volume(std::path::PathBuf);

#[cfg(target_os = "linux")]
impl Volume {
    pub(crate) fn mount(work: &Workspace, name: &str, size: &str) -> Option<Self> {
        let path = work.path(name);
        std::fs::create_dir_all(&path).unwrap();
        let options = format!("size={size}");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &options, "none"])
            .arg(&path)
            .output();
        if mounted.is_ok_and(|output| output.status.success()) {
            return Some(Self(path));
        }
        println!("skipped: this user cannot mount a file system");
        None
    }

    pub(crate) fn remount(&self, options: &str) {
        let options = format!("remount,{options}");
        let mounted = Command::new("mount")
            .args(["-o", &options])
            .arg(&self.0)
            .output()
            .unwrap();
        assert!(mounted.status.success(), "{}", said(&mounted));
    }
}

#[cfg(target_os = "linux")]
impl Drop for Volume {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).output();
    }
}
