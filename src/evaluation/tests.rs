//! The evaluation as a whole: hand-made data, the random baseline, the withheld diagonal, and another tool's figures.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use super::*;
use crate::data::{IdMap, ItemLists};
use crate::export::TrecWriter;
use crate::inference::{RankError, ScoreHead, ScoreSource, Tables};

/// A score for each pair by a function.
struct Scores<F: Fn(u32, u32) -> f32 + Sync> {
    n_users: usize,
    n_items: usize,
    score: F,
}

impl<F: Fn(u32, u32) -> f32 + Sync> ScoreSource for Scores<F> {
    fn n_users(&self) -> usize {
        self.n_users
    }
    fn n_items(&self) -> usize {
        self.n_items
    }
    fn score_tile(&self, users: &[u32], items: Range<usize>, out: &mut [f32]) {
        let pairs = users
            .iter()
            .flat_map(|&u| items.clone().map(move |i| (u, i as u32)));
        out.iter_mut()
            .zip(pairs)
            .for_each(|(cell, (u, i))| *cell = (self.score)(u, i));
    }
}

/// SplitMix64 (Steele, Lea and Flood 2014), so that fixtures hang on no library's generator.
fn mix(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

fn hash(purpose: u64, user: u32, item: u32) -> u64 {
    mix(mix(mix(purpose) ^ u64::from(user)) ^ u64::from(item))
}

fn lists(n_users: usize, n_items: usize, keep: impl Fn(u32, u32) -> bool) -> ItemLists {
    let pairs: Vec<(u32, u32)> = (0..n_users as u32)
        .flat_map(|u| (0..n_items as u32).map(move |i| (u, i)))
        .filter(|&(u, i)| keep(u, i))
        .collect();
    ItemLists::from_pairs(n_users, pairs.into_iter())
}

fn config(ks: &[usize]) -> EvaluationOptions {
    EvaluationOptions {
        ks: ks.to_vec(),
        bootstrap: Bootstrap {
            resamples: 200,
            ..Bootstrap::default()
        },
    }
}

#[test]
fn hand_made_data() {
    // Score = -item, so everybody is offered 0, 1, 2, ... without the train items.
    let system = Scores {
        n_users: 4,
        n_items: 6,
        score: |_, item| -(item as f32),
    };
    let train = ItemLists::from_pairs(4, [(0, 0), (1, 0), (1, 1), (3, 5)].into_iter());
    let validation = ItemLists::from_pairs(4, [(0, 1)].into_iter());
    let held_out = ItemLists::from_pairs(4, [(0, 2), (0, 5), (1, 3), (2, 1)].into_iter());
    let data = EvaluationData {
        train: &train,
        also_excluded: Some(&validation),
        held_out: &held_out,
        among: None,
    };
    let evaluated = evaluate(&[("s", &system)], data, &config(&[2])).unwrap();
    let summary = &evaluated.summary;
    assert_eq!(summary.n_users_evaluated, 2);
    assert_eq!((summary.n_users_without_test, summary.n_cold_users), (1, 1));
    assert_eq!(summary.n_held_out_pairs, 3);
    let result = &summary.systems[0];
    // User 0 is offered 2, 3 (finds 2 of {2, 5}); user 1 is offered 2, 3 (finds 3 of {3}).
    let mean = |name: &str| result.metrics[name].mean;
    assert_eq!(mean("recall@2"), 0.75);
    assert_eq!(mean("precision@2"), 0.5);
    assert_eq!(mean("hit_rate@2"), 1.0);
    assert_eq!(mean("mrr@2"), 0.75);
    assert_eq!(mean("map@2"), 0.5);
    let second = 1.0 / 3f64.log2();
    assert!((mean("ndcg@2") - (1.0 / (1.0 + second) + second) / 2.0).abs() < 1e-12);
    // Items 2 and 3 of six, twice each: Gini (3 * 2 + 5 * 2) / (6 * 4) = 2/3; nobody has them: log2 of 3 train users.
    assert!((result.beyond["coverage@2"] - 1.0 / 3.0).abs() < 1e-12);
    assert!((result.beyond["gini@2"] - 2.0 / 3.0).abs() < 1e-12);
    assert!((result.beyond["novelty@2"] - 3f64.log2()).abs() < 1e-12);
    // The cold user 2 is offered 0, 1.
    let cold = result.cold.as_ref().unwrap();
    assert_eq!((cold.n_users, cold.metrics["mrr@2"].mean), (1, 0.5));
    let labels: Vec<&str> = result
        .by_activity
        .iter()
        .map(|group| &*group.label)
        .collect();
    assert_eq!(labels, ["1 train item", "2 train items"]);
    let detail = &evaluated.details[0];
    assert_eq!(detail.per_user.users, [0, 1]);
    assert_eq!(detail.per_user.metrics["recall@2"], [0.5, 1.0]);
    assert_eq!(detail.recommended, [0, 0, 2, 2, 0, 0]);
}

#[test]
fn equal_scores_come_out_at_chance() {
    let (n_users, n_items, k) = (3000, 60, 10);
    let constant = Scores {
        n_users,
        n_items,
        score: |_, _| 0.5,
    };
    let train = lists(n_users, n_items, |u, i| hash(1, u, i).is_multiple_of(10));
    let held_out = lists(n_users, n_items, |u, i| {
        hash(2, u, i).is_multiple_of(8) && !train.contains(u, i)
    });
    let data = EvaluationData {
        train: &train,
        also_excluded: None,
        held_out: &held_out,
        among: None,
    };
    let evaluated = evaluate(&[("constant", &constant)], data, &config(&[k])).unwrap();
    let per_user = &evaluated.details[0].per_user;
    let recall = &per_user.metrics["recall@10"];
    let n = recall.len() as f64;
    // Each held-out item is equally likely to be among the first 10 of the user's candidates.
    let candidates = |u: &u32| (n_items - train.of(*u).len()) as f64;
    let random = per_user
        .users
        .iter()
        .map(|u| k as f64 / candidates(u))
        .sum::<f64>()
        / n;
    let mean = recall.iter().sum::<f64>() / n;
    let variance = recall.iter().map(|r| (r - mean).powi(2)).sum::<f64>() / n;
    assert!(
        (mean - random).abs() < 4.0 * (variance / n).sqrt(),
        "{mean} is not near {random}"
    );
}

#[test]
fn a_withheld_diagonal_of_a_checkerboard_is_found_by_the_right_vectors_alone() {
    // Users and items of equal parity belong together; the diagonal is withheld.
    let n = 40;
    let train = lists(n, n, |u, i| (u + i).is_multiple_of(2) && u != i);
    let held_out = lists(n, n, |u, i| u == i);
    let data = EvaluationData {
        train: &train,
        also_excluded: None,
        held_out: &held_out,
        among: None,
    };
    let parity: Vec<f32> = (0..n)
        .flat_map(|at| if at % 2 == 0 { [1.0, 0.0] } else { [0.0, 1.0] })
        .collect();
    let perfect = Tables::new(n, n, 2, parity.clone(), parity, ScoreHead::Dot).unwrap();
    let noise = |purpose| -> Vec<f32> {
        (0..n as u32 * 8)
            .map(|at| (hash(purpose, at, 0) % 1000) as f32 / 500.0 - 1.0)
            .collect()
    };
    let untrained = Tables::new(n, n, 8, noise(5), noise(6), ScoreHead::Dot).unwrap();
    let systems: [(&str, &dyn ScoreSource); 2] = [("perfect", &perfect), ("untrained", &untrained)];
    let evaluated = evaluate(&systems, data, &config(&[1])).unwrap();
    let recall = |at: usize| evaluated.summary.systems[at].metrics["recall@1"].mean;
    assert_eq!(recall(0), 1.0);
    // A random ranking finds one of 21 candidates; 5 of 40 users would be four standard errors above it.
    assert!(recall(1) < 0.18, "{}", recall(1));
}

#[test]
fn threads_do_not_matter_and_json_reads_back() {
    let (n_users, n_items) = (90, 50);
    let system = Scores {
        n_users,
        n_items,
        score: |u, i| (hash(3, u, i) % 7) as f32,
    };
    let train = lists(n_users, n_items, |u, i| hash(4, u, i).is_multiple_of(5));
    let held_out = lists(n_users, n_items, |u, i| hash(5, u, i).is_multiple_of(6));
    let data = EvaluationData {
        train: &train,
        also_excluded: None,
        held_out: &held_out,
        among: None,
    };
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| evaluate(&[("s", &system)], data, &config(&[5, 10])))
            .unwrap()
    };
    let (one, three) = (with(1), with(3));
    assert_eq!(one, three);
    let json = serde_json::to_string(&one.summary).unwrap();
    let back: Evaluation = serde_json::from_str(&json).unwrap();
    assert_eq!(back.fingerprint, one.summary.fingerprint);
    assert_eq!(
        back.systems[0].by_activity.len(),
        one.summary.systems[0].by_activity.len()
    );
}

