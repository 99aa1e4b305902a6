//! A published benchmark is compared with on its own files only.

use crate::data::Workspace;

#[test]
fn other_data_are_refused_before_anything_is_trained() {
    let work = Workspace::new();
    work.write("train.txt", b"0 1 2 3\n1 2 3\n");
    work.write("test.txt", b"0 4\n1 1\n");
    let output = work.refused(
        &["reproduce", "gowalla", "--data", ".", "--out", "out"],
        65,
        "train.txt is not the published file (SHA-256",
    );
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(message.contains("nothing is compared"), "{message}");
    assert!(output.stdout.is_empty() && !work.path("out").exists());
}

#[test]
fn missing_files_and_unknown_recipes_have_their_codes() {
    let work = Workspace::new();
    let known = "there are mf, ngcf, lightgcn, lightgcn-64, lightgcn-adaptive, gf-cf, chebycf";
    for (option, value, code, expected) in [
        ("--data", "nowhere", 66, "train.txt"),
        ("--only", "popularty", 2, known),
    ] {
        work.refused(&["reproduce", "gowalla", option, value], code, expected);
    }
}

#[test]
fn recipes_are_listed_with_the_published_numbers() {
    let work = Workspace::new();
    let output = work
        .sagebrush(&["reproduce", "gowalla", "--list"])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success());
    assert!(
        text.contains("lightgcn") && text.contains("0.1830 / 0.1554"),
        "{text}"
    );
}

#[test]
fn a_recipe_trains_on_any_log_and_flags_win_over_it() {
    let work = Workspace::new();
    let arguments = [
        "train",
        "log.csv",
        "--recipe",
        "lightgcn-64",
        "--epochs",
        "2",
        "--out",
        "run",
    ];
    work.succeed(&arguments);
    let config = String::from_utf8(work.read("run/config.toml")).unwrap();
    for line in [
        "kind = \"softmax\"",
        "popularity_power = 1.0",
        "epochs = 2",
        "name = \"lightgcn\"",
    ] {
        assert!(config.contains(line), "{line}");
    }
    work.refused(
        &["train", "log.csv", "--recipe", "lightgcm", "--out", "other"],
        2,
        "there is no recipe `lightgcm`; there are mf, ngcf",
    );
}
