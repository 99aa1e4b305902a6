//! What `--min-rating` keeps out of training is still what its user has: no list of that user holds it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::data::Workspace;

/// 24 users who like 5 or 6 of 12 items; every third gives one item a 1, at a time that runs from 100 on.
fn log() -> String {
    let mut csv = String::from("user_id,item_id,stars,timestamp\n");
    for user in 0..24u32 {
        for step in 0..5 + user % 2 {
            let item = (user + 2 * step) % 12;
            writeln!(
                csv,
                "u{user},i{item},5,{}",
                100 + (user * 7 + step * 31) % 120
            )
            .unwrap();
        }
        if user % 3 == 0 {
            let item = (user + 1) % 12;
            writeln!(csv, "u{user},i{item},1,{}", 100 + user * 6).unwrap();
        }
    }
    csv
}

fn pairs_of(csv: &str, low: bool) -> BTreeSet<(String, String)> {
    let rows = csv.lines().skip(1).map(|row| row.split(',').collect());
    let rows: Vec<Vec<&str>> = rows.collect();
    let wanted = rows.iter().filter(|row| !low || row[2] == "1");
    wanted
        .map(|row| (row[0].to_owned(), row[1].to_owned()))
        .collect()
}

/// The pairs of a file of lists, whose third column is the item.
fn listed(work: &Workspace, name: &str) -> BTreeSet<(String, String)> {
    let text = String::from_utf8(work.read(name)).unwrap();
    let rows = text.lines().skip(1).map(|row| row.split(',').collect());
    let rows: Vec<Vec<&str>> = rows.collect();
    rows.iter()
        .map(|row| (row[0].to_owned(), row[2].to_owned()))
        .collect()
}

fn work() -> Workspace {
    let work = Workspace::new();
    work.write("stars.csv", log().as_bytes());
    work
}

fn train(work: &Workspace, out: &str, more: &[&str]) {
    let base = [
        "train",
        "stars.csv",
        "--weight-column",
        "stars",
        "--min-rating",
        "3",
        "--out",
        out,
        "-q",
    ];
    work.succeed(&[&base[..], more].concat());
}

#[test]
fn no_list_holds_what_its_user_disliked() {
    let work = work();
    let (log, low) = (pairs_of(&log(), false), pairs_of(&log(), true));
    assert_eq!(low.len(), 8);
    for (out, more) in [
        ("filter", &["--model", "gf-cf"][..]),
        ("random", &["--model", "gf-cf", "--split", "random"]),
        ("tables", &["--model", "mf", "--dim", "4", "--epochs", "1"]),
    ] {
        train(&work, out, more);
        let file = format!("{out}.csv");
        work.succeed(&[
            "recommend",
            "--run",
            out,
            "--all",
            "-k",
            "5",
            "--out",
            &file,
            "-q",
        ]);
        let found = listed(&work, &file);
        assert_eq!(found.len(), 24 * 5, "{out}");
        assert_eq!(found.intersection(&log).count(), 0, "{out}");
        let back = [
            "recommend",
            "--run",
            out,
            "--all",
            "-k",
            "12",
            "--include-seen",
            "-q",
        ];
        work.succeed(&[&back[..], &["--out", "back.csv"]].concat());
        assert!(listed(&work, "back.csv").is_superset(&low), "{out}");
        // A history by hand has what it names and nothing else.
        let history = work.json(&["recommend", "--run", out, "--history", "i0,i2", "-k", "10"]);
        assert_eq!(history.as_array().unwrap().len(), 10, "{out}");
    }
}

#[test]
fn a_log_without_low_ratings_trains_and_measures_to_the_same_bits() {
    let work = work();
    train(&work, "whole", &["--model", "gf-cf"]);
    let without: String = log()
        .lines()
        .filter(|row| !row.contains(",1,"))
        .fold(String::new(), |text, row| text + row + "\n");
    work.write("liked.csv", without.as_bytes());
    work.succeed(&[
        "train",
        "liked.csv",
        "--model",
        "gf-cf",
        "--out",
        "liked",
        "-q",
    ]);
    for file in [
        "filter.safetensors",
        "interactions.safetensors",
        "test.safetensors",
    ] {
        let of = |run: &str| work.read(&format!("{run}/{file}"));
        assert!(of("whole") == of("liked"), "{file}");
    }
    assert!(work.path("whole/also_seen.safetensors").exists());
    assert!(!work.path("liked/also_seen.safetensors").exists());
}

/// Lists of an evaluation are as of its moment: the test part of a temporal split begins at the time of its first row.
#[test]
fn an_evaluation_leaves_out_what_was_disliked_before_its_moment() {
    let work = work();
    let log = log();
    let (all, low) = (pairs_of(&log, false), pairs_of(&log, true));
    for (out, split) in [("temporal", "temporal"), ("random", "random")] {
        train(&work, out, &["--model", "gf-cf", "--split", split]);
        let trec = format!("trec-{out}");
        work.succeed(&["evaluate", "--run", out, "-k", "12", "--trec", &trec, "-q"]);
        let read = |name: &str| {
            let text = String::from_utf8(work.read(&format!("{trec}/{name}"))).unwrap();
            let rows = text.lines().map(|row| row.split(' ').collect());
            let rows: Vec<Vec<&str>> = rows.collect();
            let pair = |row: &Vec<&str>| (row[0].to_owned(), row[2].to_owned());
            rows.iter().map(pair).collect::<BTreeSet<_>>()
        };
        let (ranked, wanted) = (read("run.txt"), read("qrels.txt"));
        let times: BTreeMap<(String, String), u32> = log
            .lines()
            .skip(1)
            .map(|row| row.split(',').collect::<Vec<_>>())
            .map(|row| {
                (
                    (row[0].to_owned(), row[1].to_owned()),
                    row[3].parse().unwrap(),
                )
            })
            .collect();
        assert!(
            wanted.is_subset(&ranked),
            "no item of the test part is left out"
        );
        let begins = wanted.iter().map(|pair| times[pair]).min().unwrap();
        let users: BTreeSet<&String> = wanted.iter().map(|pair| &pair.0).collect();
        let measured = low.iter().filter(|pair| users.contains(&pair.0));
        let (mut before, mut after) = (0, 0);
        for pair in measured {
            let is_known = out == "random" || times[pair] < begins;
            assert_eq!(ranked.contains(pair), !is_known, "{out}: {pair:?}");
            *if is_known { &mut before } else { &mut after } += 1;
        }
        assert!(before > 0, "{out}: {before} and {after}");
        assert!(all.len() > wanted.len());
    }
}
