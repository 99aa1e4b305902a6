//! Inference without training is a fact of the build.

use std::process::Command;

fn tree(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--offline",
            "--locked",
            "-e",
            "normal",
            "--prefix",
            "none",
        ])
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn without_the_train_feature_there_is_no_autodiff_and_no_optimizer() {
    let inference = tree(&["--no-default-features"]);
    for absent in ["burn-autodiff", "burn-optim"] {
        assert!(
            !inference.contains(absent),
            "{absent} is in the inference-only build"
        );
    }
    let training = tree(&["--no-default-features", "--features", "train"]);
    for present in ["burn-autodiff", "burn-optim"] {
        assert!(
            training.contains(present),
            "{present} is in the training build"
        );
    }
}

#[test]
fn the_default_build_has_no_gpu_stack() {
    let default = tree(&[]);
    assert!(!default.contains("burn-wgpu") && !default.contains("burn-ndarray"));
}
