//! All commands end to end, one after another.

use crate::data::{Workspace, quick};

fn openings(work: &Workspace) -> usize {
    let recorded = String::from_utf8(work.read("run/openings.jsonl")).unwrap();
    recorded.lines().count()
}

#[test]
fn from_a_log_to_recommendations() {
    let work = Workspace::new();
    let inspection = work.json(&["inspect", "log.csv"]);
    assert_eq!(inspection["users"], 120);

    work.succeed(&quick("log.csv", "run"));
    for file in [
        "config.toml",
        "model.safetensors",
        "embeddings.safetensors",
        "users.json",
        "items.json",
        "data.json",
        "metrics.jsonl",
        "MANIFEST.json",
        "README.md",
    ] {
        assert!(
            work.path("run").join(file).exists(),
            "{file} is in the run directory"
        );
    }
    assert!(
        !work.path("run/evaluation.json").exists(),
        "training does not open the test set"
    );

    // An evaluation that comes to no end has opened the test set all the same.
    std::fs::create_dir(work.path("run/evaluation.json")).unwrap();
    let nowhere = ["evaluate", "--run", "run"];
    work.sagebrush(&nowhere).assert().failure();
    std::fs::remove_dir(work.path("run/evaluation.json")).unwrap();
    assert_eq!(openings(&work), 1);
    let compare = ["compare", "run", "run"];
    let failed = work.sagebrush(&compare).assert().failure();
    failed.stderr(predicates::str::contains("run is not evaluated"));

    let evaluation = work.json(&["evaluate", "--run", "run", "--trec", "trec"]);
    let names: Vec<&str> = evaluation["systems"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| s["name"].as_str().unwrap())
        .collect();
    assert!(
        names.contains(&"lightgcn") && names.contains(&"popularity") && names.contains(&"item-knn")
    );
    assert_eq!(openings(&work), 2);
    for file in [
        "run/evaluation.json",
        "run/report.html",
        "trec/run.txt",
        "trec/qrels.txt",
    ] {
        assert!(work.path(file).exists(), "{file} was written");
    }

    std::fs::remove_file(work.path("log.csv")).unwrap();
    let one = work.json(&["recommend", "--run", "run", "--user", "user-3", "-k", "5"]);
    let rows = one.as_array().unwrap();
    assert_eq!(rows.len(), 5);
    assert_eq!(
        (&rows[0]["user"], &rows[0]["rank"]),
        (&"user-3".into(), &1.into())
    );

    work.succeed(&[
        "recommend",
        "--run",
        "run",
        "--all",
        "-k",
        "3",
        "--out",
        "all.csv",
        "-q",
    ]);
    let all = String::from_utf8(work.read("all.csv")).unwrap();
    assert!(
        all.starts_with("user,rank,item,score,source\nuser-") && !all.contains("popularity"),
        "{}",
        all.lines().next().unwrap()
    );
    assert_eq!(all.lines().count(), 1 + 120 * 3);

    let similar = work.json(&["similar", "--run", "run", "--item", "3", "-k", "4"]);
    assert_eq!(similar.as_array().unwrap().len(), 4);
}

#[test]
fn runs_are_compared_on_the_same_users() {
    let work = Workspace::new();
    work.succeed(&quick("log.csv", "a"));
    let mut other = quick("log.csv", "b");
    other.extend(["--seed", "9", "--split", "temporal"]);
    work.succeed(&other);
    let unevaluated = work
        .sagebrush(&["compare", "a", "b"])
        .assert()
        .failure()
        .code(66);
    let message = String::from_utf8_lossy(&unevaluated.get_output().stderr).into_owned();
    assert!(message.contains("sagebrush evaluate"), "{message}");
    work.succeed(&["evaluate", "--run", "a", "-q"]);
    work.succeed(&["evaluate", "--run", "b", "-q"]);
    let comparison = work.json(&["compare", "a", "b"]);
    assert!(comparison.to_string().contains("recall@20"));
}

#[test]
fn every_model_trains() {
    let work = Workspace::new();
    for model in [
        "mf",
        "lightgcn",
        "ngcf-lecture",
        "ngcf-paper",
        "ngcf-official",
    ] {
        work.succeed(&[
            "train", "log.csv", "--out", model, "--model", model, "--dim", "8", "--epochs", "2",
            "-q",
        ]);
    }
    for score in ["cosine", "bilinear", "mlp"] {
        let set = format!("score.kind={score}");
        work.succeed(&[
            "train", "log.csv", "--out", score, "--model", "mf", "--dim", "8", "--epochs", "2",
            "--set", &set, "-q",
        ]);
        let rows = work.json(&["recommend", "--run", score, "--user", "user-1", "-k", "2"]);
        assert_eq!(rows.as_array().unwrap().len(), 2);
    }
}

#[test]
fn the_printed_configuration_trains_the_same_model() {
    let work = Workspace::new();
    let mut arguments = quick("log.csv", "a");
    work.succeed(&arguments);
    arguments.push("--print-config");
    let printed = work.succeed(&arguments).stdout;
    work.write("run.toml", &printed);
    work.succeed(&["train", "--config", "run.toml", "--out", "b", "-q"]);
    assert_eq!(
        work.read("a/model.safetensors"),
        work.read("b/model.safetensors")
    );
}
