//! Lists as production needs them: K beyond the catalogue, batches from files, chosen items, keys with commas, shards.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use serde_json::Value;

use crate::data::Workspace;

/// Users `1` to `20`, items `101` to `112`: a user lacks three to five of them.
fn small_log() -> String {
    let mut csv = String::from("user_id,item_id,timestamp\n");
    for user in 1..=20u32 {
        for item in (0..12).filter(|item| (user * 7 + item * 5) % 12 < 7 + user % 3) {
            writeln!(
                csv,
                "{user},{},{}",
                101 + item,
                1_600_000_000 + (user * 37 + item * 101) % 997
            )
            .unwrap();
        }
    }
    csv
}

fn has(user: u32) -> BTreeSet<String> {
    let items = (0..12u32).filter(|item| (user * 7 + item * 5) % 12 < 7 + user % 3);
    items.map(|item| (101 + item).to_string()).collect()
}

/// A workspace with a run of [`small_log`].
fn trained() -> Workspace {
    let work = Workspace::new();
    work.write("small.csv", small_log().as_bytes());
    work.succeed(&[
        "train",
        "small.csv",
        "--model",
        "gf-cf",
        "--out",
        "run",
        "-q",
    ]);
    work
}

/// The items of each user in what `recommend --json` prints.
fn by_user(rows: &Value) -> BTreeMap<String, Vec<String>> {
    let mut lists = BTreeMap::<String, Vec<String>>::new();
    for row in rows.as_array().unwrap() {
        // Keys of numbers are numbers.
        let text = |name: &str| match row[name].as_str() {
            Some(text) => text.to_owned(),
            None => row[name].to_string(),
        };
        lists.entry(text("user")).or_default().push(text("item"));
    }
    lists
}

fn lists(work: &Workspace, arguments: &[&str]) -> BTreeMap<String, Vec<String>> {
    let base = ["recommend", "--run", "run"];
    by_user(&work.json(&[&base[..], arguments].concat()))
}

/// What a command that works says on stderr.
fn said(work: &Workspace, arguments: &[&str]) -> String {
    let output = work.succeed(&[&["recommend", "--run", "run"][..], arguments].concat());
    String::from_utf8(output.stderr).unwrap()
}

fn csv_lists(path: &Path) -> BTreeMap<String, Vec<String>> {
    let text = std::fs::read_to_string(path).unwrap();
    let mut lists = BTreeMap::<String, Vec<String>>::new();
    for row in text.lines().skip(1) {
        let cells: Vec<&str> = row.split(',').collect();
        let list = lists.entry(cells[0].to_owned()).or_default();
        list.push(cells[2].to_owned());
    }
    lists
}

#[test]
fn more_than_there_is_gives_what_there_is() {
    let work = trained();
    let n_missing = |user: u32| 12 - has(user).len();
    assert_eq!(lists(&work, &["--user", "1"])["1"].len(), n_missing(1));
    let remark = said(&work, &["--user", "1", "-k", "1000"]);
    assert!(remark.contains("the catalogue has 12 items"), "{remark}");
    assert!(!said(&work, &["--user", "1"]).contains("catalogue"));
    assert_eq!(
        lists(&work, &["--history", "101,102", "-k", "50"])["(history)"].len(),
        10
    );
    let told = said(&work, &["--all", "-k", "1000", "--out", "all.csv"]);
    let all = csv_lists(&work.path("all.csv"));
    for (user, list) in &all {
        let user: u32 = user.parse().unwrap();
        assert_eq!(list.len(), n_missing(user), "{user}");
        assert!(has(user).is_disjoint(&list.iter().cloned().collect()));
    }
    let rows: usize = all.values().map(Vec::len).sum();
    let summary = format!("20 users, {rows} rows, 3 to 5 items each, in all.csv");
    assert!(told.contains(&summary), "{summary}: {told}");
    let json = [
        "recommend",
        "--run",
        "run",
        "--all",
        "-k",
        "8",
        "--out",
        "all.csv",
    ];
    let json = work.json(&json);
    assert_eq!((&json["users"], &json["rows"]), (&20.into(), &rows.into()));
    assert_eq!(
        (&json["shortest"], &json["longest"]),
        (&3.into(), &5.into())
    );

    let similar = work.json(&["similar", "--run", "run", "--item", "101", "-k", "900"]);
    assert_eq!(similar.as_array().unwrap().len(), 11);
    let evaluated = work.json(&["evaluate", "--run", "run", "-k", "1000"]);
    // Every item is ranked, so every item that is not left out is found.
    assert_eq!(
        evaluated["systems"][0]["metrics"]["recall@1000"]["mean"],
        1.0
    );
    // Nothing was written before all was checked.
    let failed = ["recommend", "--run", "run", "--all", "--category", "none"];
    let output = work.refused(&failed, 65, "--items FILE");
    assert!(output.stdout.is_empty());
}

