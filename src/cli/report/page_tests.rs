//! Tests of the page: a full one, an empty one, and one whose every text is hostile.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use super::*;
use crate::evaluation::{Estimate, Evaluation, GroupResult, SystemResult};
use crate::run::{ContestRecord, Entrant, EpochRecord, Took};

fn interval(mean: f64) -> Estimate {
    Estimate {
        mean,
        low: mean * 0.94,
        high: mean * 1.06,
    }
}

fn epoch(number: u32) -> EpochRecord {
    let progress = 1.0 - (-f64::from(number) / 9.0).exp();
    let late = f64::from(number.saturating_sub(28)) * 0.0006;
    let wobble = f64::from(number * 7 % 5) * 0.0004;
    EpochRecord {
        epoch: number,
        loss: 0.69 - 0.55 * progress + wobble,
        regularization: 0.002,
        seconds: 1.9,
        samples: 64_112,
        waited_seconds: 0.0,
        samples_per_second: 33_700.0,
        skipped_negatives: 0,
        hard_negatives: 0,
        replaced_hard_negatives: 0,
        learning_rate: 0.001,
        validation: BTreeMap::from([
            ("recall@20".into(), 0.094 * progress - late + wobble),
            ("ndcg@20".into(), 0.051 * progress - late + wobble),
        ]),
        is_best: number == 28,
        refit: false,
    }
}

fn system(name: &str, level: f64) -> SystemResult {
    let metric = |(name, factor): (&str, f64)| (name.to_owned(), interval(level * factor));
    let kinds = [
        ("recall", 1.0),
        ("ndcg", 0.55),
        ("precision", 0.2),
        ("hit", 2.3),
        ("mrr", 0.7),
    ];
    let metrics = kinds.into_iter().flat_map(|(kind, factor)| {
        [(10, 0.62), (20, 1.0)].map(|(k, part)| metric((&format!("{kind}@{k}"), factor * part)))
    });
    let groups = [
        ("1–4", 2210, 0.8),
        ("5–9", 1604, 1.0),
        ("10–29", 1290, 1.15),
        ("30+", 412, 0.9),
    ];
    let group = |(label, n_users, factor): (&str, usize, f64)| GroupResult {
        label: format!("{label} items"),
        n_users,
        metrics: [metric(("recall@20", factor))].into(),
    };
    SystemResult {
        name: name.into(),
        metrics: metrics.collect(),
        beyond: BTreeMap::from([
            ("coverage@20".into(), level * 3.1),
            ("novelty@20".into(), 7.0 + level * 20.0),
            ("gini@20".into(), 0.99 - level),
        ]),
        by_activity: groups.map(group).into(),
        cold: Some(GroupResult {
            label: "cold".into(),
            n_users: 655,
            metrics: [metric(("recall@20", 0.5)), metric(("ndcg@20", 0.3))].into(),
        }),
        half_life_days: None,
    }
}

fn falling(base: f64) -> Vec<f64> {
    let weights: Vec<f64> = (0..10).map(|decile| base.powi(decile)).collect();
    let total: f64 = weights.iter().sum();
    weights.iter().map(|weight| weight / total).collect()
}

fn example(number: usize) -> ExampleUser {
    let films = [
        "Gravity (2013)",
        "Man of Steel (2013)",
        "The Hobbit: An Unexpected Journey (2012)",
        "Dr. Strangelove or: How I Learned to Stop Worrying and Love the Bomb (1964)",
        "Django Unchained (2012)",
        "Amélie (2001)",
        "Prisoners (2013)",
        "Rush (2013)",
    ];
    let pick = |at: usize| films[(number * 3 + at) % films.len()].to_owned();
    let item = |at| ExampleItem {
        name: pick(at),
        is_hit: (number + at).is_multiple_of(6),
    };
    ExampleUser {
        key: format!("{}", 1200 + number * 37),
        history: (0..number % 4 * 2).map(pick).collect(),
        n_history: number as u64 % 4 * 15,
        recommended: (1..=10).map(item).collect(),
        held_out: (2..5).map(pick).collect(),
    }
}

