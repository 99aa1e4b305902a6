//! A training that stops anywhere between its first epoch and the end of its refit resumes to the bytes of one that never
//! stopped.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::data::Workspace;
use crate::small::{assert_whole, copy, results, train};

/// Files that training makes on its way, beside those of [`results`].
const MADE: [&str; 4] = [
    "neighbours.safetensors",
    "item_graph.safetensors",
    "encoder.safetensors",
    "fold_in.safetensors",
];

/// What a run holds in the end, but for what tells how long it took.
fn all_results(run: &Path) -> BTreeMap<&'static str, Vec<u8>> {
    let made = MADE.into_iter();
    let made = made.filter_map(|name| Some((name, fs::read(run.join(name)).ok()?)));
    results(run).into_iter().chain(made).collect()
}

/// Epoch, loss and whether it is the refit's, of each line of `metrics.jsonl`.
fn epochs(run: &Path) -> Vec<(u64, String, bool)> {
    let text = fs::read_to_string(run.join("metrics.jsonl")).unwrap();
    let line = |line: &str| {
        let record: Value = serde_json::from_str(line).unwrap();
        let is_refit = record.get("refit").is_some();
        (
            record["epoch"].as_u64().unwrap(),
            record["loss"].to_string(),
            is_refit,
        )
    };
    text.lines().map(line).collect()
}

/// The newest checkpoint in a folder.
fn newest(folder: &Path) -> std::path::PathBuf {
    let entries = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let is_one = |path: &std::path::PathBuf| path.to_str().unwrap().ends_with(".safetensors");
    entries.filter(is_one).max().unwrap()
}

fn remove_checkpoints(folder: &Path) {
    while fs::read_dir(folder).unwrap().any(|entry| {
        let name = entry.unwrap().file_name();
        name.to_str().unwrap().ends_with(".safetensors")
    }) {
        fs::remove_file(newest(folder)).unwrap();
    }
}

/// Stops a finished run in moments of its past, one after the other, and resumes it each time.
fn survives(work: &Workspace, arguments: &[&str]) {
    work.succeed(arguments);
    let (whole, run) = (work.path("whole"), work.path("run"));
    copy(&run, &whole);
    let (expected, of_epochs) = (all_results(&whole), epochs(&whole));
    assert!(of_epochs.iter().any(|epoch| epoch.2), "it was refitted");
    let outputs = [
        "MANIFEST.json",
        "model.safetensors",
        "embeddings.safetensors",
        "README.md",
    ];
    let first = run.join("checkpoint");
    let refit = first.join("refit");
    let moments: [(&str, &dyn Fn()); 6] = [
        ("the refit is trained, nothing written", &|| {}),
        ("an epoch before the end of the refit", &|| {
            fs::remove_file(newest(&refit)).unwrap()
        }),
        ("before the first epoch of the refit", &|| {
            fs::remove_dir_all(&refit).unwrap()
        }),
        // Its checkpoint is damaged, and those of the refit are there: of epochs that are to be chosen anew.
        ("an epoch before the end of the first training", &|| {
            fs::write(newest(&first), b"half a checkpoint").unwrap();
        }),
        ("before the first epoch, with a refit behind it", &|| {
            remove_checkpoints(&first)
        }),
        ("before the first epoch", &|| {
            remove_checkpoints(&first);
            fs::remove_dir_all(&refit).unwrap();
            for name in MADE {
                let _ = fs::remove_file(run.join(name));
            }
        }),
    ];
    for (moment, stop) in moments {
        copy(&whole, &run);
        for name in outputs {
            fs::remove_file(run.join(name)).unwrap();
        }
        stop();
        work.succeed(&["train", "--resume", "run", "-q"]);
        assert_whole(&run);
        assert!(all_results(&run) == expected, "{moment}");
        assert_eq!(epochs(&run), of_epochs, "{moment}");
    }
}