#[test]
fn an_unknown_user_spoils_no_batch() {
    let work = trained();
    let both = ["--user", "1", "--user", "nobody", "-k", "2"];
    assert_eq!(lists(&work, &both).keys().collect::<Vec<_>>(), ["1"]);
    assert!(said(&work, &both).contains("unknown user `nobody`"));
    work.refused(
        &["recommend", "--run", "run", "--user", "nobody"],
        65,
        "nobody",
    );

    work.write("users.txt", b"1\n7\nnobody\n20\n");
    work.write(
        "users.csv",
        b"user_id,since\n7,2020\n1,2021\n99,2022\nx,2022\n20,2023\n",
    );
    work.write(
        "users.jsonl",
        b"{\"user_id\": 7}\n{\"user_id\": 1}\n{\"user_id\": 20}\n",
    );
    let alone = lists(&work, &["--user", "1", "--user", "7", "--user", "20"]);
    for file in ["users.txt", "users.csv", "users.jsonl", "small.csv"] {
        let mut found = lists(&work, &["--users", file]);
        if file == "small.csv" {
            assert_eq!(found.len(), 20);
            found.retain(|user, _| alone.contains_key(user));
        }
        assert_eq!(found, alone, "{file}");
    }
    let remark = said(&work, &["--users", "users.csv", "--out", "some.csv"]);
    assert!(
        remark.contains("2 of 5 users") && remark.contains("`99`, `x`"),
        "{remark}"
    );
    assert_eq!(csv_lists(&work.path("some.csv")), alone);
    let more = lists(
        &work,
        &["--users", "users.txt", "--user", "3", "--user", "7"],
    );
    assert_eq!(more.keys().collect::<Vec<_>>(), ["1", "20", "3", "7"]);
    work.write("none.txt", b"nobody\nno one\n");
    work.refused(
        &["recommend", "--run", "run", "--users", "none.txt"],
        65,
        "unknown user",
    );
    work.write("empty.txt", b"\n");
    work.refused(
        &["recommend", "--run", "run", "--users", "empty.txt"],
        65,
        "empty.txt",
    );
}

#[cfg(feature = "parquet")]
#[test]
fn users_and_histories_come_as_parquet_too() {
    let work = trained();
    // Lists are a log as good as another: a user column, an item column.
    let write = [
        "recommend",
        "--run",
        "run",
        "--user",
        "3",
        "--user",
        "5",
        "-k",
        "2",
    ];
    work.succeed(&[&write[..], &["--out", "log.parquet", "-q"]].concat());
    let given = lists(&work, &["--user", "3", "--user", "5", "-k", "2"]);
    assert_eq!(lists(&work, &["--users", "log.parquet", "-k", "2"]), given);
    let histories = lists(&work, &["--histories", "log.parquet", "-k", "3"]);
    for (user, items) in &given {
        let by_hand = ["--history", &items.join(","), "-k", "3"];
        assert_eq!(
            histories[user],
            lists(&work, &by_hand)["(history)"],
            "{user}"
        );
    }
}

