//! What training takes is forecast, and refused before it begins where a limit says so.

use predicates::prelude::PredicateBooleanExt;

use crate::data::{Workspace, quick};

#[test]
fn a_training_over_the_limit_is_refused_before_anything_is_written() {
    let work = Workspace::new();
    let arguments = [&quick("log.csv", "run")[..], &["--memory-limit", "8MiB"]].concat();
    let output = work.sagebrush(&arguments).assert().failure().code(2);
    let message = String::from_utf8_lossy(&output.get_output().stderr).into_owned();
    for part in [
        "training lightgcn (dim 16, 2 layers) on 120 users, 60 items",
        "MiB, more than the memory limit of 8.0 MiB",
        "--k-core",
    ] {
        assert!(message.contains(part), "{part}: {message}");
    }
    assert!(!work.path("run").exists());
}

#[test]
fn the_limit_is_a_setting_like_any_other() {
    let work = Workspace::new();
    let limited = |value: &str| {
        let mut command = work.sagebrush(&quick("log.csv", "run"));
        command.env("SAGEBRUSH_RUN_MEMORY_LIMIT", value);
        command.assert()
    };
    limited("1MB").failure().code(2);
    let message = predicates::str::contains("SAGEBRUSH_RUN_MEMORY_LIMIT").and(
        predicates::str::contains("must be a size above 0 such as \"4GiB\""),
    );
    limited("4 parsecs").failure().code(2).stderr(message);
    limited("16GiB").success();
    let config = String::from_utf8(work.read("run/config.toml")).unwrap();
    assert!(config.contains("memory_limit = \"16GiB\""), "{config}");
}

#[test]
fn inspect_says_of_every_model_whether_it_fits() {
    let work = Workspace::new();
    let fits = |limit: &str| -> Vec<(String, bool)> {
        let found = work.json(&["inspect", "log.csv", "--memory-limit", limit]);
        let models = found["memory"].as_array().unwrap().iter();
        let name = |model: &serde_json::Value| {
            let optimizer = model["optimizer"].as_str().unwrap_or("fitted");
            format!("{} {optimizer}", model["model"].as_str().unwrap())
        };
        models
            .map(|model| (name(model), model["fits"].as_bool().unwrap()))
            .collect()
    };
    let large = fits("16GiB");
    let names: Vec<&str> = large.iter().map(|(name, _)| name.as_str()).collect();
    let expected = [
        "mf adam",
        "mf lazy-adam",
        "lightgcn adam",
        "ngcf-lecture adam",
        "ngcf-paper adam",
        "ngcf-official adam",
        "item-knn fitted",
        "ease fitted",
        "ials fitted",
    ];
    assert_eq!(names, expected);
    assert!(large.iter().all(|(_, fits)| *fits));
    assert!(fits("1MB").iter().all(|(_, fits)| !fits));
}

/// The forecast of the run's own counts is near the peak. A graph that is small enough for a test is mostly program, whose
/// share differs from machine to machine and from moment to moment: `benches/results` is stricter, on larger ones.
#[test]
fn the_forecast_is_near_the_peak() {
    let work = Workspace::new();
    let size = ["--users", "6000", "--items", "4000", "--edges", "20000"];
    work.succeed(&[&["synth"], &size[..], &["--out", "made.csv", "-q"]].concat());
    let inspection = work.json(&["inspect", "made.csv", "--dim", "64"]);
    for model in inspection["memory"].as_array().unwrap() {
        let (name, optimizer) = (&model["model"], &model["optimizer"]);
        let train = ["train", "made.csv", "--out", "run", "--overwrite", "-q"];
        let train = [&train[..], &["--model", name.as_str().unwrap()]].concat();
        let with_epochs = optimizer.as_str().map(|optimizer| {
            let optimizer = format!("training.optimizer={optimizer}");
            work.json(&[&train[..], &["--epochs", "1", "--set", &optimizer]].concat())
        });
        let trained = with_epochs.unwrap_or_else(|| work.json(&train));
        let Some(peak) = trained["peak_memory_bytes"].as_f64() else {
            eprintln!("skipped: the system does not tell the peak");
            return;
        };
        let forecast = model["total"].as_f64().unwrap();
        let ratio = forecast / peak;
        assert!(
            (0.6..1.4).contains(&ratio),
            "{name} {optimizer}: {forecast} against {peak}"
        );
    }
}
