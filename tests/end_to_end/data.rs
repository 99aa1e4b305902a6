//! Small synthetic logs and the binary under test.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use assert_cmd::Command;
use tempfile::TempDir;

/// 120 users in four groups who mostly like their own group's 15 items, with timestamps.
pub(crate) fn log_csv() -> String {
    let mut csv = String::from("user_id,item_id,rating,timestamp\n");
    let mut state = 7u64;
    let mut next = |n: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % n
    };
    for user in 0..120u64 {
        for _ in 0..12 {
            let group = if next(10) < 9 { user % 4 } else { next(4) };
            let item = group * 15 + next(15);
            let time = 1_600_000_000 + next(10_000_000);
            writeln!(csv, "user-{user},{item},{},{time}", 1 + next(5)).unwrap();
        }
    }
    csv
}

/// A temporary folder with `log.csv` in it.
pub(crate) struct Workspace {
    pub(crate) dir: TempDir,
}

impl Workspace {
    pub(crate) fn new() -> Self {
        let workspace = Self {
            dir: TempDir::new().unwrap(),
        };
        workspace.write("log.csv", log_csv().as_bytes());
        workspace
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.path(name), bytes).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
    }

    /// The program inside the folder, for tests that hold its pipes or end it themselves.
    pub(crate) fn program(&self, arguments: &[&str]) -> std::process::Command {
        let mut program = program(self.dir.path());
        program.args(arguments).stdin(Stdio::null());
        program
    }

    /// The command, run inside the folder.
    pub(crate) fn sagebrush(&self, arguments: &[&str]) -> Command {
        let mut command = sagebrush(self.dir.path());
        command.args(arguments);
        command
    }

    /// Runs the command and asserts success.
    pub(crate) fn succeed(&self, arguments: &[&str]) -> Output {
        self.sagebrush(arguments)
            .assert()
            .success()
            .get_output()
            .clone()
    }

    /// Runs the command and asserts its exit code, and that it says what is `expected` and does not panic.
    pub(crate) fn refused(&self, arguments: &[&str], code: i32, expected: &str) -> Output {
        let output = self.sagebrush(arguments).output().unwrap();
        let message = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{message}");
        assert!(
            message.contains(expected),
            "`{expected}` is missing in: {message}"
        );
        assert!(!message.contains("panicked"), "{message}");
        output
    }

    /// Runs the command with `--json` and parses what it prints.
    pub(crate) fn json(&self, arguments: &[&str]) -> serde_json::Value {
        let output = self.succeed(&[arguments, &["--json"]].concat());
        serde_json::from_slice(&output.stdout).expect("one JSON document on stdout")
    }
}

/// A system's mean of a metric in what `evaluate --json` prints.
pub(crate) fn mean(evaluation: &serde_json::Value, system: &str, metric: &str) -> f64 {
    let systems = evaluation["systems"].as_array().unwrap();
    let found = systems.iter().find(|found| found["name"] == system);
    found.unwrap()["metrics"][metric]["mean"].as_f64().unwrap()
}

fn program(dir: &Path) -> std::process::Command {
    let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_sagebrush"));
    program
        .current_dir(dir)
        .env_remove("RUST_LOG")
        .env("SAGEBRUSH_LEDGER", "off");
    program
}

pub(crate) fn sagebrush(dir: &Path) -> Command {
    let mut command = Command::from_std(program(dir));
    command.timeout(std::time::Duration::from_secs(300));
    command
}

/// Arguments of a small, quick training.
pub(crate) fn quick<'a>(log: &'a str, out: &'a str) -> Vec<&'a str> {
    vec![
        "train",
        log,
        "--out",
        out,
        "--model",
        "lightgcn",
        "--dim",
        "16",
        "--layers",
        "2",
        "--epochs",
        "4",
        "--batch-size",
        "128",
        "-q",
    ]
}