#[test]
fn histories_of_a_file_have_lists_under_their_names() {
    let work = trained();
    work.write(
        "histories.csv",
        b"user_id,item_id\nann,101\nann,104\nbob,102\nbob,105\nbob,999\ncy,998\n",
    );
    let found = lists(&work, &["--histories", "histories.csv", "-k", "20"]);
    assert_eq!(found.keys().collect::<Vec<_>>(), ["ann", "bob", "cy"]);
    for (name, items) in [("ann", "101,104"), ("bob", "102,105")] {
        let by_hand = lists(&work, &["--history", items, "-k", "20"]);
        assert_eq!(found[name], by_hand["(history)"], "{name}");
        assert_eq!(found[name].len(), 10);
    }
    let rows = work.json(&["recommend", "--run", "run", "--histories", "histories.csv"]);
    let source = |name: &str| {
        let mut rows = rows.as_array().unwrap().iter();
        rows.find(|row| row["user"] == name).unwrap()["source"].clone()
    };
    assert_eq!(
        (source("ann"), source("cy")),
        (Value::Null, "popularity".into())
    );
    let remark = said(&work, &["--histories", "histories.csv", "--out", "h.jsonl"]);
    assert!(
        remark.contains("2 of 6 items") && remark.contains("`998`, `999`"),
        "{remark}"
    );
    assert!(
        remark.contains("1 of 3 lists are those of the most popular items"),
        "{remark}"
    );
    // Adjacency lists are a log as well.
    work.write("lists.txt", b"1 101 104\n2 102 105 103\n");
    let found = lists(&work, &["--histories", "lists.txt", "-k", "20"]);
    assert_eq!(found["2"].len(), 9);
}

/// What a person disliked is had and is no reason to recommend the like of it.
#[test]
fn a_history_with_low_ratings_is_what_was_liked() {
    let work = Workspace::new();
    let rated = small_log()
        .replace("\n", ",5\n")
        .replacen(",5\n", ",rating\n", 1);
    work.write("rated.csv", rated.as_bytes());
    let train = [
        "train",
        "rated.csv",
        "--model",
        "gf-cf",
        "--min-rating",
        "3",
        "--out",
        "run",
        "-q",
    ];
    work.succeed(&train);
    work.write(
        "h.csv",
        b"user_id,item_id,rating\nann,101,5\nann,104,1\nann,102,4\n",
    );
    let found = lists(&work, &["--histories", "h.csv", "-k", "20"])["ann"].clone();
    let mut liked = lists(&work, &["--history", "101,102", "-k", "20"])["(history)"].clone();
    liked.retain(|item| item != "104");
    assert_eq!(found, liked);
}

/// Where the histories of training count by their weights, those that are given do; elsewhere an item is an item.
#[test]
fn the_weights_of_given_histories_count_where_those_of_training_do() {
    let work = Workspace::new();
    let rated = small_log()
        .replace("\n", ",2\n")
        .replacen(",2\n", ",rating\n", 1);
    work.write("rated.csv", rated.as_bytes());
    work.write(
        "h.csv",
        b"user_id,item_id,rating\nann,101,9\nann,104,1\nbob,101,1\nbob,104,9\ncy,101,1\ncy,104,1\n",
    );
    for (weighted, out) in [("false", "plain"), ("true", "weighted")] {
        let set = format!("filter.weighted_histories={weighted}");
        let train = [
            "train",
            "rated.csv",
            "--model",
            "gf-cf",
            "--set",
            &set,
            "--out",
            out,
            "-q",
        ];
        work.succeed(&train);
        let ask = [
            "recommend",
            "--run",
            out,
            "-k",
            "20",
            "--histories",
            "h.csv",
        ];
        let rows = work.json(&ask);
        let scores = |name: &str| {
            let rows = rows
                .as_array()
                .unwrap()
                .iter()
                .filter(|row| row["user"] == name);
            let score = |row: &Value| (row["item"].to_string(), row["score"].as_f64().unwrap());
            rows.map(score).collect::<BTreeMap<_, _>>()
        };
        let [ann, bob, cy] = ["ann", "bob", "cy"].map(scores);
        assert_eq!(ann == bob, weighted == "false");
        // Scores are linear in the history: 9 and 1 plus 1 and 9 are ten times 1 and 1.
        for (item, of_cy) in cy {
            let factor = if weighted == "true" { 10.0 } else { 2.0 };
            assert!((ann[&item] + bob[&item] - factor * of_cy).abs() < 1e-4 * (1.0 + of_cy.abs()));
        }
    }
}

