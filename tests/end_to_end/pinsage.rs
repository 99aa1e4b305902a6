//! PinSAGE end to end: it recommends items without a single interaction, by their features.

use crate::data::{Workspace, mean};

/// Titles and genres that tell the groups of `log.csv` apart: items 0 to 14 are one group's, and so on.
fn items_csv() -> String {
    let words = ["red planet", "blue ocean", "green forest", "white desert"];
    let rows = (0..60).map(|item| {
        let group = item / 15;
        format!(
            "{item},{} {},kind-{group}|all,{}\n",
            words[group],
            item % 15,
            1950 + item
        )
    });
    std::iter::once("item_id,title,genres,year\n".to_owned())
        .chain(rows)
        .collect()
}

fn workspace() -> Workspace {
    let work = Workspace::new();
    work.write("items.csv", items_csv().as_bytes());
    work
}

fn train<'a>(out: &'a str, split: &'a str) -> Vec<&'a str> {
    vec![
        "train",
        "log.csv",
        "--items",
        "items.csv",
        "--model",
        "pinsage",
        "--split",
        split,
        "--dim",
        "16",
        "--epochs",
        "12",
        "--batch-size",
        "64",
        "--learning-rate",
        "0.01",
        "--set",
        "features.categories=[\"genres\"]",
        "--set",
        "features.numbers=[\"year\"]",
        "--set",
        "features.hash_buckets=128",
        "--set",
        "sampling.batch_shared=30",
        "--set",
        "training.patience=0",
        "--out",
        out,
    ]
}

#[test]
fn items_never_seen_are_recommended_by_what_they_are_made_of() {
    let work = workspace();
    let said = work.succeed(&train("run", "cold-start-item"));
    let said = String::from_utf8_lossy(&said.stderr).into_owned();
    assert!(
        said.contains("features of 60 of 60 items, 132 numbers each; 0 items have none"),
        "{said}"
    );
    let evaluation = work.json(&["evaluate", "--run", "run", "-k", "3"]);
    // 60 items: 12 are held out for the test; the 5 of validation were trained on in the refit.
    assert_eq!(evaluation["n_new_items"], 12);
    let recall = |name: &str| mean(&evaluation, name, "recall@3");
    // Nobody has these items, so that popularity and neighbours know nothing of them.
    assert!(
        recall("pinsage") > 1.5 * recall("popularity"),
        "{evaluation}"
    );
    let text = work.succeed(&["evaluate", "--run", "run"]);
    let text = String::from_utf8_lossy(&text.stdout).into_owned();
    assert!(
        text.contains("12 items without a training interaction ranked"),
        "{text}"
    );
    let page = String::from_utf8(work.read("run/report.html")).unwrap();
    assert!(page.contains("Only the 12 items without a training interaction"));
    let similar = work.json(&["similar", "--run", "run", "--item", "3", "-k", "4"]);
    let near = similar.as_array().unwrap().iter();
    let near: Vec<u32> = near
        .map(|row| row["item"].as_u64().unwrap() as u32)
        .collect();
    assert!(
        near.iter().filter(|&&item| item < 15).count() >= 3,
        "{near:?}"
    );
    let lists = work.json(&["recommend", "--run", "run", "--history", "1,2,4", "-k", "5"]);
    assert_eq!(lists.as_array().unwrap().len(), 5);
}

#[test]
fn the_bits_depend_neither_on_threads_nor_on_having_stopped() {
    let work = workspace();
    work.succeed(&[&["--threads", "1"], &train("one", "random")[..]].concat());
    work.succeed(&[&["--threads", "3"], &train("three", "random")[..]].concat());
    assert_eq!(
        work.read("one/model.safetensors"),
        work.read("three/model.safetensors")
    );
    assert_eq!(
        work.read("one/embeddings.safetensors"),
        work.read("three/embeddings.safetensors")
    );
    // As a kill after the last checkpoint would leave it.
    std::fs::remove_file(work.path("three/MANIFEST.json")).unwrap();
    std::fs::remove_file(work.path("three/checkpoint/epoch-000012.safetensors")).unwrap();
    work.succeed(&["train", "--resume", "three"]);
    assert_eq!(
        work.read("one/model.safetensors"),
        work.read("three/model.safetensors")
    );
}

#[test]
fn what_is_wrong_with_features_is_told() {
    let work = workspace();
    let refused = |change: &[&str], code: i32, expected: &str| {
        work.refused(&[&train("run", "random"), change].concat(), code, expected);
    };
    refused(
        &["--set", "features.text=[\"tittle\"]", "--overwrite"],
        65,
        "there is no column \"tittle\"; there are item_id, title",
    );
    let broken = items_csv().replace(",1953\n", ",NaN\n");
    work.write("items.csv", broken.as_bytes());
    refused(&["--overwrite"], 65, "the column \"year\" holds \"NaN\"");
    let strangers = items_csv().replace("\n", "\nx");
    work.write("items.csv", strangers.trim_end_matches('x').as_bytes());
    refused(
        &["--overwrite"],
        65,
        "do the keys of the item file match the log's?",
    );
    work.refused(
        &["train", "log.csv", "--model", "pinsage", "--out", "other"],
        2,
        "name their file with `--items FILE`",
    );
    // Two rows of one item, an unknown item and an item without features are no mistakes.
    let odd = format!(
        "{}0,again,kind-9,2000\n999,unknown,kind-1,1990\n",
        items_csv().replace("\n7,", "\n777,")
    );
    work.write("items.csv", odd.as_bytes());
    let said = work.succeed(&[&train("odd", "random")[..], &["--overwrite"]].concat());
    let said = String::from_utf8_lossy(&said.stderr).into_owned();
    assert!(said.contains("1 items have none"), "{said}");
}
