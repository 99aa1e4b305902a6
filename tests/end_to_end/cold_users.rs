//! Users and histories without a training interaction get what most have, for every model and wherever lists are made.

use std::fmt::Write as _;

use serde_json::Value;

use crate::data::{Workspace, log_csv};

/// The log of the others, and 30 users who come at its end, so that a temporal split trains on none of them.
fn with_newcomers() -> String {
    let mut csv = log_csv();
    for user in 0..30u32 {
        for step in 0..3 {
            let item = (user * 11 + step * 17) % 60;
            writeln!(csv, "late-{user},{item},5,{}", 1_700_000_000 + user).unwrap();
        }
    }
    csv
}

fn recall(group: &Value) -> f64 {
    group["metrics"]["recall@20"]["mean"].as_f64().unwrap()
}

#[test]
fn a_cold_user_is_served_the_most_popular_items() {
    let work = Workspace::new();
    work.write("late.csv", with_newcomers().as_bytes());
    for model in ["mf", "lightgcn", "gf-cf"] {
        let base = ["train", "late.csv", "--model", model, "--out", model, "-q"];
        // What is popular these days is another matter.
        let more: &[&str] = match model {
            "gf-cf" => &["--set", "prior.use=off"],
            _ => &["--dim", "8", "--epochs", "1", "--set", "prior.use=off"],
        };
        work.succeed(&[&base[..], more].concat());
        let evaluation = work.json(&["evaluate", "--run", model]);
        let systems = evaluation["systems"].as_array().unwrap();
        let of = |name: &str| {
            systems
                .iter()
                .find(|system| system["name"] == name)
                .unwrap()
        };
        assert_eq!(of(model)["cold"]["n_users"], 30, "{model}");
        assert_eq!(
            recall(&of(model)["cold"]),
            recall(&of("popularity")["cold"]),
            "{model}"
        );
        assert_ne!(of(model)["metrics"], of("popularity")["metrics"], "{model}");

        let users = ["--user", "late-3", "--user", "user-3"];
        let ask = ["recommend", "--run", model, "-k", "4"];
        let rows = work.json(&[&ask[..], &users].concat());
        let rows = rows.as_array().unwrap();
        let of_user =
            |user: &str| -> Vec<&Value> { rows.iter().filter(|row| row["user"] == user).collect() };
        assert!(
            of_user("late-3")
                .iter()
                .all(|row| row["source"] == "popularity"),
            "{model}"
        );
        assert!(
            of_user("user-3").iter().all(|row| row["source"].is_null()),
            "{model}"
        );
        // Counts of training interactions, falling, without what the user has.
        let scores: Vec<f64> = of_user("late-3")
            .iter()
            .map(|row| row["score"].as_f64().unwrap())
            .collect();
        assert!(scores.is_sorted_by(|a, b| a >= b) && scores[0].fract() == 0.0 && scores[0] > 9.0);
        let has: Vec<String> = (0..3)
            .map(|step| ((3 * 11 + step * 17) % 60).to_string())
            .collect();
        assert!(
            of_user("late-3")
                .iter()
                .all(|row| !has.contains(&row["item"].to_string()))
        );

        let all = [&ask[..], &["--all", "--out", "all.jsonl"]].concat();
        let told = String::from_utf8(work.succeed(&all).stderr).unwrap();
        assert!(
            told.contains("30 of 150 lists are those of the most popular items"),
            "{told}"
        );
        let text = String::from_utf8(work.read("all.jsonl")).unwrap();
        let marked = text
            .lines()
            .filter(|row| row.contains("\"source\":\"popularity\""));
        assert_eq!(marked.count(), 30 * 4);
    }
}

/// Item `late` is of the test part alone: a history of it tells a model nothing.
#[test]
fn a_history_of_untrained_items_gets_what_most_have() {
    let work = Workspace::new();
    let mut csv = log_csv();
    for user in 0..5 {
        writeln!(csv, "user-{user},late,5,1700000000").unwrap();
    }
    work.write("late.csv", csv.as_bytes());
    let train = [
        "train", "late.csv", "--model", "mf", "--dim", "8", "--epochs", "1", "--out", "mf", "-q",
    ];
    work.succeed(&train);
    let ask =
        |history: &str| work.json(&["recommend", "--run", "mf", "--history", history, "-k", "60"]);
    let (late, known) = (ask("late"), ask("late,3"));
    assert_eq!(late[0]["source"], "popularity");
    assert!(known[0]["source"].is_null());
    // Everything but the history.
    assert_eq!(late.as_array().unwrap().len(), 60);
}

#[test]
fn cold_users_of_the_bundled_log_are_served_as_well_as_by_popularity() {
    let work = Workspace::new();
    let train = [
        "train",
        "--bundled",
        "--model",
        "mf",
        "--epochs",
        "1",
        "--dim",
        "8",
        "--out",
        "run",
        "--no-refit",
        "-q",
    ];
    work.succeed(&train);
    let evaluation = work.json(&["evaluate", "--run", "run"]);
    let cold = &evaluation["systems"][0]["cold"];
    assert_eq!(cold["n_users"], 2602);
    // Popularity has .1310; nine tenths of it are .118.
    assert!(recall(cold) >= 0.118, "{}", recall(cold));
}