#[test]
fn impossible_evaluations_are_refused() {
    let system = Scores {
        n_users: 2,
        n_items: 3,
        score: |_, item| item as f32,
    };
    let none = ItemLists::from_pairs(2, [].into_iter());
    let some = ItemLists::from_pairs(2, [(0, 1), (1, 0)].into_iter());
    let systems: [(&str, &dyn ScoreSource); 1] = [("s", &system)];
    let run = |train, held_out, ks: &[usize]| {
        let data = EvaluationData {
            train,
            also_excluded: None,
            held_out,
            among: None,
        };
        evaluate(&systems, data, &config(ks)).unwrap_err()
    };
    assert_eq!(
        run(&some, &none, &[1]),
        EvaluationError::NoUsers {
            n_cold: 0,
            n_without: 2
        }
    );
    assert_eq!(
        run(&none, &some, &[1]),
        EvaluationError::NoUsers {
            n_cold: 2,
            n_without: 0
        }
    );
    assert_eq!(run(&some, &some, &[]), EvaluationError::NoDepth);
    let refused = EvaluationError::Rank {
        system: "s".to_owned(),
        source: RankError::ZeroK,
    };
    assert_eq!(run(&some, &some, &[0]), refused);
    let other = ItemLists::from_pairs(3, [(0, 1)].into_iter());
    assert!(matches!(
        run(&other, &some, &[1]),
        EvaluationError::Users { found: 3, .. }
    ));
    let beyond = ItemLists::from_pairs(2, [(0, 3)].into_iter());
    assert!(matches!(
        run(&beyond, &some, &[1]),
        EvaluationError::UnknownItem { item: 3, .. }
    ));
}

