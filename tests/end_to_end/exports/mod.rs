//! Exports to real servers, which the tests start: what arrives, what readers see meanwhile, kills, and what is refused.
//!
//! A server that is not there is skipped with a sentence; `SAGEBRUSH_REQUIRE_SERVERS` makes that an error.

mod files;
mod kills;
#[cfg(feature = "cloud")]
mod objects;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "redis")]
mod redis;
#[cfg_attr(not(all(feature = "postgres", feature = "redis")), allow(dead_code))]
mod servers;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::data::Workspace;

/// Items and scores of each user, best first.
pub(crate) type Lists = BTreeMap<String, Vec<(String, f64)>>;

/// A workspace with a run of vectors that hold a prior as one more coordinate.
pub(crate) fn trained() -> Workspace {
    let work = Workspace::new();
    train(&work, "run", "1");
    work
}

/// Trains a run with another seed.
pub(crate) fn train(work: &Workspace, out: &str, seed: &str) {
    work.succeed(&[
        "train",
        "log.csv",
        "--model",
        "mf",
        "--dim",
        "8",
        "--epochs",
        "3",
        "--batch-size",
        "128",
        "--seed",
        seed,
        "--set",
        "prior.half_life_days=20",
        "--set",
        "prior.offset=0.5",
        "--set",
        "prior.weight=0.75",
        "--out",
        out,
        "-q",
    ]);
}

/// What `recommend` lists for all users, and of which of them the model knows something.
pub(crate) fn recommended(work: &Workspace, arguments: &[&str]) -> (Lists, Vec<String>) {
    let all = [&["recommend", "--all"][..], arguments].concat();
    let (mut lists, mut known) = (Lists::new(), Vec::new());
    for row in work.json(&all).as_array().unwrap() {
        let user = text(&row["user"]);
        if row.get("source").is_none() && !known.contains(&user) {
            known.push(user.clone());
        }
        let place = (text(&row["item"]), row["score"].as_f64().unwrap());
        lists.entry(user).or_default().push(place);
    }
    (lists, known)
}

/// A key of JSON.
pub(crate) fn text(key: &Value) -> String {
    key.as_str().map_or_else(|| key.to_string(), str::to_owned)
}

/// The same items in the same order, and the same scores but for the order of sums.
pub(crate) fn assert_same(found: &Lists, expected: &Lists) {
    let users = |lists: &Lists| lists.keys().cloned().collect::<Vec<_>>();
    assert_eq!(users(found), users(expected));
    for (user, list) in expected {
        let items =
            |list: &[(String, f64)]| list.iter().map(|place| place.0.clone()).collect::<Vec<_>>();
        assert_eq!(items(&found[user]), items(list), "{user}");
        for (found, expected) in found[user].iter().zip(list) {
            let error = (found.1 - expected.1).abs();
            assert!(
                error <= 1e-5 * expected.1.abs().max(1.0),
                "{user}: {found:?}, {expected:?}"
            );
        }
    }
}

/// Rows of `user`, `item`, `score` between tabs.
pub(crate) fn lists_of(table: &str) -> Lists {
    let mut lists = Lists::new();
    for line in table.lines() {
        let cells: Vec<&str> = line.split('\t').collect();
        let place = (cells[1].to_owned(), cells[2].parse().unwrap());
        lists.entry(cells[0].to_owned()).or_default().push(place);
    }
    lists
}

#[test]
fn what_cannot_be_is_refused() {
    let work = trained();
    for (to, more, part) in [
        (
            "mysql://me@db/shop",
            &[][..],
            "`mysql://` is no place to export to",
        ),
        ("-", &[], "`sagebrush recommend --all`"),
        ("lists.txt", &[], "name it .csv, .jsonl or .parquet"),
        ("items.txt", &["--what", "items"], ".npy, .safetensors"),
        ("items.npy", &["--what", "lists"], "such files hold vectors"),
        (
            "both.parquet",
            &["--what", "items,users"],
            "a file holds one of lists, items and users",
        ),
        (
            "lists.parquet",
            &["--columns", "wide"],
            "`--columns wide` is for vectors",
        ),
        (
            "lists.csv",
            &["--index", "hnsw"],
            "`--index` is for PostgreSQL",
        ),
        (
            "lists.csv",
            &["--keep-old", "5"],
            "`--keep-old` is for Redis",
        ),
        (
            "lists.csv",
            &["--name", "shop"],
            "`--name` is for PostgreSQL and Redis",
        ),
        ("items.npy", &["-k", "5"], "`--what lists`"),
        ("lists.csv", &["--name", "Shop"], "a-z, 0-9 and _"),
    ] {
        let arguments = [&["export", "--run", "run", "--to", to][..], more].concat();
        work.refused(&arguments, 2, part);
    }
}
