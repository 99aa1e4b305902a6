//! Whether this tree is slower than another commit: `sagebrush bench` of both, in turn, on this machine.
//!
//! `cargo bench --bench compare -- HEAD~1` builds that commit in a work tree of its own and prints for
//! each figure the median of the ratios of paired runs and their spread. It ends with an error when a
//! figure is slower by more than a twentieth and its whole spread says so.
#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use serde_json::Value;

/// Pairs of runs; the order within a pair alternates.
const PAIRS: usize = 5;
/// Slower by more than this is slower.
const TOLERANCE: f64 = 1.05;

/// Where a figure stands in the report, and whether less is better.
const FIGURES: [(&str, bool); 4] = [
    ("/propagation/milliseconds", true),
    ("/step_milliseconds", true),
    ("/ranking/users_per_second", false),
    ("/triples_per_second", false),
];
/// Figures of the machine alone: where they are apart, it was not the same machine twice.
const CONTROLS: [(&str, bool); 2] = [
    ("/memory_bytes_per_second", false),
    ("/float_operations_per_second", false),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| a != "--bench")
        .collect();
    let [revision] = &arguments[..] else {
        println!(
            "skipped: name the commit to compare with, as in `cargo bench --bench compare -- HEAD~1`"
        );
        return ExitCode::SUCCESS;
    };
    let folder = target().join("compare");
    std::fs::create_dir_all(&folder).unwrap();
    let new = keep(
        Path::new(env!("CARGO_BIN_EXE_sagebrush")),
        &folder.join("new"),
    );
    let old = build(revision, &folder);
    let mut pairs = Vec::new();
    for pair in 0..PAIRS {
        println!("pair {} of {PAIRS}", pair + 1);
        pairs.push(match pair % 2 {
            0 => {
                let before = run(&old);
                (before, run(&new))
            }
            _ => {
                let after = run(&new);
                (run(&old), after)
            }
        });
    }
    println!(
        "figure | {revision} | this tree | time, this tree over {revision}: median | least | most"
    );
    for control in CONTROLS {
        print_figure(&pairs, control);
    }
    let slower = FIGURES.map(|figure| print_figure(&pairs, figure));
    match slower.contains(&true) {
        true => {
            println!("this tree is slower; run it again on an idle machine before believing it");
            ExitCode::FAILURE
        }
        false => ExitCode::SUCCESS,
    }
}

/// The program of a commit, built in the target directory of this benchmark: what it depends on is
/// there already.
fn build(revision: &str, folder: &Path) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let tree = folder.join("tree");
    let git = |arguments: &[&str]| {
        let status = Command::new("git")
            .current_dir(root)
            .args(arguments)
            .status();
        status.unwrap().success()
    };
    let path = tree.to_str().unwrap();
    if tree.exists() {
        git(&["worktree", "remove", "--force", path]);
    }
    let made = git(&["worktree", "add", "--detach", path, revision]);
    assert!(made, "`{revision}` is not a commit of this repository");
    let built = Command::new(env!("CARGO"))
        .current_dir(&tree)
        .env("CARGO_TARGET_DIR", target())
        .args(["build", "--release", "--workspace"])
        .status();
    git(&["worktree", "remove", "--force", path]);
    assert!(built.unwrap().success(), "{revision} does not build");
    keep(&target().join("release/sagebrush"), &folder.join("old"))
}

/// The target directory that this benchmark was built in.
fn target() -> PathBuf {
    let program = Path::new(env!("CARGO_BIN_EXE_sagebrush"));
    program.ancestors().nth(2).unwrap().to_owned()
}

/// A copy of a program that the next build does not write over.
fn keep(program: &Path, copy: &Path) -> PathBuf {
    std::fs::copy(program, copy).unwrap();
    copy.to_owned()
}

fn run(program: &Path) -> Value {
    let output = Command::new(program)
        .args(["bench", "--json", "--quiet"])
        .output()
        .unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {error}", program.display());
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Prints a figure and says whether it is slower.
fn print_figure(pairs: &[(Value, Value)], (pointer, less_is_better): (&str, bool)) -> bool {
    let read = |report: &Value| report.pointer(pointer).and_then(Value::as_f64).unwrap();
    let values = pairs.iter().map(|(old, new)| (read(old), read(new)));
    let (mut old, mut new): (Vec<f64>, Vec<f64>) = values.unzip();
    let ratio = |(old, new): (&f64, &f64)| if less_is_better { new / old } else { old / new };
    let mut ratios: Vec<f64> = old.iter().zip(&new).map(ratio).collect();
    for list in [&mut old, &mut new, &mut ratios] {
        list.sort_by(f64::total_cmp);
    }
    let middle = pairs.len() / 2;
    let (least, most) = (ratios[0], ratios[ratios.len() - 1]);
    println!(
        "{pointer} | {:.4e} | {:.4e} | {:.3} | {least:.3} | {most:.3}",
        old[middle], new[middle], ratios[middle]
    );
    least > TOLERANCE
}
