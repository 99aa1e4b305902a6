//! A crate outside the workspace that depends on Sagebrush by one line trains, opens, recommends and evaluates.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The profile of the workspace, so that what is built already serves.
fn profiles() -> String {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let manifest: toml::Table = manifest.parse().unwrap();
    let mut profile = manifest["profile"].clone();
    // Our own crates are built anew for a crate outside: without optimization that is quick.
    for name in ["sagebrush", "sagebrush-model"] {
        let quick = "opt-level = 0\ndebug = false"
            .parse::<toml::Table>()
            .unwrap();
        let packages = profile["dev"]["package"].as_table_mut().unwrap();
        packages.insert(name.to_owned(), quick.into());
    }
    let mut profiles = toml::Table::new();
    profiles.insert("profile".to_owned(), profile);
    profiles.to_string()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The folder cargo builds into, from where this test lies: `TARGET/debug/deps/library-HASH`.
fn target() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.ancestors().nth(3).unwrap().to_owned()
}

#[test]
fn a_crate_with_one_dependency_line_does_it_all() {
    let folder = tempfile::tempdir().unwrap();
    let manifest = format!(
        "[package]\nname = \"outside\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\n\
         sagebrush = {{ path = {:?} }}\n\n{}",
        root(),
        profiles()
    );
    fs::write(folder.path().join("Cargo.toml"), manifest).unwrap();
    fs::copy(root().join("Cargo.lock"), folder.path().join("Cargo.lock")).unwrap();
    fs::create_dir(folder.path().join("src")).unwrap();
    let program = include_str!("outside_program.rs.txt");
    fs::write(folder.path().join("src/main.rs"), program).unwrap();
    let output = Command::new(env!("CARGO"))
        .args(["run", "--offline", "--quiet"])
        .env("CARGO_TARGET_DIR", target())
        .current_dir(folder.path())
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let printed = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<&str> = printed.lines().collect();
    // Of 300 interactions the last fifth is for testing, and a tenth of the rest for validation.
    assert_eq!(lines[0], "trained on 216 interactions");
    assert!(lines[1].starts_with("recall@5 of mf: 0."), "{printed}");
    assert_eq!(lines[2], "3 items for u7");
    assert_eq!(lines[3], "unknown user: BadData");
}
