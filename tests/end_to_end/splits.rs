//! Splits of logs that are short, tied in time, or measured on nobody: sizes, draws and what is said of them.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use sagebrush::run::{RunDir, SeenLists};
use serde_json::Value;

use crate::data::Workspace;

/// The parts of a run, and what was said while it was made.
struct Cut {
    seen: SeenLists,
    test: sagebrush::data::ItemLists,
    split: Value,
    said: String,
}

impl Cut {
    fn users(lists: &sagebrush::data::ItemLists) -> BTreeSet<u32> {
        lists.pairs().map(|(user, _)| user).collect()
    }
}

fn cut(work: &Workspace, csv: &str, more: &[&str]) -> Cut {
    work.write("small.csv", csv.as_bytes());
    let train = [
        "train",
        "small.csv",
        "--out",
        "run",
        "--overwrite",
        "--model",
        "gf-cf",
        "--set",
        "filter.vectors=0",
    ];
    let output = work.succeed(&[&train, more].concat());
    let run = RunDir::open(work.path("run")).unwrap();
    let (users, items) = (run.users().unwrap().len(), run.items().unwrap().len());
    let data: Value = run.data().unwrap();
    Cut {
        seen: run.interactions(users, items).unwrap(),
        test: run.test(users, items).unwrap(),
        split: data["split"].clone(),
        said: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Items of users that are far apart, so that no two of a user are the same.
fn rows(csv: &mut String, prefix: &str, users: usize, each: usize) {
    for user in 0..users {
        for at in 0..each {
            writeln!(csv, "{prefix}{user},i{}", (user * 7 + at * 11) % 37).unwrap();
        }
    }
}

#[test]
fn a_random_split_of_short_histories_has_its_shares() {
    let work = Workspace::new();
    let mut csv = String::from("user_id,item_id\n");
    rows(&mut csv, "u", 100, 4);
    let found = cut(&work, &csv, &[]);
    assert_eq!(found.split["method"], "random");
    // A fifth of 400, and a tenth of the rest.
    assert_eq!(found.test.n_pairs(), 80);
    assert_eq!(found.seen.validation.n_pairs(), 32);
    assert!(Cut::users(&found.seen.validation).len() >= 20);
    assert_eq!(Cut::users(&found.seen.train).len(), 100);
    assert_eq!(found.split["test_share"], 0.2);
    assert_eq!(found.split["validation_share"], 0.1);
    let shares = "test 20.0% of the log, validation 10.0% of the rest";
    assert!(found.said.contains(shares), "{}", found.said);
    // The order of rows does not matter.
    let (header, body) = csv.split_once('\n').unwrap();
    let mut lines: Vec<&str> = body.lines().collect();
    lines.reverse();
    let again = cut(&work, &format!("{header}\n{}\n", lines.join("\n")), &[]);
    assert_eq!(again.test, found.test);
    assert_eq!(again.seen, found.seen);
    let other = cut(&work, &csv, &["--seed", "7"]);
    assert_ne!(other.test.items(), found.test.items());
}

#[test]
fn users_with_few_rows_are_held_out_as_often_as_others() {
    let work = Workspace::new();
    let mut csv = String::from("user_id,item_id\n");
    rows(&mut csv, "u", 190, 4);
    rows(&mut csv, "heavy", 10, 12);
    let found = cut(&work, &csv, &[]);
    // 880 rows: 176 are test, 70 of the 704 left validation.
    assert_eq!(found.test.n_pairs(), 176);
    assert_eq!(found.seen.validation.n_pairs(), 70);
    let validation = &found.seen.validation;
    let short: usize = (0..200)
        .filter(|&user| {
            let all = found.seen.train.of(user).len()
                + validation.of(user).len()
                + found.test.of(user).len();
            all == 4
        })
        .map(|user| validation.of(user).len())
        .sum();
    assert!(short >= 35, "{short} of 70");
}

#[test]
fn the_random_split_of_version_0_1_has_a_name() {
    let work = Workspace::new();
    let mut csv = String::from("user_id,item_id\n");
    rows(&mut csv, "u", 190, 4);
    rows(&mut csv, "heavy", 10, 12);
    let named = cut(&work, &csv, &["--split", "random-per-user"]);
    // Of 4 rows 1 is test and none validation; of 12 rows 2 are test and 1 validation.
    assert_eq!(named.seen.train.n_pairs(), 660);
    assert_eq!(named.seen.validation.n_pairs(), 10);
    assert_eq!(named.test.n_pairs(), 210);
    let set = cut(&work, &csv, &["--set", "split.draw=per-user"]);
    assert_eq!(set.split["method"], "random-per-user");
    assert_eq!(set.test, named.test);
}

#[test]
fn a_moment_that_time_cannot_part_is_parted_by_the_seed() {
    let work = Workspace::new();
    let mut csv = String::from("user_id,item_id,rating,timestamp\n");
    for user in 0..20 {
        for at in 0..6 {
            writeln!(
                csv,
                "{user},{},5,1600000000",
                100 + (user * 5 + at * 7) % 31
            )
            .unwrap();
        }
    }
    let found = cut(&work, &csv, &[]);
    assert_eq!(found.split["method"], "temporal");
    assert_eq!(found.test.n_pairs(), 24);
    assert!(Cut::users(&found.test).len() >= 12);
    assert_eq!(Cut::users(&found.seen.train).len(), 20);
    let said = "120 interactions at the moment where the test part begins (2020-09-13): time cannot part them";
    assert!(found.said.contains(said), "{}", found.said);
    assert_eq!(found.split["tied_cuts"][0]["n_interactions"], 120);
    assert_eq!(found.split["tied_cuts"][0]["n_after"], 24);
    work.succeed(&["evaluate", "--run", "run", "-k", "5", "-q"]);
}

/// 1000 interactions at moments of their own, but for those of `tied`, which share the first of theirs.
fn tied(tied: std::ops::Range<usize>) -> String {
    let mut csv = String::from("user_id,item_id,timestamp\n");
    for at in 0..1000 {
        let time = if tied.contains(&at) { tied.start } else { at };
        let (user, item) = (at % 50, (at / 50 + at * 3) % 97);
        writeln!(csv, "u{user},i{item},{}", 1_600_000_000 + time).unwrap();
    }
    csv
}

#[test]
fn a_cut_moves_to_the_next_moment_where_that_is_cheap() {
    let work = Workspace::new();
    // Without ties the cuts are at 800 and 720.
    let plain = cut(&work, &tied(0..1), &[]);
    assert_eq!(
        (plain.test.n_pairs(), plain.seen.validation.n_pairs()),
        (200, 80)
    );
    assert_eq!(plain.split["tied_cuts"], serde_json::json!([]));
    // 5 of the moment are before the cut and 7 after: it moves 5 back.
    let moved = cut(&work, &tied(795..807), &[]);
    assert_eq!(moved.test.n_pairs(), 205);
    assert!(
        moved.said.contains("12 interactions at the moment"),
        "{}",
        moved.said
    );
    assert!(
        moved.said.contains("the cut moved before them"),
        "{}",
        moved.said
    );
    let moved = cut(&work, &tied(780..803), &[]);
    assert_eq!(moved.test.n_pairs(), 197);
    assert!(
        moved.said.contains("the cut moved behind them"),
        "{}",
        moved.said
    );
    // Either end is 1% of the log away, or more.
    let drawn = cut(&work, &tied(790..810), &[]);
    assert_eq!(drawn.test.n_pairs(), 200);
    assert_eq!(drawn.split["tied_cuts"][0]["n_after"], 10);
}

#[test]
fn leaving_the_last_out_tells_ties() {
    let work = Workspace::new();
    let mut csv = String::from("user_id,item_id,timestamp\n");
    for user in 0..30 {
        for at in 0..4 {
            let time = if user < 12 { 0 } else { at };
            writeln!(
                csv,
                "u{user},i{},{}",
                (user * 7 + at * 11) % 37,
                1_600_000_000 + time
            )
            .unwrap();
        }
    }
    let found = cut(&work, &csv, &["--split", "leave-last-out"]);
    assert_eq!(found.split["n_tied_users"], 12);
    let said = "the last interactions of 12 users share a moment";
    assert!(found.said.contains(said), "{}", found.said);
    assert_eq!(
        (found.test.n_pairs(), found.seen.validation.n_pairs()),
        (30, 30)
    );
}

#[test]
fn a_split_that_measures_nobody_says_so_before_training() {
    let work = Workspace::new();
    let mut csv = String::from("user_id,item_id,rating,timestamp\n");
    for user in 0..60 {
        writeln!(csv, "u{user},i{},1,{}", user % 12, 1_600_000_000 + user).unwrap();
    }
    let found = cut(&work, &csv, &[]);
    let said = "none of the 5 validation users and 12 test users has a training item";
    let at = found
        .said
        .find(said)
        .unwrap_or_else(|| panic!("{}", found.said));
    let fitting = found.said.find("fitting on the training part").unwrap();
    assert!(at < fitting, "{}", found.said);
    assert_eq!(found.split["n_cold_validation_users"], 5);
}
