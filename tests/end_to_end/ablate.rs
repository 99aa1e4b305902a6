//! An ablation: variants on the same users, the test part shut unless it is asked for, and nothing trained twice.

use serde_json::Value;

use crate::data::{Workspace, mean};

/// Options of a quick model after those given.
fn ablate<'a>(options: &[&'a str]) -> Vec<&'a str> {
    let quick = [
        "ablate",
        "log.csv",
        "--model",
        "lightgcn",
        "--dim",
        "8",
        "--epochs",
        "3",
        "--batch-size",
        "256",
    ];
    [&quick, options].concat()
}

fn variants(found: &Value) -> Vec<&str> {
    let variants = found["variants"].as_array().unwrap().iter();
    variants
        .map(|variant| variant["name"].as_str().unwrap())
        .collect()
}

#[test]
fn groups_of_features_are_tried_alone_with_the_test_part_shut() {
    let work = Workspace::new();
    let words = ["red planet", "blue ocean", "green forest", "white desert"];
    let rows = (0..60).map(|item| format!("{item},{},{}\n", words[item / 15], item % 2));
    let items: String = std::iter::once("item_id,title,side\n".to_owned())
        .chain(rows)
        .collect();
    work.write("items.csv", items.as_bytes());
    let arguments = [
        "ablate",
        "log.csv",
        "--items",
        "items.csv",
        "--model",
        "pinsage",
        "--split",
        "cold-start-item",
        "--dim",
        "8",
        "--epochs",
        "2",
        "--set",
        "pinsage.hidden=16",
        "--set",
        "features.categories=[\"side\"]",
        "--set",
        "features.hash_buckets=64",
        "--set",
        "training.metric=recall@3",
        "--set",
        "evaluation.ks=[3]",
        "--out",
        "out",
    ];
    let found = work.json(&arguments);
    let expected = ["all features", "text alone", "categories alone"];
    assert_eq!(variants(&found), expected);
    assert_eq!(found["part"], "validation");
    let recall = |at: usize| {
        let metrics = &found["variants"][at]["runs"][0]["metrics"];
        metrics["recall@3"]["mean"].as_f64().unwrap()
    };
    // Words tell the groups of users apart, sides do not.
    assert!(recall(1) > recall(2), "{found}");
    let against = &found["variants"][2]["runs"][0]["differences"];
    let of_recall = against
        .as_array()
        .unwrap()
        .iter()
        .find(|d| d["metric"] == "recall@3")
        .unwrap();
    let difference = of_recall["difference"].as_f64().unwrap();
    assert!((difference - (recall(2) - recall(0))).abs() < 1e-12);
    for folder in ["all-features-42", "text-alone-42", "categories-alone-42"] {
        assert!(!work.path(&format!("out/{folder}/evaluation.json")).exists());
    }
    let kept: Value = serde_json::from_slice(&work.read("out/ablation.json")).unwrap();
    assert_eq!(kept, found);
}

#[test]
fn what_is_finished_is_not_trained_again_and_what_was_stopped_goes_on() {
    let work = Workspace::new();
    let arguments = ablate(&["--variant", "shallow: model.layers=1", "--out", "out"]);
    let said = work.succeed(&arguments);
    let text = String::from_utf8_lossy(&said.stdout).into_owned();
    assert!(text.contains("variant\tndcg@20\trecall@20"), "{text}");
    assert!(text.contains("shallow: "), "{text}");
    let first = work.read("out/ablation.json");
    // As a kill after the second epoch would leave it.
    std::fs::remove_file(work.path("out/shallow-42/MANIFEST.json")).unwrap();
    std::fs::remove_file(work.path("out/shallow-42/checkpoint/epoch-000003.safetensors")).unwrap();
    let again = work.succeed(&arguments);
    let said = String::from_utf8_lossy(&again.stderr).into_owned();
    assert_eq!(said.matches("trained before").count(), 1, "{said}");
    assert_eq!(work.read("out/ablation.json"), first);
    let other = [&arguments[..], &["--set", "training.epochs=4"]].concat();
    work.refused(&other, 2, "as-set-42 is a run with other settings");
    // A log that changes between two trainings is no log to compare on.
    work.write(
        "log.csv",
        &[&work.read("log.csv")[..], b"user-1,2,5,1600000000\n"].concat(),
    );
    std::fs::remove_dir_all(work.path("out/shallow-42")).unwrap();
    work.refused(
        &arguments,
        65,
        "log.csv is not the file this run began with",
    );
}

#[test]
fn the_test_part_is_opened_once_a_run_where_it_is_asked_for() {
    let work = Workspace::new();
    let arguments = ablate(&[
        "--variant",
        "shallow: model.layers=1",
        "--seeds",
        "2",
        "--open-test",
        "--out",
        "out",
    ]);
    let found = work.json(&arguments);
    assert_eq!(work.json(&arguments), found);
    assert_eq!(found["part"], "test");
    for (at, folder) in ["as-set", "shallow"].iter().enumerate() {
        for (run, seed) in [42, 43].iter().enumerate() {
            let path = format!("out/{folder}-{seed}/evaluation.json");
            let evaluation: Value = serde_json::from_slice(&work.read(&path)).unwrap();
            let openings = work.read(&format!("out/{folder}-{seed}/openings.jsonl"));
            assert_eq!(String::from_utf8(openings).unwrap().lines().count(), 1);
            let run = &found["variants"][at]["runs"][run];
            assert_eq!(run["seed"], *seed);
            let told = &run["metrics"]["recall@20"]["mean"];
            assert_eq!(*told, mean(&evaluation, "lightgcn", "recall@20"));
        }
    }
}

#[test]
fn what_cannot_be_compared_is_refused_before_anything_is_trained() {
    let work = Workspace::new();
    for (options, expected) in [
        (
            &["--variant", "a: split.test_fraction=0.3"][..],
            "changes the data or the split",
        ),
        (&["--variant", "a: model.lyers=1"], "the variant `a`"),
        (&[], "lightgcn reads no features of items"),
        (
            &[
                "--variant",
                "a: model.dim=4",
                "--set",
                "split.validation_fraction=0",
            ],
            "there is no validation part",
        ),
    ] {
        let arguments = ablate(&[options, &["--out", "out"]].concat());
        work.refused(&arguments, 2, expected);
        assert!(!work.path("out").exists());
    }
}