#[test]
fn lists_keep_to_some_items_and_leave_out_others() {
    let work = trained();
    work.write("exclude.txt", b"101\n102\n103\n");
    work.write("only.txt", b"104\n105\n106\n107\n999\n");
    work.write("only.csv", b"item_id,title\n104,a\n105,b\n106,c\n107,d\n");
    work.write("histories.csv", b"user_id,item_id\nann,101\nann,104\n");
    let whole = lists(&work, &["--all", "-k", "12"]);
    let keep = |wanted: &dyn Fn(&str) -> bool, k: usize| {
        let mut lists = whole.clone();
        for list in lists.values_mut() {
            list.retain(|item| wanted(item));
            list.truncate(k);
        }
        lists.retain(|_, list| !list.is_empty());
        lists
    };
    let is_out = |item: &str| ["101", "102", "103"].contains(&item);
    let is_in = |item: &str| ["104", "105", "106", "107"].contains(&item);
    let without = lists(&work, &["--all", "-k", "3", "--exclude", "exclude.txt"]);
    assert_eq!(without, keep(&|item| !is_out(item), 3));
    for only in ["only.txt", "only.csv"] {
        let among = lists(&work, &["--all", "-k", "3", "--only", only]);
        assert_eq!(among, keep(&is_in, 3), "{only}");
    }
    let remark = said(&work, &["--all", "--only", "only.txt", "--out", "x.csv"]);
    assert!(
        remark.contains("1 of 5 items are not in the run: `999`"),
        "{remark}"
    );
    for arguments in [
        &["--user", "3"][..],
        &["--history", "101,104"],
        &["--histories", "histories.csv"],
        &["--users", "small.csv"],
    ] {
        let ask = |more: &[&str]| lists(&work, &[arguments, more].concat());
        let listed = ask(&["--only", "only.txt", "-k", "9"]);
        assert!(
            listed.values().flatten().all(|item| is_in(item)),
            "{arguments:?}"
        );
        let listed = ask(&["--exclude", "exclude.txt", "-k", "9"]);
        assert!(
            !listed.values().flatten().any(|item| is_out(item)),
            "{arguments:?}"
        );
    }
    let similar = |more: &[&str]| {
        let base = ["similar", "--run", "run", "--item", "105", "-k", "11"];
        let rows = work.json(&[&base[..], more].concat());
        let items = rows.as_array().unwrap().iter();
        items.map(|row| row["item"].to_string()).collect::<Vec<_>>()
    };
    let mut expected = similar(&[]);
    assert_eq!(expected.len(), 11);
    expected.retain(|item| is_in(item));
    assert_eq!(similar(&["--only", "only.txt"]), expected);
    assert_eq!(similar(&["--exclude", "exclude.txt"]).len(), 8);
    work.write("unknown.txt", b"999\n998\n");
    let unknown = [
        "recommend",
        "--run",
        "run",
        "--all",
        "--only",
        "unknown.txt",
    ];
    let output = work.refused(&unknown, 65, "999");
    assert!(output.stdout.is_empty());
}

