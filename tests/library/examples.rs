//! Each example runs to its end and prints what it promises.

use std::path::PathBuf;
use std::process::Command;

/// `cargo test` builds the examples beside the tests: `TARGET/debug/examples/NAME`.
fn example(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.ancestors().nth(2).unwrap().join("examples").join(name)
}

fn printed_by(name: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(example(name))
        .current_dir(folder.path())
        .output()
        .unwrap_or_else(|error| panic!("{name}: {error}; build it with `cargo build --examples`"));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn train_and_recommend() {
    let printed = printed_by("train_and_recommend");
    assert!(printed.contains("recall@20"), "{printed}");
    assert_eq!(printed.matches("  1. ").count(), 1, "{printed}");
}

#[test]
fn a_new_user() {
    let printed = printed_by("a_new_user");
    assert!(printed.contains("left out: "), "{printed}");
    assert_eq!(printed.matches("  1. ").count(), 1, "{printed}");
}

#[test]
fn from_a_database() {
    let printed = printed_by("from_a_database");
    assert!(printed.contains("2000 interactions"), "{printed}");
}
