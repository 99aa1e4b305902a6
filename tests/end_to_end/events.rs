//! Types of events, their weights, and what weights do where a setting asks for them.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use sagebrush::run::RunDir;
use serde_json::Value;

use crate::data::{Workspace, mean};

const WEIGHTS: &str = "view=1,cart=3,purchase=10";

/// 40 users who look at 12 of 30 items, put the first three into a cart and buy the first, with times; and a stray type
/// of event, `hover`, for two items of each that nothing else is known of.
fn events_csv() -> String {
    let mut csv = String::from("user_id,item_id,event,timestamp\n");
    let mut time = 1_600_000_000;
    for round in 0..12 {
        for user in 0..40 {
            let item = (user * 5 + round * 7) % 30;
            let mut row = |item: i32, event: &str| {
                time += 60;
                writeln!(csv, "u{user},i{item},{event},{time}").unwrap();
            };
            row(item, "view");
            if round < 3 {
                row(item, "cart");
            }
            if round == 0 {
                row(item, "purchase");
                row(item, "view");
                row((item + 1) % 30, "hover");
                row((item + 2) % 30, "hover");
            }
        }
    }
    csv
}

fn workspace() -> Workspace {
    let work = Workspace::new();
    work.write("events.csv", events_csv().as_bytes());
    work
}

fn inspect(work: &Workspace, more: &[&str]) -> Value {
    let arguments = ["inspect", "events.csv", "--event-weight"];
    work.json(&[&arguments, more].concat())
}

#[test]
fn events_of_weight_0_are_left_out_and_an_unknown_one_is_named() {
    let work = workspace();
    let plain = work.json(&["inspect", "events.csv"]);
    // 12 pairs of each of 40 users that are looked at, and two that are not.
    assert_eq!(plain["interactions"], 560);
    assert_eq!(plain["weight_range"], Value::Null);
    let weights = format!("{WEIGHTS},hover=0");
    let weighed = inspect(&work, &[&weights]);
    assert_eq!(weighed["interactions"], 480);
    assert_eq!(weighed["cleaning"]["zero_weight"], 80);
    assert_eq!(weighed["cleaning"]["columns"][0]["event"], "event");
    let unknown = ["inspect", "events.csv", "--event-weight", WEIGHTS];
    let said = "the event `hover` has no weight (those of view, cart, purchase have one)";
    work.refused(&unknown, 65, said);
    work.refused(&unknown, 65, "events.csv:6");
    let column = ["inspect", "events.csv", "--event-column", "event"];
    work.refused(&column, 2, "--event-weight");
    let no_column = ["inspect", "log.csv", "--event-weight", WEIGHTS];
    work.refused(&no_column, 65, "--event-column");
}

#[test]
fn repeats_are_the_latest_added_up_or_the_largest() {
    let work = workspace();
    let weights = format!("{WEIGHTS},hover=0");
    let range = |more: &[&str]| {
        let found = inspect(&work, &[&[&*weights], more].concat());
        let bound = |at: usize| found["weight_range"][at].as_f64().unwrap();
        (bound(0), bound(1))
    };
    // The first item of a user was viewed, put into a cart, bought and viewed again.
    assert_eq!(range(&[]), (1.0, 3.0));
    assert_eq!(range(&["--repeats", "sum"]), (1.0, 15.0));
    assert_eq!(range(&["--repeats", "max"]), (1.0, 10.0));
    // Without events rows are counted.
    let counted = work.json(&["inspect", "events.csv", "--repeats", "sum"]);
    assert_eq!(counted["weight_range"], serde_json::json!([1.0, 4.0]));
}

#[test]
fn what_weighs_0_is_in_no_list() {
    let work = workspace();
    let weights = format!("{WEIGHTS},hover=0");
    let train = [
        "train",
        "events.csv",
        "--event-weight",
        &weights,
        "--model",
        "gf-cf",
        "--out",
        "run",
    ];
    work.succeed(&[&train[..], &["--set", "filter.vectors=4", "-q"]].concat());
    let run = RunDir::open(work.path("run")).unwrap();
    let data: Value = run.data().unwrap();
    assert_eq!(data["n_interactions"], 480);
    let to_file = [
        "recommend",
        "--run",
        "run",
        "--all",
        "-k",
        "16",
        "--out",
        "top.csv",
        "-q",
    ];
    work.succeed(&to_file);
    let top = String::from_utf8(work.read("top.csv")).unwrap();
    let column = |name: &str| {
        top.lines()
            .next()
            .unwrap()
            .split(',')
            .position(|found| found == name)
    };
    let (user, item) = (column("user").unwrap(), column("item").unwrap());
    let listed = top.lines().skip(1).map(|row| {
        let fields: Vec<&str> = row.split(',').collect();
        (fields[user].to_owned(), fields[item].to_owned())
    });
    let listed: BTreeSet<(String, String)> = listed.collect();
    let had = events_csv();
    let had = had.lines().skip(1).map(|row| {
        let mut fields = row.split(',').map(str::to_owned);
        (fields.next().unwrap(), fields.next().unwrap())
    });
    let had: BTreeSet<(String, String)> = had.collect();
    assert!(!listed.is_empty());
    assert_eq!(listed.intersection(&had).count(), 0);
}

