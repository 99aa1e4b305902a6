//! A run brought up to date with a newer log.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value;

use crate::data::Workspace;

const DAY: u64 = 86_400;
const ROWS: u64 = 400;
/// Rows of the log that runs are trained on.
const OLD: usize = 300;

/// A row every six hours, no pair twice: users in turn, items that come into fashion and go out of it.
fn rows() -> Vec<(String, String, u64)> {
    let row = |n: u64| {
        let (user, round) = (n % 25, n / 25);
        let item = (round * 3 + user % 3) % 60;
        (format!("u{user}"), format!("i{item}"), n * DAY / 4)
    };
    (0..ROWS).map(row).collect()
}

fn csv(rows: &[(String, String, u64)]) -> String {
    let mut text = "user_id,item_id,timestamp\n".to_owned();
    for (user, item, time) in rows {
        writeln!(text, "{user},{item},{time}").unwrap();
    }
    text
}

/// Both logs; the newer one has its columns in another order, and two new users, of whom one has new items alone.
fn workspace() -> Workspace {
    let work = Workspace::new();
    work.write("old.csv", csv(&rows()[..OLD]).as_bytes());
    let mut text = "timestamp,item_id,user_id\n".to_owned();
    let new = [
        ("late", "i3"),
        ("late", "i9"),
        ("late", "novel"),
        ("other", "novel"),
    ];
    let new = new.map(|(user, item)| (user.to_owned(), item.to_owned(), ROWS * DAY / 4));
    for (user, item, time) in rows().iter().chain(&new) {
        writeln!(text, "{time},{item},{user}").unwrap();
    }
    work.write("new.csv", text.as_bytes());
    work
}

fn train(work: &Workspace, model: &str, out: &str, more: &[&str]) {
    let arguments = ["train", "old.csv", "--model", model, "--out", out, "-q"];
    let own: &[&str] = match model {
        "gf-cf" => &["--set", "filter.vectors=6"],
        _ => &["--dim", "8", "--epochs", "2", "--batch-size", "64"],
    };
    work.succeed(&[&arguments[..], own, more].concat());
}

fn list(work: &Workspace, arguments: &[&str]) -> BTreeMap<String, f64> {
    let rows = work.json(&[&["recommend", "-k", "100"][..], arguments].concat());
    let score = |row: &Value| {
        let item = row["item"].as_str().unwrap().to_owned();
        (item, row["score"].as_f64().unwrap())
    };
    rows.as_array().unwrap().iter().map(score).collect()
}

fn keys(work: &Workspace, file: &str) -> Vec<String> {
    serde_json::from_slice(&work.read(file)).unwrap()
}

#[test]
fn a_refreshed_run_knows_what_came_after() {
    let set = [
        "--set",
        "prior.half_life_days=20",
        "--set",
        "prior.offset=0.5",
    ];
    let set = [&set[..], &["--set", "prior.weight=0.75"]].concat();
    for model in ["gf-cf", "mf"] {
        let work = workspace();
        train(&work, model, "run", &set);
        let before = ["users", "items"].map(|of| keys(&work, &format!("run/{of}.json")));
        let old = work.read("run/MANIFEST.json");
        let done = work.json(&["refresh", "--run", "run", "new.csv", "--out", "new"]);
        let done = &done["refreshed"];
        assert_eq!(done["users"], 2, "{model}");
        assert_eq!(done["items"], 13, "{model}");
        // All that is in neither part of the run: 60 of its test part, 100 later rows and 4 of new users.
        assert_eq!(done["interactions"], 164, "{model}");
        assert_eq!(done["moment"], ROWS * DAY / 4);
        assert_eq!(work.read("run/MANIFEST.json"), old, "the old run stays");
        let after = ["users", "items"].map(|of| keys(&work, &format!("new/{of}.json")));
        for (before, after) in before.iter().zip(&after) {
            assert_eq!(*before, after[..before.len()], "ids of before stay");
        }
        // What a user has by now is in no list.
        let seen: Vec<String> = rows()
            .into_iter()
            .filter(|row| row.0 == "u7")
            .map(|row| row.1)
            .collect();
        let served = list(&work, &["--run", "new", "--user", "u7"]);
        assert!(
            seen.iter().all(|item| !served.contains_key(item)),
            "{model}"
        );
        // The prior is that of all rows as of the newest; an item nobody trained on has nothing else.
        let mut popularity = BTreeMap::<String, f64>::new();
        for (_, item, time) in rows() {
            let days = (ROWS * DAY / 4 - time) as f64 / DAY as f64;
            *popularity.entry(item).or_default() += 0.5f64.powf(days / 20.0);
        }
        let later: Vec<_> = after[1][before[1].len()..]
            .iter()
            .filter(|item| served.contains_key(*item))
            .collect();
        assert!(later.len() > 3);
        for item in later {
            let p = match &item[..] {
                "novel" => 2.0,
                item => popularity[item],
            };
            let expected = 0.75 * (1.0 + p / 0.5).ln();
            assert!(
                (served[item] - expected).abs() < 1e-5,
                "{model} {item} {} {expected}",
                served[item]
            );
        }
        // Whom nobody knows anything of is served what is popular.
        let rows = work.json(&["recommend", "--run", "new", "--user", "other", "-k", "1"]);
        assert_eq!(rows[0]["source"], "popularity");
        // Again: nothing is new, and nothing changes.
        let manifest = work.read("new/MANIFEST.json");
        let again = work.succeed(&["refresh", "--run", "new", "new.csv"]);
        assert!(String::from_utf8_lossy(&again.stderr).contains("nothing in the log is new"));
        assert_eq!(work.read("new/MANIFEST.json"), manifest);
        // In place it is the same run.
        work.succeed(&["refresh", "--run", "run", "new.csv"]);
        for file in [
            "interactions.safetensors",
            "prior.safetensors",
            "users.json",
            "refreshed.safetensors",
        ] {
            assert!(
                work.read(&format!("run/{file}")) == work.read(&format!("new/{file}")),
                "{file}"
            );
        }
        let folders = std::fs::read_dir(work.dir.path()).unwrap();
        let hidden = folders.filter(|entry| {
            entry
                .as_ref()
                .unwrap()
                .file_name()
                .to_string_lossy()
                .starts_with('.')
        });
        assert_eq!(hidden.count(), 0, "nothing is left behind");
        work.refused(&["evaluate", "--run", "run"], 2, "is no test of it");
        work.refused(&["train", "--resume", "run"], 2, "train anew");
    }
}

