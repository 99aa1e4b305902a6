//! The refit: trained again on training and validation together, for the epochs that the validation part chose.

use std::collections::HashMap;
use std::f64::consts::PI;

use sagebrush::data::ItemLists;
use sagebrush::run::{EpochRecord, RunDir};
use serde_json::Value;

use crate::data::Workspace;

/// Arguments that train a small model on `log`, with ids by key, whatever is held out.
fn train<'a>(model: &'a str, log: &'a str, out: &'a str) -> Vec<&'a str> {
    let mut arguments = vec!["train", log, "--out", out, "--model", model];
    arguments.extend(["--set", "data.order=key", "--set", "prior.use=off", "-q"]);
    match model {
        "gf-cf" => arguments.extend(["--set", "filter.vectors=8"]),
        _ => arguments.extend(["--dim", "4", "--batch-size", "256"]),
    }
    arguments
}

/// The pairs of some lists of a run, as the keys of the log.
fn keys(run: &RunDir, lists: &ItemLists) -> Vec<(String, String)> {
    let (users, items) = (run.users().unwrap(), run.items().unwrap());
    let key = |(user, item)| (users.key(user).to_owned(), items.key(item).to_owned());
    lists.pairs().map(key).collect()
}

/// Writes `both.csv` and `test.csv`: the rows that the run in `run` trained and validated on, and those of its test part.
fn write_parts(work: &Workspace) {
    let run = RunDir::open(work.path("run")).unwrap();
    let (n_users, n_items) = (run.users().unwrap().len(), run.items().unwrap().len());
    let test = keys(&run, &run.test(n_users, n_items).unwrap());
    let log = String::from_utf8(work.read("log.csv")).unwrap();
    let (header, rows) = log.split_once('\n').unwrap();
    let is_test = |row: &&str| {
        let mut fields = row.split(',').map(str::to_owned);
        let pair = (fields.next().unwrap(), fields.next().unwrap());
        test.contains(&pair)
    };
    let (test, both): (Vec<&str>, Vec<&str>) = rows.lines().partition(is_test);
    for (name, rows) in [("both.csv", both), ("test.csv", test)] {
        work.write(name, format!("{header}\n{}\n", rows.join("\n")).as_bytes());
    }
}

/// What `evaluate` says of a run.
fn evaluate(work: &Workspace, run: &str) -> Value {
    work.json(&["evaluate", "--run", run, "-k", "5", "-q"])
}

/// A refit is what a training on both parts is that knows the number of epochs before: in its tables, its figures, those
/// of the baselines beside it, and its lists.
#[test]
fn a_refit_is_a_training_on_both_parts() {
    let work = Workspace::new();
    let tables = HashMap::from([
        (
            "mf",
            &[
                "model.safetensors",
                "embeddings.safetensors",
                "fold_in.safetensors",
            ][..],
        ),
        ("lightgcn", &["model.safetensors", "embeddings.safetensors"]),
        ("gf-cf", &["filter.safetensors"]),
    ]);
    for model in ["mf", "lightgcn", "gf-cf"] {
        let mut refitted = train(model, "log.csv", "run");
        refitted.push("--overwrite");
        let mut whole = train(model, "both.csv", "whole");
        whole.extend(["--test", "test.csv", "--set", "split.validation_fraction=0"]);
        let told = match model {
            "gf-cf" => work.json(&refitted),
            _ => work.json(&[&refitted[..], &["--epochs", "3"]].concat()),
        };
        write_parts(&work);
        let epochs = told["best_epoch"].to_string();
        if model != "gf-cf" {
            whole.extend(["--epochs", &epochs]);
        }
        whole.push("--overwrite");
        work.succeed(&whole);
        for &name in tables[model] {
            let (a, b) = (
                work.read(&format!("run/{name}")),
                work.read(&format!("whole/{name}")),
            );
            assert!(a == b, "{model}: {name}");
        }
        assert_eq!(told["refit"]["on"], "training-and-validation");
        let data: Value = serde_json::from_slice(&work.read("whole/data.json")).unwrap();
        assert_eq!(told["refit"]["interactions"], data["split"]["n_train"]);
        assert_eq!(told["refit"]["epochs"], told["best_epoch"]);
        let (a, b) = (evaluate(&work, "run"), evaluate(&work, "whole"));
        for member in ["fingerprint", "n_cold_users"] {
            assert_eq!(a[member], b[member], "{model}: {member}");
        }
        // A half-life of recent popularity can be chosen only where there is a validation part.
        let but_recent = |of: &Value, member: &str, name: &str| -> Vec<Value> {
            let all = of[member].as_array().unwrap().iter();
            all.filter(|one| one[name] != "recent-popularity")
                .cloned()
                .collect()
        };
        for (member, name) in [("systems", "name"), ("paired", "baseline")] {
            let of = |of| but_recent(of, member, name);
            assert_eq!(of(&a), of(&b), "{model}: {member}");
        }
        for (run, out) in [("run", "a.csv"), ("whole", "b.csv")] {
            work.succeed(&[
                "recommend",
                "--run",
                run,
                "--all",
                "-k",
                "5",
                "--out",
                out,
                "-q",
            ]);
        }
        assert!(work.read("a.csv") == work.read("b.csv"), "{model}");
        let history = ["--history", "1,2,3", "-k", "3", "-q"];
        let of = |run: &str| work.succeed(&[&["recommend", "--run", run][..], &history].concat());
        assert_eq!(of("run").stdout, of("whole").stdout, "{model}");
    }
}

