//! Re-ranked lists end to end: `recommend --diversity`, `--damp-popularity` and `--category-cap`, and `evaluate --rerank`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value;

use crate::data::Workspace;

/// The category of an item of `log.csv`: its group of fifteen.
fn category(item: u64) -> u64 {
    item / 15
}

/// A run with categories in the folder `run`.
fn trained(model: &str, more: &[&str]) -> Workspace {
    let work = Workspace::new();
    let mut items = "item_id,category\n".to_owned();
    for item in 0..60 {
        writeln!(items, "{item},group {}", category(item)).unwrap();
    }
    work.write("items.csv", items.as_bytes());
    let fixed = [
        "train",
        "log.csv",
        "--items",
        "items.csv",
        "--model",
        model,
        "--out",
        "run",
        "-q",
    ];
    work.succeed(&[&fixed[..], more].concat());
    work
}

/// The lists of all users: items with their scores.
fn lists(work: &Workspace, more: &[&str]) -> BTreeMap<String, Vec<(u64, f64)>> {
    let fixed = ["recommend", "--run", "run", "--all", "--to", "jsonl"];
    let output = work.succeed(&[&fixed[..], more].concat());
    let mut lists = BTreeMap::<String, Vec<(u64, f64)>>::new();
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        let place = (
            row["item"].as_u64().unwrap(),
            row["score"].as_f64().unwrap(),
        );
        lists
            .entry(row["user"].to_string())
            .or_default()
            .push(place);
    }
    lists
}

#[test]
fn a_cap_holds_in_every_list_and_scores_stay() {
    let work = trained("gf-cf", &["--set", "filter.vectors=6"]);
    let plain = lists(&work, &["-k", "8"]);
    let nothing = ["--diversity", "0", "--damp-popularity", "0"];
    assert_eq!(lists(&work, &[&["-k", "8"][..], &nothing].concat()), plain);
    let all = lists(&work, &["-k", "60"]);
    let most = |lists: &BTreeMap<String, Vec<(u64, f64)>>| {
        let of = |list: &Vec<(u64, f64)>| {
            let count = |group| {
                list.iter()
                    .filter(|place| category(place.0) == group)
                    .count()
            };
            (0..4).map(count).max().unwrap()
        };
        lists.values().map(of).max().unwrap()
    };
    assert!(most(&plain) > 4);
    for more in [
        &["--category-cap", "2"][..],
        &[
            "--category-cap",
            "2",
            "--diversity",
            "0.5",
            "--damp-popularity",
            "0.3",
        ],
        &["--diversity", "0.5"],
        &["--damp-popularity", "0.7"],
    ] {
        let reranked = lists(&work, &[&["-k", "8"], more].concat());
        assert_ne!(reranked, plain, "{more:?}");
        let is_capped = more[0] == "--category-cap";
        assert!(!is_capped || most(&reranked) == 2, "{more:?}");
        for (user, list) in &reranked {
            assert_eq!(list.len(), 8, "{more:?}");
            assert!(
                list.iter().all(|place| all[user].contains(place)),
                "{more:?}"
            );
            let mut items: Vec<u64> = list.iter().map(|place| place.0).collect();
            items.sort_unstable();
            items.dedup();
            assert_eq!(items.len(), 8, "{more:?}");
        }
    }
    // Two of each of four categories, and no more; K beyond the catalogue asks for no other.
    let capped = lists(&work, &["-k", "500", "--category-cap", "2"]);
    assert!(capped.values().all(|list| list.len() == 8));
    let history = [
        "recommend",
        "--run",
        "run",
        "--history",
        "1,3",
        "-k",
        "4",
        "--category-cap",
        "1",
        "--why",
    ];
    let rows = work.json(&history);
    let rows = rows.as_array().unwrap();
    assert_eq!(rows.len(), 4);
    assert!(rows.iter().all(|row| row["why"]["how"] == "exact"));
}

fn openings(work: &Workspace) -> usize {
    let path = work.path("run/openings.jsonl");
    std::fs::read_to_string(path).map_or(0, |text| text.lines().count())
}

#[test]
fn an_evaluation_tells_the_price_and_keeps_its_own_figures() {
    let work = trained("ials", &["--set", "ials.dim=12"]);
    let plain = work.json(&["evaluate", "--run", "run", "-k", "5"]);
    let recorded = work.read("run/evaluation.json");
    assert_eq!(openings(&work), 1);
    let settings = "diversity=0.5,damp-popularity=0.2,category-cap=2";
    let evaluate = ["evaluate", "--run", "run", "-k", "5", "--rerank", settings];
    let priced = work.json(&evaluate);
    assert_eq!(openings(&work), 2);
    assert_eq!(work.read("run/evaluation.json"), recorded);
    assert_eq!(priced["systems"], plain["systems"]);
    let price = &priced["reranked"];
    let given = &price["settings"];
    assert_eq!(
        (
            &given["diversity"],
            &given["popularity_damping"],
            &given["category_cap"]
        ),
        (&0.5.into(), &0.2.into(), &2.into())
    );
    let differences = price["comparison"]["differences"].as_array().unwrap();
    let of = |name: &str| differences.iter().find(|d| d["metric"] == name).unwrap();
    for metric in ["recall@5", "ndcg@5"] {
        let mean = &plain["systems"][0]["metrics"][metric]["mean"];
        assert_eq!(&of(metric)["baseline"], mean, "{metric}");
    }
    let beyond = &plain["systems"][0]["beyond"];
    let near = |a: &Value, b: &Value| (a.as_f64().unwrap() - b.as_f64().unwrap()).abs() < 1e-9;
    assert!(near(&of("novelty@5")["baseline"], &beyond["novelty@5"]));
    assert!(near(&price["coverage"][0], &beyond["coverage@5"]));
    let change = |name: &str| of(name)["difference"].as_f64().unwrap();
    assert!(change("similarity@5") < 0.0 && change("novelty@5") > 0.0);
    let output = work.succeed(&evaluate);
    let text = String::from_utf8(output.stdout).unwrap();
    for part in [
        "similarity@5",
        "re-ranked by diversity 0.5, damp-popularity 0.2, category-cap 2",
    ] {
        assert!(text.contains(part), "{text}");
    }
}

#[test]
fn what_cannot_be_is_refused_before_the_test_part_is_opened() {
    let work = trained("popularity", &[]);
    for (settings, code, expected) in [
        ("diversity=1.5", 2, "between 0"),
        ("diversity=NaN", 2, "between 0"),
        ("damp-popularity=-1", 2, "at least 0"),
        ("category-cap=0", 2, "at least 1"),
        ("diversity=0.5", 65, "does not know how alike"),
        ("variety=0.5", 2, "none of diversity"),
    ] {
        work.refused(
            &["evaluate", "--run", "run", "--rerank", settings],
            code,
            expected,
        );
        let Some((name, number)) = settings.split_once('=').filter(|part| part.0 != "variety")
        else {
            continue;
        };
        let flag = format!("--{name}");
        let recommend = [
            "recommend",
            "--run",
            "run",
            "--user",
            "user-3",
            &flag,
            number,
        ];
        work.refused(&recommend, code, expected);
    }
    assert_eq!(openings(&work), 0);
    let bare = Workspace::new();
    bare.succeed(&[
        "train",
        "log.csv",
        "--model",
        "popularity",
        "--out",
        "run",
        "-q",
    ]);
    let capped = [
        "recommend",
        "--run",
        "run",
        "--user",
        "user-3",
        "--category-cap",
        "2",
    ];
    bare.refused(&capped, 65, "--items FILE");
}