fn contest() -> ContestRecord {
    let entrant = |name: &str, mean: Option<f64>| Entrant {
        name: name.into(),
        model: "lightgcn".into(),
        settings: BTreeMap::new(),
        units: 12.5,
        epochs: mean.map(|_| 10),
        mean,
        low: mean.map(|mean| mean * 0.9),
        high: mean.map(|mean| mean * 1.1),
        left: mean.is_none().then(|| "it takes about 9 GiB".into()),
    };
    ContestRecord {
        effort: "normal".into(),
        budget: 3040.0,
        memory_limit: 8 << 30,
        metric: "ndcg@20".into(),
        users: 5000,
        winner: "lightgcn-uniform".into(),
        why: "lightgcn-uniform has the best ndcg@20 of 5,000 users".into(),
        candidates: vec![
            entrant("lightgcn-uniform", Some(0.0612)),
            entrant("popularity", Some(0.0533)),
            entrant("ngcf", None),
        ],
        seconds: vec![Took {
            name: "lightgcn-uniform".into(),
            seconds: 12.3,
        }],
    }
}

fn sample() -> ReportData {
    let facts = |pairs: &[(&str, &str)]| pairs.iter().map(|&(n, v)| Fact::new(n, v)).collect();
    ReportData {
        note: None,
        refit_epochs: Vec::new(),
        run: "artifacts/movietweetings-lightgcn".into(),
        model: "LightGCN, 64 dimensions, 3 layers".into(),
        data: "MovieTweetings 100K: 16,554 users, 10,506 films, 100,000 ratings".into(),
        split: "temporal: the last 20% for testing, 10% of the rest for validation".into(),
        date: "2026-11-24 10:15 UTC".into(),
        tool: "sagebrush 0.1.0".into(),
        data_facts: facts(&[
            ("interactions", "100,000"),
            ("training", "72,000"),
            ("validation", "8,000"),
            ("test", "20,000"),
            ("density", "0.057%"),
            (
                "sha256",
                "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            ),
        ]),
        config_facts: facts(&[
            ("loss", "BPR"),
            ("learning rate", "0.001"),
            ("batch", "2,048"),
            ("seed", "42"),
            ("device", "cpu"),
        ]),
        config_toml: "seed = 42\n\n[model]\nnetwork = \"light-gcn\"\nlayers = 3\n".into(),
        contest: Some(contest()),
        epochs: (1..=40).map(epoch).collect(),
        best_epoch: Some(28),
        evaluation: Some(Evaluation {
            n_users_evaluated: 5516,
            n_users_without_test: 10_383,
            n_cold_users: 655,
            n_held_out_pairs: 20_000,
            n_new_items: None,
            ks: vec![10, 20],
            bootstrap: 1000,
            confidence: 0.95,
            fingerprint: String::new(),
            paired: Vec::new(),
            systems: vec![
                system("LightGCN", 0.0871),
                system("MF", 0.0702),
                system("item-kNN", 0.0834),
                system("popularity", 0.0513),
            ],
        }),
        popularity: Some(PopularityProfile {
            interactions: falling(0.5),
            recommended: vec![
                ("LightGCN".into(), falling(0.38)),
                ("MF".into(), falling(0.42)),
                ("item-kNN".into(), falling(0.55)),
                ("popularity".into(), falling(0.02)),
            ],
        }),
        item_map: Some(ItemMap {
            categories: vec!["<b>Horror</b>".into()],
            points: vec![
                (0.1, 0.2, Some(0)),
                (0.3, f64::NAN, None),
                (-0.4, 0.1, None),
            ],
            n_items: 4000,
            share: 0.41,
        }),
        neighbours: vec![Neighbours {
            name: "<i>Alien</i>".into(),
            near: vec![("Aliens & co".into(), 0.913)],
        }],
        examples: (0..10).map(example).collect(),
        commands: vec![
            "sagebrush train ratings.csv --model light-gcn --seed 42 --out run".into(),
            "sagebrush evaluate run".into(),
        ],
    }
}

fn hostile() -> ReportData {
    let mark = "</style></svg><script>alert(1)</script>\"'&".to_owned();
    let long = format!("{mark}{}", "Ł".repeat(5000));
    let mut data = sample();
    data.run = long.clone();
    data.config_toml = mark.clone();
    let contest = data.contest.as_mut().unwrap();
    (contest.why, contest.candidates[0].name) = (long.clone(), long.clone());
    contest.candidates[2].left = Some(long.clone());
    data.commands = vec![long.clone()];
    data.examples[0].key = long.clone();
    data.examples[0].held_out = vec![long.clone(); 50];
    data.examples[0].recommended[0].name = long.clone();
    let evaluation = data.evaluation.as_mut().unwrap();
    evaluation.systems[0].name = long.clone();
    evaluation.systems[0].by_activity[0].label = long.clone();
    evaluation.systems[0]
        .metrics
        .insert(mark.clone(), interval(f64::NAN));
    evaluation.systems[0]
        .beyond
        .insert(mark.clone(), f64::INFINITY);
    data.epochs[0].validation.insert(mark.clone(), f64::NAN);
    data.popularity.as_mut().unwrap().recommended[0] = (long, vec![f64::NAN; 3]);
    data
}

#[test]
fn the_page_is_self_contained_and_complete() {
    let html = render(&sample()).unwrap();
    assert_eq!(html.matches("<svg").count(), 5);
    assert_eq!(html.matches("<article>").count(), 11);
    assert!(html.contains("3 of 4,000 items") && html.contains("0.91"));
    assert!(html.contains("LightGCN wins on recall@20"));
    assert!(html.contains("Contest on the validation part") && html.contains("0.0612"));
    assert!(html.contains("default-src &#x27;none&#x27;") || html.contains("default-src 'none'"));
    for outside in ["<script", "<link", "<img", "@import", "url(", "src="] {
        assert!(!html.contains(outside), "{outside}");
    }
    let addresses = html.matches("http").count();
    let namespaces = html.matches("http://www.w3.org/2000/svg").count();
    assert_eq!(addresses - namespaces, html.matches("http-equiv").count());
}

#[test]
fn an_empty_report_says_what_is_missing() {
    let html = render(&ReportData::default()).unwrap();
    for sentence in [
        "has not been evaluated",
        "No epoch is on record",
        "No example users",
    ] {
        assert!(html.contains(sentence), "{sentence}");
    }
    assert!(!html.contains("<svg") && !html.contains("<table"));
}

#[test]
fn hostile_text_is_shown_as_text() {
    let html = render(&hostile()).unwrap();
    assert!(!html.contains("<script"));
    assert_eq!(html.matches("</style>").count(), 1);
    assert_eq!(html.matches("<svg").count(), html.matches("</svg>").count());
}

/// Writes the pages to look at where `SAGEBRUSH_REPORT_SAMPLES` names a directory.
#[test]
fn samples_to_look_at() {
    let directory = tempfile::tempdir().unwrap();
    let directory = std::env::var_os("SAGEBRUSH_REPORT_SAMPLES")
        .map_or_else(|| directory.path().to_owned(), std::path::PathBuf::from);
    let samples = [
        ("full", sample()),
        ("empty", ReportData::default()),
        ("hostile", hostile()),
    ];
    for (name, data) in samples {
        std::fs::write(
            directory.join(name).with_extension("html"),
            render(&data).unwrap(),
        )
        .unwrap();
    }
}

#[test]
fn hard_negatives_have_a_figure_where_there_are_any() {
    let mut data = sample();
    assert!(!render(&data).unwrap().contains("Hard negatives"));
    for record in &mut data.epochs {
        record.hard_negatives = record.epoch.saturating_sub(1).min(6);
    }
    let page = render(&data).unwrap();
    assert!(page.contains("<h3>Hard negatives</h3>") && page.contains("asked for"));
}

#[test]
fn a_refit_has_a_curve_of_its_own_and_figures_say_whose_they_are() {
    let mut data = sample();
    let page = render(&data).unwrap();
    assert!(!page.contains("loss of the refit") && page.contains("whose parameters are kept"));
    data.refit_epochs = data.epochs[..28].to_vec();
    data.note = Some("The figures are those of <run>.".into());
    let page = render(&data).unwrap();
    assert!(page.contains("loss of the refit") && page.contains("the refit has as many"));
    assert!(page.contains("The figures are those of &lt;run&gt;."));
}
