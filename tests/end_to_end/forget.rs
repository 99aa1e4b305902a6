//! Users and items taken out of a run for good: nothing of them is left in it, and later trainings leave them out.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use safetensors::SafeTensors;
use serde_json::Value;

use crate::data::{Workspace, log_csv};

/// A key that is no part of another one.
pub(crate) const USER: &str = "unmistakable";
pub(crate) const ITEM: &str = "17";
const MODELS: [&str; 7] = [
    "mf",
    "gf-cf",
    "item-knn",
    "ease",
    "ials",
    "popularity",
    "pinsage",
];

/// The log of the tests, in which user 5 has a name of her own.
pub(crate) fn workspace() -> Workspace {
    let work = Workspace::new();
    let log = log_csv().replace("user-5,", &format!("{USER},"));
    work.write("log.csv", log.as_bytes());
    let film = |item: u32| format!("{item},Film {item} of {},g{}\n", item / 15, item / 15);
    let films: String = (0..60).map(film).collect();
    work.write(
        "films.csv",
        format!("item_id,title,genres\n{films}").as_bytes(),
    );
    work
}

pub(crate) fn train(work: &Workspace, model: &str, out: &str, more: &[&str]) {
    let small: &[&str] = match model {
        "mf" => &["--dim", "8", "--epochs", "2", "--batch-size", "128"],
        "pinsage" => &["--dim", "8", "--epochs", "1"],
        "gf-cf" => &["--set", "filter.vectors=6"],
        "ials" => &["--set", "ials.dim=8"],
        _ => &[],
    };
    let train = ["train", "log.csv", "--items", "films.csv", "--model", model];
    work.succeed(&[&train[..], &["--out", out, "-q"], small, more].concat());
}

/// All files below a folder, the hidden ones too.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap();
    let below = |path: PathBuf| match path.is_dir() {
        true => files(&path),
        false => vec![path],
    };
    entries
        .flat_map(|entry| below(entry.unwrap().path()))
        .collect()
}

/// The files beside the log in which a text stands.
pub(crate) fn holding(work: &Workspace, text: &str) -> Vec<PathBuf> {
    let holds = |path: &PathBuf| {
        let bytes = std::fs::read(path).unwrap();
        bytes
            .windows(text.len())
            .any(|part| part == text.as_bytes())
    };
    let mut found = files(work.dir.path());
    found.retain(|path| path.extension().is_none_or(|ending| ending != "csv") && holds(path));
    found
}

pub(crate) fn keys(work: &Workspace, file: &str) -> Vec<String> {
    serde_json::from_slice(&work.read(file)).unwrap()
}

/// The pairs of the lists of a file, by keys.
fn pairs(work: &Workspace, run: &str, file: &str, part: &str) -> BTreeSet<(String, String)> {
    let bytes = work.read(&format!("{run}/{file}"));
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let numbers = |name: &str| -> Vec<u64> {
        let tensor = file.tensor(&format!("{part}.{name}")).unwrap();
        let width = tensor.data().len() / tensor.shape()[0].max(1);
        let number = |bytes: &[u8]| {
            bytes
                .iter()
                .rev()
                .fold(0, |sum, &byte| (sum << 8) | u64::from(byte))
        };
        tensor.data().chunks(width.max(1)).map(number).collect()
    };
    let (row_ptr, items) = (numbers("row_ptr"), numbers("items"));
    let users = keys(work, &format!("{run}/users.json"));
    let of_items = keys(work, &format!("{run}/items.json"));
    assert_eq!(row_ptr.len(), users.len() + 1, "a row a user");
    let of_user = |(at, user): (usize, &String)| {
        let row = &items[row_ptr[at] as usize..row_ptr[at + 1] as usize];
        let pair = |&item: &u64| (user.clone(), of_items[item as usize].clone());
        row.iter().map(pair).collect::<Vec<_>>()
    };
    users.iter().enumerate().flat_map(of_user).collect()
}

/// Lists by user, each an item and its score; of users without a training interaction with the sign turned.
fn lists(work: &Workspace, run: &str) -> BTreeMap<String, BTreeMap<String, f64>> {
    let rows = work.json(&["recommend", "--run", run, "--all", "-k", "60"]);
    let mut lists = BTreeMap::<String, BTreeMap<String, f64>>::new();
    for row in rows.as_array().unwrap() {
        let list = lists
            .entry(row["user"].as_str().unwrap().to_owned())
            .or_default();
        let score = row["score"].as_f64().unwrap();
        let is_popular = row["source"] == "popularity";
        list.insert(
            row["item"].to_string(),
            if is_popular { -score } else { score },
        );
    }
    lists
}

