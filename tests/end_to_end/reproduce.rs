//! A published benchmark is compared with on its own files only.

use crate::data::Workspace;

#[test]
fn other_data_are_refused_before_anything_is_trained() {
    let work = Workspace::new();
    std::fs::create_dir(work.path("yelp2018")).unwrap();
    work.write("yelp2018/train.txt", b"0 1 2 3\n1 2 3\n");
    work.write("yelp2018/test.txt", b"0 4\n1 1\n");
    // The folder is the one of the benchmark's name where none is given.
    let gowalla = ["reproduce", "gowalla", "--data", "yelp2018", "--out", "out"];
    for (arguments, published) in [
        (&gowalla[..], "published 0f086326"),
        (
            &["reproduce", "yelp2018", "--out", "out"],
            "published 5588ebbc",
        ),
    ] {
        let output = work.refused(
            arguments,
            65,
            "train.txt is not the published file (SHA-256",
        );
        let message = String::from_utf8_lossy(&output.stderr);
        assert!(message.contains("nothing is compared"), "{message}");
        assert!(message.contains(published), "{message}");
        assert!(output.stdout.is_empty() && !work.path("out").exists());
    }
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
    for (benchmark, published, chebycf) in [
        ("gowalla", "0.1830 / 0.1554", "0.1941 / 0.1616"),
        ("yelp2018", "0.0649 / 0.0530", "none found"),
    ] {
        let arguments = ["reproduce", benchmark, "--list"];
        let output = work.sagebrush(&arguments).output().unwrap();
        assert!(output.status.success());
        let text = String::from_utf8_lossy(&output.stdout);
        let line = |name: &str| text.lines().find(|line| line.contains(name)).unwrap();
        assert!(line("lightgcn\t").contains(published), "{text}");
        assert!(line("chebycf\t").contains(chebycf), "{text}");
    }
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