const KS: [usize; 4] = [1, 5, 10, 20];

/// Many ties (six levels), users with many held-out items, users whose lists are short.
#[test]
fn metrics_equal_those_of_ir_measures() {
    let (n_users, n_items) = (30, 60);
    let system = Scores {
        n_users,
        n_items,
        score: |u, i| (hash(7, u, i) % 6) as f32 / 3.0,
    };
    let busy = |u: u32| u.is_multiple_of(7);
    let train = lists(n_users, n_items, |u, i| {
        hash(8, u, i) % 10 < if busy(u) { 8 } else { 2 }
    });
    let held_out = lists(n_users, n_items, |u, i| {
        hash(9, u, i) % 20 < 1 + u64::from(u % 12) && !train.contains(u, i)
    });
    let data = EvaluationData {
        train: &train,
        also_excluded: None,
        held_out: &held_out,
        among: None,
    };
    let evaluated = evaluate(&[("s", &system)], data, &config(&KS)).unwrap();

    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/trec");
    let written = tempfile::tempdir().unwrap();
    let folder = match std::env::var_os("SAGEBRUSH_WRITE_TREC_FIXTURE") {
        Some(_) => &*fixture,
        None => written.path(),
    };
    let keys = |prefix: &str, n: usize| {
        let keys = (0..n)
            .map(|at| format!("{prefix}{at}").into_boxed_str())
            .collect();
        IdMap::from_ordered_keys(keys).unwrap()
    };
    let (users, items) = (keys("u", n_users), keys("i", n_items));
    let mut writer = TrecWriter::create(folder, &users, &items, &held_out, "fixture").unwrap();
    let cohort = data.cohort();
    for batch in ranked_batches(&system, &data.excluded(), None, &cohort.warm, 20) {
        writer.write(&batch.unwrap()).unwrap();
    }
    writer.finish().unwrap();
    for name in ["run.txt", "qrels.txt"] {
        let read = |folder: &Path| std::fs::read_to_string(folder.join(name)).unwrap();
        assert_eq!(read(folder), read(&fixture), "{name}");
    }

    let text = std::fs::read_to_string(fixture.join("ir-measures.json")).unwrap();
    let oracle: BTreeMap<String, BTreeMap<String, f64>> = serde_json::from_str(&text).unwrap();
    let per_user = &evaluated.details[0].per_user;
    assert_eq!(oracle.len(), Metric::ALL.len() * KS.len());
    for (metric, by_user) in &oracle {
        let ours = &per_user.metrics[metric];
        assert_eq!(by_user.len(), ours.len(), "{metric}");
        for (&user, value) in per_user.users.iter().zip(ours) {
            let theirs = by_user[users.key(user)];
            assert!(
                (value - theirs).abs() < 1e-9,
                "{metric} of u{user}: {value}, not {theirs}"
            );
        }
    }
}
