//! A run knows where its files are: it resumes from any folder, whatever the paths that it was given.

use std::fs;
use std::path::Path;
use std::process::Output;

use crate::data::{Workspace, log_csv, sagebrush};

fn run_in(folder: &Path, arguments: &[&str]) -> Output {
    sagebrush(folder).args(arguments).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn succeed_in(folder: &Path, arguments: &[&str]) -> String {
    let output = run_in(folder, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", said(&output));
    said(&output)
}

/// Folders `a`, with the files, and `b`, with nothing.
fn folders() -> (Workspace, [std::path::PathBuf; 2]) {
    let work = Workspace::new();
    let folders = ["a", "b"].map(|name| work.path(name));
    for folder in &folders {
        fs::create_dir(folder).unwrap();
    }
    fs::rename(work.path("log.csv"), folders[0].join("log.csv")).unwrap();
    (work, folders)
}

const SMALL: [&str; 10] = [
    "--model",
    "mf",
    "--dim",
    "4",
    "--epochs",
    "3",
    "--batch-size",
    "256",
    "-q",
    "--out",
];

/// Takes back the end of a training, from its second epoch on.
fn unfinish(run: &Path) {
    for name in [
        "MANIFEST.json",
        "model.safetensors",
        "checkpoint/epoch-000003.safetensors",
    ] {
        fs::remove_file(run.join(name)).unwrap();
    }
}

#[test]
fn a_training_resumes_from_another_folder() {
    let (_work, [a, b]) = folders();
    succeed_in(
        &a,
        &[&["train", "log.csv"][..], &SMALL, &["../b/run"]].concat(),
    );
    let run = b.join("run");
    let read = |name: &str| fs::read(run.join(name)).unwrap();
    let files = [
        "model.safetensors",
        "config.toml",
        "data.json",
        "began.json",
    ];
    let before = files.map(read);
    unfinish(&run);
    succeed_in(&b, &["train", "--resume", "run"]);
    assert!(before == files.map(read), "to the same bytes");
    let config = fs::read_to_string(run.join("config.toml")).unwrap();
    assert!(config.contains("train = [\"log.csv\"]"), "{config}");

    // A file of that name that is another one is passed over.
    unfinish(&run);
    fs::write(b.join("log.csv"), "user_id,item_id\n1,2\n").unwrap();
    succeed_in(&b, &["train", "--resume", "run"]);
    assert!(before == files.map(read), "to the same bytes");

    // Where both are others, the one that is here is named.
    unfinish(&run);
    fs::write(a.join("log.csv"), "user_id,item_id\n1,2\n").unwrap();
    let refused = run_in(&b, &["train", "--resume", "run"]);
    assert_eq!(refused.status.code(), Some(65));
    assert!(said(&refused).contains("log.csv is not the file this run began with"));
    fs::remove_file(a.join("log.csv")).unwrap();
    fs::remove_file(b.join("log.csv")).unwrap();
    let refused = run_in(&b, &["train", "--resume", "run"]);
    let message = said(&refused);
    assert_eq!(refused.status.code(), Some(66));
    let places = format!(
        "neither here nor in {}, where run was begun: log.csv",
        a.display()
    );
    assert!(message.contains(&places), "{message}");
    assert_eq!(message.matches("os error").count(), 1, "{message}");

    // A run of before did not record the folder.
    let began = fs::read_to_string(run.join("began.json")).unwrap();
    let mut began: serde_json::Value = serde_json::from_str(&began).unwrap();
    assert!(began.as_object_mut().unwrap().remove("folder").is_some());
    fs::write(run.join("began.json"), began.to_string()).unwrap();
    let refused = run_in(&b, &["train", "--resume", "run"]);
    let message = said(&refused);
    assert_eq!(refused.status.code(), Some(66));
    assert!(message.contains("the folder it was begun in"), "{message}");
}

#[test]
fn test_files_item_files_and_vectors_are_found_again() {
    let (_work, [a, b]) = folders();
    let data = a.join("data");
    fs::create_dir(&data).unwrap();
    let log = log_csv();
    let (header, rows) = log.split_once('\n').unwrap();
    let (mut train, mut test) = (format!("{header}\n"), format!("{header}\n"));
    for (at, row) in rows.lines().enumerate() {
        let part = if at % 6 == 0 { &mut test } else { &mut train };
        part.push_str(&format!("{row}\n"));
    }
    fs::write(data.join("train.csv"), train).unwrap();
    fs::write(data.join("test.csv"), test).unwrap();
    let items: String = (0..60)
        .map(|item| format!("{item},Item {item},g{}\n", item / 15))
        .collect();
    fs::write(
        data.join("items.csv"),
        format!("item_id,title,genre\n{items}"),
    )
    .unwrap();
    // As NumPy 1.26 writes 60 rows of two floats.
    let mut npy = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
    let head = "{'descr': '<f4', 'fortran_order': False, 'shape': (60, 2), }";
    npy.extend(format!("{head:<117}\n").as_bytes());
    for item in 0..60u8 {
        npy.extend(f32::from(item / 15).to_le_bytes());
        npy.extend(1f32.to_le_bytes());
    }
    fs::write(data.join("vectors.npy"), npy).unwrap();
    let work = a.join("work");
    fs::create_dir(&work).unwrap();
    let arguments = [
        "train",
        "../data/train.csv",
        "--test",
        "../data/test.csv",
        "--items",
        "../data/items.csv",
        "--model",
        "pinsage",
        "--epochs",
        "2",
        "--dim",
        "4",
        "--batch-size",
        "256",
        "--set",
        "pinsage.hidden=8",
        "--set",
        "features.vectors=[\"../data/vectors.npy\"]",
        "--set",
        "features.categories=[\"genre\"]",
        "--out",
        "../../b/run",
        "-q",
    ];
    succeed_in(&work, &arguments);
    let run = b.join("run");
    let read = |name: &str| fs::read(run.join(name)).unwrap();
    let files = [
        "model.safetensors",
        "encoder.safetensors",
        "data.json",
        "config.toml",
    ];
    let before = files.map(read);
    for name in [
        "MANIFEST.json",
        "model.safetensors",
        "checkpoint/epoch-000002.safetensors",
    ] {
        fs::remove_file(run.join(name)).unwrap();
    }
    succeed_in(&b, &["train", "--resume", "run"]);
    for (name, before) in files.iter().zip(&before) {
        assert!(read(name) == *before, "{name} is the same");
    }
}

#[test]
fn searches_and_ablations_resume_from_another_folder() {
    let (_work, [a, b]) = folders();
    let filter = [
        "log.csv",
        "--model",
        "gf-cf",
        "--set",
        "filter.vectors=4",
        "-q",
    ];
    let tune = [
        "--out",
        "../b/search",
        "--trials",
        "1",
        "--vary",
        "filter.vectors=2,4",
    ];
    succeed_in(&a, &[&["tune"][..], &filter, &tune].concat());
    succeed_in(&b, &["tune", "--resume", "search", "--trials", "2", "-q"]);
    let trials = fs::read_to_string(b.join("search/trials.jsonl")).unwrap();
    assert_eq!(trials.lines().count(), 2, "{trials}");

    let variants = [
        "--variant",
        "two: filter.vectors=2",
        "--variant",
        "four: filter.vectors=4",
    ];
    succeed_in(
        &a,
        &[
            &["ablate"][..],
            &filter,
            &variants,
            &["--out", "../b/parts"],
        ]
        .concat(),
    );
    fs::remove_file(b.join("parts/four-42/MANIFEST.json")).unwrap();
    let there = [
        "../a/log.csv",
        "--model",
        "gf-cf",
        "--set",
        "filter.vectors=4",
    ];
    let again = [&["ablate"][..], &there, &variants, &["--out", "parts"]].concat();
    let message = succeed_in(&b, &again);
    assert_eq!(message.matches("trained before").count(), 2, "{message}");
}
