//! `recommend --why`, end to end: for every kind of model the reasons add up to the score of the list.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::data::Workspace;

/// Models with the settings of their training, and how they account for the lists of trained users.
const MODELS: [(&str, &[&str], &str); 7] = [
    ("gf-cf", &["--set", "filter.vectors=6"], "exact"),
    ("chebycf", &["--set", "filter.vectors=6"], "exact"),
    (
        "item-knn",
        &["--set", "item_knn.half_life_days=90"],
        "exact",
    ),
    ("ease", &[], "exact"),
    ("ials", &["--set", "ials.dim=12"], "exact"),
    ("mf", &["--dim", "8", "--epochs", "1"], "similar"),
    ("lightgcn", &["--dim", "8", "--epochs", "1"], "similar"),
];

/// A run of `log.csv` in the folder `run`.
fn trained(model: &str, more: &[&str]) -> Workspace {
    let work = Workspace::new();
    let fixed = ["train", "log.csv", "--model", model, "--out", "run", "-q"];
    work.succeed(&[&fixed[..], more].concat());
    work
}

fn ask(work: &Workspace, more: &[&str]) -> Vec<Value> {
    let rows = work.json(&[&["recommend", "--run", "run"][..], more].concat());
    rows.as_array().unwrap().clone()
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap()
}

/// The sum that is told of a place, and the size of its parts.
fn sum(why: &Value) -> (f64, f64) {
    let reasons = why["items"].as_array().unwrap().iter();
    let others = why["others"].as_f64().unwrap_or_default();
    let parts = reasons.map(|reason| number(&reason["share"]));
    let parts: Vec<f64> = parts.chain([others, number(&why["popularity"])]).collect();
    (
        parts.iter().sum(),
        parts.iter().map(|part| part.abs()).sum(),
    )
}

#[test]
fn the_reasons_of_every_model_add_up_to_its_scores() {
    for (model, more, how) in MODELS {
        let work = trained(model, more);
        let log = String::from_utf8(work.read("log.csv")).unwrap();
        let has = |item: &Value| log.contains(&format!("user-3,{item},"));
        let user = ["--user", "user-3", "-k", "7"];
        let rows = ask(&work, &[&user[..], &["--why"]].concat());
        let strangers = ask(&work, &["--history", "1,3,5,20", "--why", "-k", "7"]);
        for (rows, expected) in [(&rows, how), (&strangers, "exact")] {
            assert_eq!(rows.len(), 7, "{model}");
            for row in rows {
                let (why, score) = (&row["why"], number(&row["score"]));
                assert_eq!(why["how"], expected, "{model}: {row}");
                let (sum, size) = sum(why);
                let rest = number(&why["rest"]);
                let error = (sum + rest - score).abs();
                assert!(error < 1e-5 * (size + rest.abs()), "{model}: {row}");
                assert!(how != "exact" || rest.abs() < 1e-4 * size, "{model}: {row}");
                let reasons = why["items"].as_array().unwrap();
                let shares = reasons.iter().map(|reason| number(&reason["share"]));
                assert!(shares.is_sorted_by(|a, b| a >= b), "{model}: {row}");
            }
        }
        let reasons = rows
            .iter()
            .flat_map(|row| row["why"]["items"].as_array().unwrap());
        let reasons: Vec<&Value> = reasons.collect();
        assert!(!reasons.is_empty() && reasons.iter().all(|reason| has(&reason["item"])));
        // Without the flag the list is the same, and says nothing.
        let plain = ask(&work, &user);
        for (plain, row) in plain.iter().zip(&rows) {
            assert!(plain["why"].is_null());
            assert_eq!(
                (&plain["item"], &plain["score"]),
                (&row["item"], &row["score"])
            );
        }
    }
}

/// The scores of all items for a history, by item.
fn scores(work: &Workspace, history: &[&str]) -> BTreeMap<String, (f64, Value)> {
    let history = history.join(",");
    let rows = ask(
        work,
        &["--history", &history, "--include-seen", "-k", "60", "--why"],
    );
    let entry = |row: &Value| {
        (
            row["item"].to_string(),
            (number(&row["score"]), row["why"].clone()),
        )
    };
    rows.iter().map(entry).collect()
}

/// The independent check: what an item adds is what the scores lose when it is left out.
#[test]
fn a_share_is_what_the_scores_lose_without_the_item() {
    for (model, more, _) in &MODELS[..4] {
        let work = trained(model, more);
        let history = ["1", "3", "5", "20"];
        let whole = scores(&work, &history);
        assert_eq!(whole.len(), 60);
        for (left_out, key) in history.iter().enumerate() {
            let id: u64 = key.parse().unwrap();
            let mut shorter = history.to_vec();
            shorter.remove(left_out);
            let shorter = scores(&work, &shorter);
            for (item, (score, why)) in &whole {
                let reasons = why["items"].as_array().unwrap().iter();
                let mut own = reasons.filter(|reason| reason["item"] == id);
                let share = own.next().map_or(0.0, |reason| number(&reason["share"]));
                let lost = score - shorter[item].0;
                let size = sum(why).1;
                assert!(
                    (share - lost).abs() <= 1e-4 * size,
                    "{model}, {item}, {key}: {share}, {lost}"
                );
            }
        }
    }
}