#[test]
fn nothing_of_a_forgotten_user_is_left_and_the_others_stay_as_they_are() {
    let work = workspace();
    let parts = [
        ("interactions.safetensors", "train"),
        ("interactions.safetensors", "validation"),
        ("test.safetensors", "test"),
    ];
    for model in MODELS {
        train(&work, model, model, &["--set", "prior.use=off"]);
        let before = parts.map(|(file, part)| pairs(&work, model, file, part));
        let old = lists(&work, model);
        let n_of_user = before
            .iter()
            .flatten()
            .filter(|pair| pair.0 == USER)
            .count();
        assert!(n_of_user > 0 && !holding(&work, USER).is_empty(), "{model}");
        let forget = ["forget", "--run", model, "--user", USER, "--item", ITEM];
        let done = work.json(&forget);
        assert_eq!(done["forgotten"]["users"], 1, "{done}");
        assert_eq!(done["forgotten"]["items"], 1);
        assert_eq!(holding(&work, USER), Vec::<PathBuf>::new(), "{model}");
        // The pairs of the others are those of before, but for the item.
        let stays = |pair: &&(String, String)| pair.0 != USER && pair.1 != ITEM;
        let mut n_gone = 0;
        for ((file, part), before) in parts.iter().zip(&before) {
            let expected: BTreeSet<_> = before.iter().filter(stays).cloned().collect();
            n_gone += before.len() - expected.len();
            assert_eq!(pairs(&work, model, file, part), expected, "{model} {part}");
        }
        assert_eq!(done["forgotten"]["interactions"], n_gone, "{model}");
        assert!(!keys(&work, &format!("{model}/items.json")).contains(&ITEM.to_owned()));
        // Whoever had nothing of the item has the scores of before. Popularity and a filter's degrees are counted anew.
        let had_item: BTreeSet<&String> = before
            .iter()
            .flatten()
            .filter(|pair| pair.1 == ITEM)
            .map(|pair| &pair.0)
            .collect();
        let new = lists(&work, model);
        assert_eq!(new.len(), old.len() - 1, "{model}");
        for (user, list) in &new {
            let mut expected = old[user].clone();
            expected.remove(ITEM);
            let items = |list: &BTreeMap<String, f64>| list.keys().cloned().collect::<Vec<_>>();
            assert_eq!(items(list), items(&expected), "{model} {user}");
            let is_popular = list.values().all(|&score| score <= 0.0);
            let is_counted = is_popular || ["popularity", "gf-cf"].contains(&model);
            if !is_counted && !had_item.contains(user) {
                assert_eq!(list, &expected, "{model} {user}");
            }
        }
        let checkpoints = files(&work.path(&format!("{model}/checkpoint")));
        assert_eq!(checkpoints.len(), 1, "no checkpoint holds rows of before");
        work.refused(
            &["recommend", "--run", model, "--user", USER],
            65,
            "unknown user",
        );
        work.refused(
            &["similar", "--run", model, "--item", ITEM],
            65,
            "unknown item",
        );
        // Again: nothing is there to take out, and nothing changes.
        let manifest = work.read(&format!("{model}/MANIFEST.json"));
        let again = work.json(&["forget", "--run", model]);
        assert_eq!(again["forgotten"]["users"], 0);
        assert_eq!(work.read(&format!("{model}/MANIFEST.json")), manifest);
        work.refused(&["train", "--resume", model], 2, "train anew");
        work.succeed(&["evaluate", "--run", model]);
        work.succeed(&["recommend", "--run", model, "--history", "3,4", "-k", "5"]);
    }
}

/// Popularity is counted as if the user had never been there, in the prior as well as in the model.
#[test]
fn popularity_is_counted_again() {
    let work = workspace();
    let prior = [
        "--set",
        "prior.half_life_days=20",
        "--set",
        "prior.offset=0.5",
        "--set",
        "prior.weight=0.75",
    ];
    train(&work, "mf", "run", &prior);
    train(
        &work,
        "popularity",
        "popular",
        &["--set", "popularity.half_life_days=20"],
    );
    let log = String::from_utf8(work.read("log.csv")).unwrap();
    let mut rows: Vec<(String, String, i64)> = log
        .lines()
        .skip(1)
        .map(|line| {
            let fields: Vec<&str> = line.split(',').collect();
            (
                fields[0].to_owned(),
                fields[1].to_owned(),
                fields[3].parse().unwrap(),
            )
        })
        .collect();
    for run in ["run", "popular"] {
        work.succeed(&["forget", "--run", run, "--user", USER]);
    }
    // The newest time of each pair that is known, which the test part is not.
    rows.sort();
    let mut newest = BTreeMap::<(String, String), i64>::new();
    for (user, item, time) in rows {
        newest.insert((user, item), time);
    }
    let known: BTreeSet<_> = [("run", "train"), ("run", "validation")]
        .into_iter()
        .flat_map(|(run, part)| pairs(&work, run, "interactions.safetensors", part))
        .collect();
    let bytes = work.read("run/prior.safetensors");
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let header: Value = {
        let (_, metadata) = SafeTensors::read_metadata(&bytes).unwrap();
        serde_json::from_str(&metadata.metadata().as_ref().unwrap()["sagebrush"]).unwrap()
    };
    let moment = header["moment"].as_i64().unwrap();
    let mut expected = BTreeMap::<&str, f64>::new();
    for pair in &known {
        assert_ne!(pair.0, USER);
        let days = (moment - newest[pair]) as f64 / 86_400.0;
        *expected.entry(&pair.1).or_default() += 0.5f64.powf(days / 20.0);
    }
    let singles = |data: &[u8]| -> Vec<f64> {
        let single = |bytes: &[u8]| f64::from(f32::from_le_bytes(bytes.try_into().unwrap()));
        data.chunks(4).map(single).collect()
    };
    let counted = singles(file.tensor("popularity").unwrap().data());
    for (item, found) in keys(&work, "run/items.json").iter().zip(counted) {
        let expected = expected.get(item.as_str()).copied().unwrap_or_default();
        assert!(
            (found - expected).abs() < 1e-4,
            "{item}: {found}, {expected}"
        );
    }
    let bytes = work.read("popular/popularity.safetensors");
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let scores = singles(file.tensor("scores").unwrap().data());
    // As of the newest pair that is left: all differ by one factor from what is counted as of another moment.
    let last = known.iter().map(|pair| newest[pair]).max().unwrap();
    let factor = 0.5f64.powf((last - moment) as f64 / 86_400.0 / 20.0);
    for (item, found) in keys(&work, "popular/items.json").iter().zip(scores) {
        let expected = factor * expected.get(item.as_str()).copied().unwrap_or_default();
        assert!(
            (found - expected).abs() < 1e-4,
            "{item}: {found}, {expected}"
        );
    }
}
