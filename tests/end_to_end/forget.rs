//! Users and items taken out of a run for good: nothing of them is left in it, and later trainings leave them out.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use safetensors::SafeTensors;
use serde_json::Value;

use crate::data::{Workspace, log_csv};

/// A key that is no part of another one.
const USER: &str = "unmistakable";
const ITEM: &str = "17";
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
fn workspace() -> Workspace {
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

fn train(work: &Workspace, model: &str, out: &str, more: &[&str]) {
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
fn holding(work: &Workspace, text: &str) -> Vec<PathBuf> {
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

fn keys(work: &Workspace, file: &str) -> Vec<String> {
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
                .fold(0, |sum, &byte| sum << 8 | u64::from(byte))
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
        assert_eq!(holding(&work, USER), [PathBuf::new(); 0], "{model}");
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

#[test]
fn later_trainings_refreshes_and_refits_leave_out_what_is_forgotten() {
    let work = workspace();
    train(&work, "mf", "run", &[]);
    let n_rows = String::from_utf8(work.read("log.csv")).unwrap();
    let mut of_user: BTreeSet<&str> = BTreeSet::new();
    for line in n_rows.lines().filter(|line| line.starts_with(USER)) {
        of_user.insert(line.split(',').nth(1).unwrap());
    }
    work.write("left.txt", format!("{USER}\n").as_bytes());
    // A run that still holds what is on the list is no source of another one.
    let list = work.json(&["forget", "--run", "run", "--users", "left.txt"])["list"].clone();
    assert_eq!(list, "run.forgotten.jsonl");
    let list = String::from_utf8(work.read("run.forgotten.jsonl")).unwrap();
    assert_eq!(list.lines().count(), 2, "a salt and a hash: {list}");
    train(&work, "mf", "other", &[]);
    std::fs::copy(
        work.path("run.forgotten.jsonl"),
        work.path("other.forgotten.jsonl"),
    )
    .unwrap();
    work.write(
        "late.csv",
        format!("user_id,item_id,timestamp\n{USER},3,1700000000\nnew,4,1700000000\n").as_bytes(),
    );
    for command in [
        &["refit", "--run", "other", "--all", "--out", "x"][..],
        &["refresh", "--run", "other", "late.csv", "--out", "x"],
    ] {
        work.refused(command, 2, "sagebrush forget --run other");
        assert!(!work.path("x").exists());
    }
    // In place it is taken out first.
    let done = work.json(&["refresh", "--run", "other", "late.csv"]);
    assert_eq!(done["refreshed"]["interactions"], 1, "{done}");
    assert_eq!(done["refreshed"]["users"], 1);
    // What is made of a run has its list, too.
    work.succeed(&["refit", "--run", "run", "--all", "--out", "refitted", "-q"]);
    work.succeed(&["refresh", "--run", "run", "late.csv", "--out", "fresh"]);
    for made in ["refitted", "fresh"] {
        assert_eq!(
            work.read(&format!("{made}.forgotten.jsonl")),
            list.as_bytes()
        );
    }
    // A training finds the list beside its run, or where it is told.
    train(&work, "mf", "run", &["--overwrite"]);
    train(
        &work,
        "mf",
        "elsewhere",
        &["--forget", "run.forgotten.jsonl"],
    );
    work.succeed(&[
        "train",
        "log.csv",
        "--effort",
        "quick",
        "--out",
        "run",
        "--overwrite",
        "-q",
    ]);
    for run in ["run", "elsewhere", "refitted", "fresh", "other"] {
        assert!(
            !keys(&work, &format!("{run}/users.json")).contains(&USER.to_owned()),
            "{run}"
        );
    }
    for run in ["run", "elsewhere"] {
        let data: Value = serde_json::from_slice(&work.read(&format!("{run}/data.json"))).unwrap();
        assert_eq!(data["cleaning"]["forgotten"], of_user.len(), "{run}");
        work.succeed(&["train", "--resume", run]);
    }
    work.write("late.csv", b"");
    assert_eq!(holding(&work, USER), [work.path("left.txt")]);
    let seen = work.json(&["inspect", "log.csv", "--forget", "run.forgotten.jsonl"]);
    assert_eq!(seen["users"], 119, "{seen}");
    work.refused(
        &["inspect", "log.csv", "--forget", "left.txt"],
        65,
        "left.txt:1: ",
    );
    work.refused(
        &["inspect", "log.csv", "--forget", "none.jsonl"],
        66,
        "none.jsonl",
    );
}

#[test]
fn what_a_service_kept_goes_too() {
    let work = workspace();
    train(&work, "popularity", "run", &[]);
    let kept = format!(
        "{{\"user_id\":\"{USER}\",\"item_id\":\"3\",\"timestamp\":1}}\n{{\"user_id\":\"a\",\"item_id\":\"3\",\"timestamp\":1}}\n\
         {{\"user_id\":\"a\",\"item_id\":\"{ITEM}\",\"timestamp\":1}}\n"
    );
    work.write("run.interactions.jsonl", kept.as_bytes());
    work.write(
        "run.items.jsonl",
        format!("{{\"item_id\":\"{ITEM}\",\"title\":\"x\"}}\n").as_bytes(),
    );
    let done = work.json(&["forget", "--run", "run", "--user", USER, "--item", ITEM]);
    assert_eq!(done["forgotten"]["kept"], 3, "{done}");
    assert_eq!(
        work.read("run.interactions.jsonl"),
        b"{\"user_id\":\"a\",\"item_id\":\"3\",\"timestamp\":1}\n"
    );
    assert_eq!(work.read("run.items.jsonl"), b"");
}

#[test]
fn what_cannot_be_forgotten_is_told() {
    let work = workspace();
    work.write(
        "tiny.csv",
        b"user_id,item_id\na,x\na,y\nb,x\nb,z\nc,y\nc,z\n",
    );
    let train = [
        "train",
        "tiny.csv",
        "--model",
        "popularity",
        "--split",
        "random",
        "--out",
        "run",
        "-q",
    ];
    work.succeed(&train);
    let forget = |more: &[&'static str]| [&["forget", "--run", "run"][..], more].concat();
    work.refused(&forget(&[]), 2, "name whom or what to forget");
    work.refused(
        &forget(&["--user", "a", "--user", "b", "--user", "c"]),
        2,
        "remove its directory",
    );
    work.refused(&forget(&["--user", " "]), 2, "a key is empty");
    work.refused(&forget(&["--users", "none.txt"]), 66, "none.txt");
    work.refused(
        &["forget", "--run", "no-run", "--user", "a"],
        66,
        "there is no such run",
    );
    assert!(
        !work.path("run.forgotten.jsonl").exists(),
        "nothing was put on a list"
    );
    // Whom the run does not know tomorrow's log may.
    let told = work.succeed(&forget(&["--user", "stranger"]));
    let told = String::from_utf8_lossy(&told.stderr).into_owned();
    assert!(told.contains("does not know `stranger`"), "{told}");
    work.write(
        "tiny.csv",
        b"user_id,item_id\nstranger,x\na,x\na,y\nb,x\nb,z\nc,y\nc,z\n",
    );
    work.succeed(&[&train[..], &["--overwrite"]].concat());
    assert_eq!(keys(&work, "run/users.json"), ["a", "b", "c"]);
}

/// Kills the command at several moments: the run is the old one or the new one, and the same command finishes the work.
#[cfg(unix)]
#[test]
fn a_kill_leaves_the_old_run_or_the_new_one() {
    let work = workspace();
    train(&work, "mf", "run", &[]);
    let began = std::time::Instant::now();
    work.succeed(&["forget", "--run", "run", "--user", "user-0"]);
    let whole = began.elapsed();
    let (mut n_old, mut n_new) = (0, 0);
    for round in 1..=12u32 {
        let user = format!("user-{}", 10 + round);
        let mut child = work
            .program(&["forget", "--run", "run", "--user", &user])
            .spawn()
            .unwrap();
        std::thread::sleep(whole * round / 13);
        child.kill().unwrap();
        child.wait().unwrap();
        work.succeed(&["recommend", "--run", "run", "--user", "user-99"]);
        let is_old = keys(&work, "run/users.json").contains(&user);
        (n_old, n_new) = (n_old + u32::from(is_old), n_new + u32::from(!is_old));
        work.succeed(&["forget", "--run", "run", "--user", &user]);
        assert!(holding(&work, &format!("\"{user}\"")).is_empty(), "{user}");
    }
    println!("{n_old} kills left the old run, {n_new} the new one");
    let hidden = std::fs::read_dir(work.dir.path()).unwrap();
    let hidden = hidden.filter(|entry| {
        let name = entry.as_ref().unwrap().file_name();
        name.to_string_lossy().starts_with('.')
    });
    assert_eq!(hidden.count(), 0, "nothing is left behind");
}