fn epochs(work: &Workspace, run: &str) -> Vec<EpochRecord> {
    RunDir::open(work.path(run)).unwrap().metrics().unwrap()
}

/// The learning rate of an epoch is the one that was in force when epochs were chosen, though the refit is shorter.
#[test]
fn the_schedule_of_the_refit_is_that_of_the_first_training() {
    let work = Workspace::new();
    let mut arguments = train("mf", "log.csv", "run");
    // So fast that the best epoch is not the last.
    arguments.extend([
        "--epochs",
        "16",
        "--learning-rate",
        "1.0",
        "--set",
        "training.schedule=cosine",
        "--set",
        "training.patience=0",
    ]);
    let told = work.json(&arguments);
    let records = epochs(&work, "run");
    let (refit, first): (Vec<_>, Vec<_>) = records.into_iter().partition(|record| record.refit);
    assert_eq!(first.len(), 16);
    assert_eq!(refit.len() as u64, told["best_epoch"].as_u64().unwrap());
    assert!(
        refit.len() < 16,
        "the best epoch is the last: nothing is shorter"
    );
    for (record, at) in refit.iter().zip(1u32..) {
        assert_eq!(record.epoch, at);
        assert!(record.validation.is_empty() && !record.is_best);
        let steps = record.samples.div_ceil(256) as f64;
        let done = f64::from(at) - 1.0 / steps;
        let expected = 0.5 * (1.0 + (PI * done / 16.0).cos());
        assert!(
            (record.learning_rate - expected).abs() < 1e-12,
            "{record:?}"
        );
    }
    let html = |run: &str| String::from_utf8(work.read(&format!("{run}/report.html"))).unwrap();
    work.succeed(&["evaluate", "--run", "run", "-q"]);
    let page = html("run");
    assert!(page.contains("loss of the refit") && page.contains("trained again on"));
}

#[test]
fn without_the_refit_the_model_of_the_training_part_is_kept() {
    let work = Workspace::new();
    let arguments = train("mf", "log.csv", "run");
    let told = work.json(&[&arguments[..], &["--epochs", "2", "--no-refit"]].concat());
    assert!(told["refit"].is_null());
    assert!(epochs(&work, "run").iter().all(|record| !record.refit));
    let data: Value = serde_json::from_slice(&work.read("run/data.json")).unwrap();
    assert!(data.get("refit").is_none());
    let settings = String::from_utf8(work.read("run/config.toml")).unwrap();
    assert!(settings.contains("refit = false"), "{settings}");
    let card = String::from_utf8(work.read("run/README.md")).unwrap();
    assert!(!card.contains("trained again on"));
}

/// An item of the validation part is a warm one after the refit; the test part ranks those that are new still.
#[test]
fn a_cold_start_split_ranks_items_that_the_refit_has_not_seen() {
    let work = Workspace::new();
    let mut arguments = train("mf", "log.csv", "run");
    arguments.extend(["--epochs", "1", "--split", "cold-start-item"]);
    work.succeed(&arguments);
    let run = RunDir::open(work.path("run")).unwrap();
    let (n_users, n_items) = (run.users().unwrap().len(), run.items().unwrap().len());
    let lists = run.interactions(n_users, n_items).unwrap();
    let count = |lists: &ItemLists| {
        let counts = lists.counts_by_item(n_items);
        counts.iter().filter(|&&count| count > 0).count()
    };
    let test = run.test(n_users, n_items).unwrap();
    assert!(count(&lists.validation) > 0);
    let evaluation = evaluate(&work, "run");
    assert_eq!(evaluation["n_new_items"], count(&test));
}