#[test]
fn a_table_names_three_reasons_and_json_lines_as_many_as_are_asked_for() {
    let work = trained("item-knn", &["--set", "prior.weight=0.5"]);
    let base = [
        "recommend",
        "--run",
        "run",
        "--user",
        "user-3",
        "-k",
        "2",
        "--why",
    ];
    let output = work.succeed(&base);
    let table = String::from_utf8(output.stdout).unwrap();
    let rows: Vec<Vec<&str>> = table
        .lines()
        .map(|line| line.split('\t').collect())
        .collect();
    assert_eq!(rows[0], ["user", "rank", "item", "score", "share", "title"]);
    let places: Vec<usize> = (1..rows.len())
        .filter(|&at| !rows[at][0].is_empty())
        .collect();
    assert_eq!(places.len(), 2, "{table}");
    let reasons = &rows[places[0] + 1..places[1]];
    let named = reasons.iter().filter(|row| !row[2].starts_with('('));
    assert!((1..=3).contains(&named.count()), "{table}");
    assert!(
        reasons.iter().any(|row| row[2] == "(popularity)"),
        "{table}"
    );
    assert!(
        reasons
            .iter()
            .all(|row| row[3].is_empty() && row[4].starts_with(['+', '-'])),
        "{table}"
    );
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("exact: the shares and popularity add up"),
        "{said}"
    );

    let lines = work.succeed(&[&base[..], &["--reasons", "1", "--to", "jsonl"]].concat());
    let lines = String::from_utf8(lines.stdout).unwrap();
    for line in lines.lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        assert_eq!(row["why"]["items"].as_array().unwrap().len(), 1, "{line}");
        let rest = number(&row["score"]) - sum(&row["why"]).0;
        assert!(rest.abs() < 1e-4, "{line}");
    }
    work.refused(&[&base[..], &["--to", "csv"]].concat(), 2, "`--to jsonl`");
    work.refused(
        &["recommend", "--run", "run", "--all", "--why"],
        2,
        "`--to jsonl`",
    );
    let no_why = [
        "recommend",
        "--run",
        "run",
        "--user",
        "user-3",
        "--reasons",
        "2",
    ];
    work.refused(&no_why, 2, "--why");
}

#[test]
fn people_of_a_file_and_popular_lists_have_reasons_too() {
    let work = trained("gf-cf", &["--set", "filter.vectors=6"]);
    let people = "user_id,item_id\nann,1\nann,3\nbob,20\n";
    work.write("people.csv", people.as_bytes());
    let rows = ask(&work, &["--histories", "people.csv", "--why", "-k", "3"]);
    assert_eq!(rows.len(), 6);
    for row in &rows {
        assert_eq!(row["why"]["how"], "exact", "{row}");
        let own: &[&str] = match row["user"].as_str() {
            Some("ann") => &["1", "3"],
            _ => &["20"],
        };
        let reasons = row["why"]["items"].as_array().unwrap().iter();
        let mut keys = reasons.map(|reason| reason["item"].to_string());
        assert!(keys.all(|key| own.contains(&&*key)), "{row}");
    }
    let popular = trained("popularity", &[]);
    let base = ["recommend", "--run", "run", "--user", "user-3", "--why"];
    let said = popular.succeed(&base).stderr;
    let said = String::from_utf8(said).unwrap();
    assert!(
        said.contains("no item of the user has a part in it"),
        "{said}"
    );
    for row in ask(&popular, &["--user", "user-3", "--why"]) {
        assert_eq!(row["why"]["how"], "popularity");
        assert_eq!(row["why"]["popularity"], row["score"]);
    }
}

/// Users of PinSAGE are means of their items, the newer ones counting more; after a refresh, of what came since, too. So
/// are those of iALS, but for the means.
#[test]
fn vectors_made_of_histories_are_explained_after_a_refresh_too() {
    for (model, more) in [
        (
            "pinsage",
            &[
                "--items",
                "items.csv",
                "--epochs",
                "1",
                "--set",
                "pinsage.half_life_days=60",
            ][..],
        ),
        ("ials", &["--set", "ials.dim=12"]),
    ] {
        let work = Workspace::new();
        let items = (0..60).map(|item| format!("{item},thing {} {item}\n", item / 15));
        let items = format!("item_id,title\n{}", items.collect::<String>());
        work.write("items.csv", items.as_bytes());
        let fixed = ["train", "log.csv", "--model", model, "--out", "run", "-q"];
        work.succeed(&[&fixed[..], more].concat());
        let assert_exact = |who: &str| {
            for row in ask(&work, &["--user", who, "--why"]) {
                assert_eq!(row["why"]["how"], "exact", "{model}: {row}");
                let (sum, size) = sum(&row["why"]);
                let error = (sum - number(&row["score"])).abs();
                assert!(error < 1e-4 * size, "{model}: {row}");
            }
        };
        assert_exact("user-3");
        let log = String::from_utf8(work.read("log.csv")).unwrap();
        let has = |item: u32| log.contains(&format!("user-3,{item},"));
        let new = (0..60).find(|&item| !has(item)).unwrap();
        let newer = format!(
            "{log}user-3,{new},5,1610100000\nsomebody,1,5,1610100000\nsomebody,{new},5,1610200000\n"
        );
        work.write("newer.csv", newer.as_bytes());
        work.succeed(&["refresh", "--run", "run", "newer.csv", "-q"]);
        assert_exact("user-3");
        assert_exact("somebody");
        let rows = ask(&work, &["--user", "user-3", "--why"]);
        let named = rows
            .iter()
            .flat_map(|row| row["why"]["items"].as_array().unwrap());
        let mut named = named.map(|reason| reason["item"].to_string());
        assert!(named.any(|item| item == new.to_string()), "{model}");
    }
}
