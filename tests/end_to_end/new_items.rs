//! Items that come after training: from a row of a file to vectors, to lists, without training again.

use serde_json::Value;

use crate::data::Workspace;

/// A run on synthetic pins, with pictures, and the last items kept out of the log and of its item file.
pub(crate) fn trained() -> Workspace {
    let work = Workspace::new();
    work.succeed(&[
        "synth",
        "--pins",
        "--users",
        "150",
        "--items",
        "200",
        "--edges",
        "3000",
        "--topics",
        "5",
        "--picture-width",
        "8",
        "--out",
        "pins",
    ]);
    let lines = |name: &str| -> Vec<String> {
        let text = String::from_utf8(work.read(&format!("pins/{name}"))).unwrap();
        text.lines().map(str::to_owned).collect()
    };
    let is_new = |item: &str| item.parse::<u32>().is_ok_and(|item| item >= 190);
    let log = lines("log.csv");
    let (new_edges, old_edges): (Vec<_>, Vec<_>) = log[1..]
        .iter()
        .cloned()
        .partition(|line| is_new(line.split(',').nth(1).unwrap()));
    assert!(!new_edges.is_empty());
    let items = lines("items.csv");
    let (new_items, old_items): (Vec<_>, Vec<_>) = items[1..]
        .iter()
        .cloned()
        .partition(|line| is_new(line.split(',').next().unwrap()));
    let pictures = work.read("pins/pictures.npy");
    let header = pictures.len() - 200 * 8 * 4;
    let of_rows = |rows: std::ops::Range<usize>| {
        let text = format!(
            "{{'descr': '<f4', 'fortran_order': False, 'shape': ({}, 8), }}\n",
            rows.len()
        );
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((text.len() as u16).to_le_bytes());
        bytes.extend(text.as_bytes());
        bytes.extend(&pictures[header + rows.start * 32..header + rows.end * 32]);
        bytes
    };
    let write = |name: &str, head: &str, rows: &[String]| {
        work.write(name, format!("{head}\n{}\n", rows.join("\n")).as_bytes());
    };
    write("log.csv", &log[0], &old_edges);
    write("edges.csv", &log[0], &new_edges);
    write("items.csv", &items[0], &old_items);
    write("new.csv", &items[0], &new_items);
    work.write("pictures.npy", &of_rows(0..190));
    work.write("new.npy", &of_rows(190..200));
    work.succeed(&[
        "train",
        "log.csv",
        "--items",
        "items.csv",
        "--model",
        "pinsage",
        "--split",
        "random",
        "--dim",
        "16",
        "--epochs",
        "3",
        "--batch-size",
        "256",
        "--set",
        "features.categories=[\"topic\"]",
        "--set",
        "features.vectors=[\"pictures.npy\"]",
        "--set",
        "features.degree=true",
        "--set",
        "features.hash_buckets=64",
        "--set",
        "sampling.batch_shared=50",
        "--out",
        "run",
    ]);
    work
}

fn vectors(work: &Workspace, name: &str) -> Vec<(String, Vec<f64>)> {
    let text = String::from_utf8(work.read(name)).unwrap();
    text.lines()
        .map(|line| {
            let row: Value = serde_json::from_str(line).unwrap();
            let embedding = row["embedding"].as_array().unwrap().iter();
            let embedding = embedding.map(|value| value.as_f64().unwrap()).collect();
            // A number where every key is a whole number.
            let id = row["id"].as_str().map(str::to_owned);
            (id.unwrap_or_else(|| row["id"].to_string()), embedding)
        })
        .collect()
}

const NEW: [&str; 4] = ["--items", "new.csv", "--vectors", "new.npy"];

#[test]
fn a_row_of_a_file_becomes_a_vector_and_is_found_at_once() {
    let work = trained();
    let embed = |more: &[&str], out: &str| {
        work.succeed(&[&["embed", "--run", "run", "--out", out], &NEW[..], more].concat());
        vectors(&work, out)
    };
    let alone = embed(&[], "alone.jsonl");
    assert_eq!(alone.len(), 10);
    assert!(alone.iter().all(|(_, vector)| {
        let length = vector.iter().map(|x| x * x).sum::<f64>().sqrt();
        vector.len() == 16 && (length - 1.0).abs() < 1e-5
    }));
    // First interactions are what the neighbourhood is made of.
    let with_edges = embed(&["--edges", "edges.csv"], "edges.jsonl");
    let moved = alone.iter().zip(&with_edges).filter(|(a, b)| a != b);
    assert!(moved.count() >= 5);
    // What the items of the log have comes out as it is.
    work.succeed(&[
        "embed",
        "--run",
        "run",
        "--known",
        "items",
        "--out",
        "known.jsonl",
    ]);
    assert_eq!(vectors(&work, "known.jsonl").len(), 190);
    let with = ["--with", "new.csv", "--with-vectors", "new.npy"];
    let near = work.json(
        &[
            &["similar", "--run", "run", "--item", "195", "-k", "5"],
            &with[..],
        ]
        .concat(),
    );
    assert_eq!(near.as_array().unwrap().len(), 5);
    let title = &near[0]["title"];
    assert!(
        title.as_str().is_some_and(|title| title.contains('w')),
        "{near}"
    );
    // Somebody who has one new item, and wants more of its kind: new ones are among the lists.
    let lists = work.json(
        &[
            &["recommend", "--run", "run", "--history", "195", "-k", "199"],
            &with[..],
        ]
        .concat(),
    );
    let listed = lists.as_array().unwrap().iter();
    let new = listed.filter(|row| row["item"].as_u64().unwrap() >= 190);
    assert_eq!(new.count(), 9, "all new items but the history's own");
}