#[test]
fn weights_count_where_a_setting_asks_for_them() {
    let work = workspace();
    let weights = format!("{WEIGHTS},hover=0");
    let train = |model: &str, out: &str, more: &[&str]| {
        let arguments = [
            "train",
            "events.csv",
            "--event-weight",
            &weights,
            "--repeats",
            "sum",
            "--split",
            "random",
            "--model",
            model,
            "--out",
            out,
            "-q",
        ];
        let small: &[&str] = match model {
            "gf-cf" => &["--set", "filter.vectors=4"],
            _ => &["--dim", "8", "--epochs", "2", "--batch-size", "64"],
        };
        work.succeed(&[&arguments, small, more].concat());
    };
    let table = |run: &str| work.read(&format!("{run}/embeddings.safetensors"));
    train("lightgcn", "plain", &[]);
    train("lightgcn", "again", &[]);
    assert_eq!(table("again"), table("plain"));
    let stored = |run: &str| {
        let run = RunDir::open(work.path(run)).unwrap();
        let lists = run.interactions(40, 30).unwrap();
        (run.train_weights(&lists).ok(), lists.train.n_pairs())
    };
    assert_eq!(stored("plain").0, None);
    for setting in ["sampling.weighted_positives=true", "graph.weighted=true"] {
        train("lightgcn", "weighted", &["--set", setting, "--overwrite"]);
        assert_ne!(table("weighted"), table("plain"), "{setting}");
        let (weights, n) = stored("weighted");
        assert_eq!(weights.map(|weights| weights.len()), Some(n));
    }
    // Popularity by weight is another ranking, and is measured from the run alone.
    train("gf-cf", "users", &[]);
    train(
        "gf-cf",
        "sums",
        &["--set", "evaluation.weighted_popularity=true"],
    );
    train(
        "gf-cf",
        "history",
        &["--set", "filter.weighted_histories=true"],
    );
    let evaluated = |run: &str| work.json(&["evaluate", "--run", run, "-k", "5"]);
    let (users, sums, history) = (evaluated("users"), evaluated("sums"), evaluated("history"));
    let ndcg = |found: &Value, system: &str| mean(found, system, "ndcg@5");
    assert_ne!(ndcg(&users, "popularity"), ndcg(&sums, "popularity"));
    assert_eq!(ndcg(&users, "gf-cf"), ndcg(&sums, "gf-cf"));
    assert_ne!(ndcg(&users, "gf-cf"), ndcg(&history, "gf-cf"));
    // A log without weights is refused before it is trained on.
    let none = [
        "train",
        "events.csv",
        "--model",
        "mf",
        "--set",
        "sampling.weighted_positives=true",
        "--out",
        "none",
    ];
    work.refused(&none, 2, "--weight-column");
}

#[test]
fn events_are_read_in_every_format_with_names() {
    let work = Workspace::new();
    let rows = [
        ("u1", "i1", "view"),
        ("u1", "i1", "cart"),
        ("u2", "i1", "view"),
        ("u2", "i2", "hover"),
    ];
    let json: String = rows
        .iter()
        .map(|(user, item, event)| {
            format!("{{\"user\":\"{user}\",\"item\":\"{item}\",\"action\":\"{event}\"}}\n")
        })
        .collect();
    work.write("events.jsonl", json.as_bytes());
    let tabs: String = rows
        .iter()
        .map(|(user, item, event)| format!("{user}\t{item}\t{event}\n"))
        .collect();
    work.write(
        "events.inter",
        format!("user_id:token\titem_id:token\tkind:token\n{tabs}").as_bytes(),
    );
    let found = |name: &str, more: &[&str]| {
        let arguments = [
            "inspect",
            name,
            "--event-weight",
            "view=1,cart=2.5,hover=0",
            "--repeats",
            "sum",
        ];
        let found = work.json(&[&arguments, more].concat());
        (found["interactions"].clone(), found["weight_range"].clone())
    };
    let expected = (2.into(), serde_json::json!([1.0, 3.5]));
    assert_eq!(found("events.jsonl", &[]), expected);
    assert_eq!(found("events.inter", &["--event-column", "kind"]), expected);
}
