//! What the library brings along without the program.

use std::process::Command;

fn tree(features: &[&str]) -> String {
    let arguments = [
        "tree",
        "--offline",
        "--locked",
        "-e",
        "normal",
        "--prefix",
        "none",
    ];
    let output = Command::new(env!("CARGO"))
        .args(arguments)
        .args(features)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn without_the_program_there_is_nothing_of_a_terminal() {
    let of_terminals = [
        "clap",
        "indicatif",
        "comfy-table",
        "plotters",
        "mimalloc",
        "tracing-subscriber",
    ];
    let names = |tree: &str| -> Vec<String> {
        let name = |line: &str| line.split(' ').next().unwrap_or_default().to_owned();
        tree.lines().map(name).collect()
    };
    let library = names(&tree(&["--no-default-features", "--features", "train"]));
    let program = names(&tree(&[]));
    for absent in of_terminals {
        assert!(!library.iter().any(|name| name == absent), "{absent}");
        assert!(program.iter().any(|name| name == absent), "{absent}");
    }
}

#[test]
fn without_the_train_feature_there_is_no_autodiff_and_no_optimizer() {
    let inference = tree(&["--no-default-features"]);
    let training = tree(&["--no-default-features", "--features", "train"]);
    for name in ["burn-autodiff", "burn-optim"] {
        assert!(!inference.contains(name), "{name}");
        assert!(training.contains(name), "{name}");
    }
}

#[test]
fn the_default_build_has_no_gpu_stack() {
    let default = tree(&[]);
    assert!(!default.contains("burn-wgpu") && !default.contains("burn-ndarray"));
}