/// Without a prior a new user has exactly the scores that the old run gives her history, and so has a user whose vector is a
/// function of items.
#[test]
fn a_new_user_is_served_as_her_history_is() {
    let work = workspace();
    for model in ["gf-cf", "mf"] {
        let out = format!("{model}-new");
        train(&work, model, model, &["--set", "prior.use=off"]);
        work.succeed(&["refresh", "--run", model, "new.csv", "--out", &out]);
        let served = list(&work, &["--run", &out, "--user", "late"]);
        let expected = list(&work, &["--run", model, "--history", "i3,i9"]);
        for (item, score) in expected {
            assert!((served[&item] - score).abs() < 1e-6, "{model} {item}");
        }
    }
}

#[test]
fn logs_that_cannot_refresh_are_refused_and_change_nothing() {
    let work = workspace();
    train(&work, "mf", "run", &[]);
    let before = work.read("run/MANIFEST.json");
    let refused = |log: &str, more: &[&str], code, expected: &str| {
        let arguments = [&["refresh", "--run", "run", log][..], more].concat();
        work.refused(&arguments, code, expected);
        assert_eq!(work.read("run/MANIFEST.json"), before);
    };
    let old: String = csv(&[("u1".to_owned(), "i59".to_owned(), 5)]);
    work.write("older.csv", old.as_bytes());
    refused("older.csv", &[], 2, "are older than the run");
    work.write("untimed.csv", b"user_id,item_id\nu1,i59\n");
    refused("untimed.csv", &[], 2, "--timestamp-column");
    refused("new.csv", &["--user-column", "nobody"], 65, "nobody");
    refused("new.csv", &["--k-core", "2"], 2, "--k-core");
    work.refused(&["refresh", "--run", "run"], 2, "name the newer log");
}

#[test]
fn a_run_that_counts_by_age_is_not_refreshed_without_times() {
    let work = workspace();
    work.write("untimed.csv", b"user_id,item_id\nu1,i59\n");
    for (model, key) in [
        ("popularity", "popularity.half_life_days=9"),
        ("item-knn", "item_knn.half_life_days=9"),
        ("gf-cf", "filter.half_life_days=9"),
    ] {
        // A split by chance has no prior: the half-life alone reads times.
        let train = ["train", "old.csv", "--model", model, "--out", model, "-q"];
        let more = ["--split", "random", "--set", key];
        work.succeed(&[&train[..], &more].concat());
        let refresh = ["refresh", "--run", model, "untimed.csv", "--out", "new"];
        work.refused(&refresh, 2, "the run counts by age");
        assert!(!work.path("new").exists(), "{model}: nothing is written");
    }
}