#[test]
fn a_model_with_hard_negatives_resumes_in_every_phase() {
    let work = Workspace::new();
    let hard = ["--set", "sampling.hard=1", "--set", "sampling.hard_from=2"];
    let more = [
        "--set",
        "sampling.hard_to=20",
        "--set",
        "training.schedule=cosine",
    ];
    survives(&work, &[&train("mf", "run")[..], &hard, &more].concat());
}

#[test]
fn a_model_of_item_features_resumes_in_every_phase() {
    let work = Workspace::new();
    let rows = (0..60).map(|item| format!("{item},film {},genre-{}\n", item % 7, item / 15));
    let items: String = std::iter::once("item_id,title,genres\n".to_owned())
        .chain(rows)
        .collect();
    work.write("items.csv", items.as_bytes());
    let mut arguments = vec![
        "train",
        "log.csv",
        "--items",
        "items.csv",
        "--out",
        "run",
        "-q",
    ];
    arguments.extend([
        "--model",
        "pinsage",
        "--dim",
        "8",
        "--batch-size",
        "256",
        "--epochs",
        "2",
    ]);
    arguments.extend([
        "--split",
        "cold-start-item",
        "--set",
        "features.hash_buckets=32",
    ]);
    arguments.extend(["--set", "features.categories=[\"genres\"]"]);
    survives(&work, &arguments);
}

/// Epochs that are to be chosen anew are not those that the checkpoints of the refit are of.
#[test]
fn more_epochs_give_another_refit() {
    let work = Workspace::new();
    let schedule = ["--set", "training.patience=0"];
    let of = |out: &'static str, epochs: &'static str| {
        let mut arguments = train("mf", out);
        let at = arguments
            .iter()
            .position(|&argument| argument == "--epochs")
            .unwrap();
        arguments[at + 1] = epochs;
        arguments.extend(schedule);
        arguments
    };
    work.succeed(&of("run", "2"));
    work.succeed(&of("longer", "6"));
    let settings = String::from_utf8(work.read("run/config.toml")).unwrap();
    let longer = settings.replace("epochs = 2", "epochs = 6");
    work.write("run/config.toml", longer.as_bytes());
    work.succeed(&["train", "--resume", "run", "-q"]);
    assert!(all_results(&work.path("run")) == all_results(&work.path("longer")));
    assert_eq!(epochs(&work.path("run")), epochs(&work.path("longer")));
}

/// The command that began a run of everything is the one that resumes it, to the same bytes.
#[test]
fn a_refit_on_everything_is_resumed_by_its_own_command() {
    let work = Workspace::new();
    work.succeed(&train("mf", "run"));
    work.succeed(&["evaluate", "--run", "run", "-q"]);
    let refit = ["refit", "--run", "run", "--all", "--out", "served", "-q"];
    work.succeed(&refit);
    let served = work.path("served");
    let (expected, of_epochs) = (all_results(&served), epochs(&served));
    let resume = ["train", "--resume", "served", "-q"];
    work.succeed(&resume);
    assert!(
        work.path("served/evaluation.json").exists(),
        "it stays as it is"
    );
    for n_checkpoints in [1, 0] {
        fs::remove_file(served.join("MANIFEST.json")).unwrap();
        fs::remove_file(served.join("model.safetensors")).unwrap();
        let folder = served.join("checkpoint/refit");
        while fs::read_dir(&folder).unwrap().count() > n_checkpoints {
            fs::remove_file(newest(&folder)).unwrap();
        }
        work.refused(&resume, 2, "`sagebrush refit` began this run");
        work.succeed(&refit);
        assert_whole(&served);
        assert!(all_results(&served) == expected);
        assert_eq!(epochs(&served), of_epochs);
        assert!(work.path("served/evaluation.json").exists());
        assert!(work.path("served/report.html").exists());
    }
    // A run of other settings is none to resume.
    fs::remove_file(served.join("MANIFEST.json")).unwrap();
    let other = ["refit", "--run", "run", "--out", "served", "-q"];
    work.succeed(&[&train("mf", "run")[..], &["--no-refit", "--overwrite"]].concat());
    work.refused(&other, 74, "there is a run already");
    work.succeed(&[&other[..], &["--overwrite"]].concat());
    assert_whole(&served);
}