#[test]
fn keys_may_hold_commas_quotes_and_blanks() {
    let work = Workspace::new();
    let authors = [
        "Abe, Kobo",
        "Eco",
        "Lem",
        "O'Neil, Ann",
        "Say \"Hi\"",
        "Two  Words",
        "a,b,c",
    ];
    let mut csv = String::from("user_id,item_id,timestamp\n");
    for user in 0..30usize {
        for (at, author) in authors.iter().enumerate() {
            if !(user + at * 2).is_multiple_of(3) {
                let (author, time) = (author.replace('"', "\"\""), (user * 31 + at * 17) % 97);
                writeln!(csv, "u{user},\"{author}\",{}", 1_600_000_000 + time).unwrap();
            }
        }
    }
    work.write("authors.csv", csv.as_bytes());
    work.succeed(&[
        "train",
        "authors.csv",
        "--model",
        "gf-cf",
        "--out",
        "run",
        "-q",
    ]);
    let others = |given: &[&str]| -> BTreeSet<String> {
        let others = authors.iter().filter(|author| !given.contains(author));
        others.map(|author| (*author).to_owned()).collect()
    };
    work.write("h.txt", b"O'Neil, Ann\nLem\n");
    for (arguments, given) in [
        (&["--history", "O'Neil, Ann"][..], &["O'Neil, Ann"][..]),
        (
            &["--history", "O'Neil, Ann", "--history", "Lem"],
            &["O'Neil, Ann", "Lem"],
        ),
        (
            &["--history", "Lem,O'Neil, Ann,Eco"],
            &["O'Neil, Ann", "Lem", "Eco"],
        ),
        (
            &["--history-item", "O'Neil, Ann", "--history-item", "Lem"],
            &["O'Neil, Ann", "Lem"],
        ),
        (
            &["--history-file", "h.txt", "--history", "Eco"],
            &["O'Neil, Ann", "Lem", "Eco"],
        ),
        (&["--history", "a,b,c"], &["a,b,c"]),
        (&["--history-item", "Say \"Hi\""], &["Say \"Hi\""]),
        (&["--history", "Two  Words"], &["Two  Words"]),
    ] {
        let found = &lists(&work, arguments)["(history)"];
        assert_eq!(
            found.iter().cloned().collect::<BTreeSet<_>>(),
            others(given),
            "{arguments:?}"
        );
        assert!(
            !said(&work, arguments).contains("left out"),
            "{arguments:?}"
        );
    }
    work.write("only.txt", b"O'Neil, Ann\n\"Abe, Kobo\"\n");
    let only = &lists(&work, &["--history", "Lem", "--only", "only.txt"])["(history)"];
    assert_eq!(only.len(), 2);
    let refused = ["recommend", "--run", "run", "--history", "nothing"];
    work.refused(&refused, 65, "unknown item `nothing`");
}

#[test]
fn shards_are_disjoint_and_whole() {
    let work = trained();
    let whole = lists(&work, &["--all", "-k", "3"]);
    for others in [&["--all"][..], &["--users", "small.csv"]] {
        let mut union = BTreeMap::new();
        for shard in ["1/3", "2/3", "3/3"] {
            let arguments = [others, &["-k", "3", "--shard", shard]].concat();
            let part = lists(&work, &arguments);
            assert_eq!(part, lists(&work, &arguments), "the same each time");
            assert!(part.len() < whole.len());
            for (user, list) in part {
                assert!(union.insert(user, list).is_none(), "{shard}: twice");
            }
        }
        assert_eq!(union, whole);
    }
    work.refused(
        &["recommend", "--run", "run", "--all", "--shard", "0/3"],
        2,
        "1/4",
    );
}

#[test]
fn a_category_of_the_item_file_is_kept_to() {
    let work = Workspace::new();
    work.write("small.csv", small_log().as_bytes());
    let mut items = String::from("item_id,title,category\n");
    for item in 101..=112 {
        let kind = if item % 2 == 0 { "even" } else { "odd" };
        let more = if item % 4 == 0 { "|four" } else { "" };
        writeln!(items, "{item},Item {item},{kind}{more}").unwrap();
    }
    work.write("items.csv", items.as_bytes());
    let train = [
        "train",
        "small.csv",
        "--items",
        "items.csv",
        "--model",
        "gf-cf",
        "--out",
        "run",
        "-q",
    ];
    work.succeed(&train);
    let whole = lists(&work, &["--all", "-k", "12"]);
    for (name, divisor) in [("even", 2), ("four", 4), ("FOUR", 4)] {
        let mut expected = whole.clone();
        for list in expected.values_mut() {
            list.retain(|item| item.parse::<u32>().unwrap().is_multiple_of(divisor));
        }
        expected.retain(|_, list| !list.is_empty());
        assert_eq!(
            lists(&work, &["--all", "-k", "12", "--category", name]),
            expected,
            "{name}"
        );
    }
    let similar = [
        "similar",
        "--run",
        "run",
        "--item",
        "101",
        "--category",
        "four",
    ];
    assert_eq!(work.json(&similar).as_array().unwrap().len(), 3);
    let unknown = ["recommend", "--run", "run", "--all", "--category", "five"];
    work.refused(&unknown, 65, "there are even, four, odd");
}