/// As an item of the log without a training interaction, and as a new one: the same vector.
#[test]
fn the_vector_is_that_of_a_full_inference() {
    let work = trained();
    let run = |items: &str, out: &str| {
        work.succeed(&[
            "train",
            "log.csv",
            "--items",
            items,
            "--model",
            "pinsage",
            "--split",
            "cold-start-item",
            "--dim",
            "16",
            "--epochs",
            "1",
            "--batch-size",
            "256",
            "--set",
            "features.categories=[\"topic\"]",
            "--set",
            "features.hash_buckets=64",
            "--set",
            "sampling.batch_shared=50",
            "--out",
            out,
        ]);
    };
    run("items.csv", "cold");
    let told = work.json(&[
        "embed",
        "--run",
        "cold",
        "--known",
        "items",
        "--out",
        "all.jsonl",
    ]);
    assert_eq!(told["items"], 190);
    let all = vectors(&work, "all.jsonl");
    // The same rows under other names.
    let items = String::from_utf8(work.read("items.csv")).unwrap();
    let renamed = items.trim_end().replace('\n', "\nnew-");
    work.write("renamed.csv", format!("{renamed}\n").as_bytes());
    work.succeed(&[
        "embed",
        "--run",
        "cold",
        "--items",
        "renamed.csv",
        "--out",
        "new.jsonl",
    ]);
    let new = vectors(&work, "new.jsonl");
    let mut same = 0;
    for (key, vector) in &all {
        let of_new = new.iter().find(|(new, _)| *new == format!("new-{key}"));
        let of_new = &of_new.unwrap().1;
        let apart = vector
            .iter()
            .zip(of_new)
            .map(|(a, b)| (a - b).abs())
            .fold(0.0, f64::max);
        same += usize::from(apart < 1e-5);
    }
    // A fifth of the items are for the test; those of validation were trained on in the refit.
    assert_eq!(same, 38, "of {}", all.len());
}

#[test]
fn a_run_goes_on_with_its_own_vectors_only() {
    let work = trained();
    std::fs::remove_file(work.path("run/MANIFEST.json")).unwrap();
    std::fs::remove_file(work.path("run/checkpoint/epoch-000003.safetensors")).unwrap();
    let whole = work.read("pictures.npy");
    let mut other = whole.clone();
    let at = other.len() - 4;
    other[at..].copy_from_slice(&7.0f32.to_le_bytes());
    work.write("pictures.npy", &other);
    work.refused(
        &["train", "--resume", "run"],
        65,
        "pictures.npy is not the file this run began with",
    );
    work.write("pictures.npy", &whole);
    work.succeed(&["train", "--resume", "run"]);
}

#[test]
fn what_is_wrong_with_new_items_is_told() {
    let work = trained();
    let refused = |arguments: &[&str], code: i32, expected: &str| {
        work.refused(
            &[&["embed", "--run", "run", "--out", "x.jsonl"], arguments].concat(),
            code,
            expected,
        );
    };
    refused(&["--items", "missing.csv"], 66, "missing.csv");
    refused(
        &["--items", "new.csv"],
        65,
        "trained with 1 files of vectors, and 0 are given",
    );
    refused(
        &["--items", "items.csv", "--vectors", "pictures.npy"],
        2,
        "the model knows every item in it already",
    );
    refused(
        &["--items", "new.csv", "--vectors", "pictures.npy"],
        65,
        "it has 190 rows and the item file 10",
    );
    work.write("other.csv", b"item_id,name\nx,y\n");
    refused(
        &["--items", "other.csv", "--vectors", "new.npy"],
        65,
        "there is no column \"topic\"",
    );
    refused(
        &[
            "--items",
            "new.csv",
            "--vectors",
            "new.npy",
            "--out",
            "v.bin",
        ],
        2,
        "used multiple times",
    );
    work.refused(
        &[
            "embed",
            "--run",
            "run",
            "--items",
            "new.csv",
            "--vectors",
            "new.npy",
            "--out",
            "v.bin",
        ],
        74,
        "name it .parquet, .npy, .safetensors, .csv or .jsonl",
    );
    let mut nan = work.read("new.npy");
    let at = nan.len() - 4;
    nan[at..].copy_from_slice(&f32::NAN.to_le_bytes());
    work.write("nan.npy", &nan);
    refused(
        &["--items", "new.csv", "--vectors", "nan.npy"],
        65,
        "holds NaN",
    );
    // A model of ids has nothing to say of what is new.
    work.succeed(&[
        "train", "log.csv", "--model", "mf", "--epochs", "1", "--out", "ids",
    ]);
    work.refused(
        &[
            "embed", "--run", "ids", "--items", "new.csv", "--out", "x.jsonl",
        ],
        2,
        "`sagebrush train --model pinsage` makes vectors of item features",
    );
    work.refused(
        &[
            "similar", "--run", "ids", "--item", "1", "--with", "new.csv",
        ],
        2,
        "`sagebrush train --model pinsage`",
    );
    // Damage to what the run keeps is named.
    let encoder = work.read("run/encoder.safetensors");
    work.write("run/encoder.safetensors", &encoder[..encoder.len() / 2]);
    refused(
        &["--items", "new.csv", "--vectors", "new.npy"],
        65,
        "encoder.safetensors",
    );
}
