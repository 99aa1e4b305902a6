//! Splits of small logs, by hand, and properties that hold for every log.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use proptest::prelude::*;

use super::*;
use crate::data::IdMap;

type Row = (u32, u32, i64);

fn keys(n: usize) -> IdMap {
    IdMap::from_ordered_keys((0..n).map(|i| i.to_string().into()).collect()).unwrap()
}

fn interactions(rows: &[Row], timed: bool) -> Interactions {
    Interactions {
        users: rows.iter().map(|r| r.0).collect(),
        items: rows.iter().map(|r| r.1).collect(),
        weights: Some(rows.iter().map(|r| (r.0 * 100 + r.1) as f32).collect()),
        timestamps: timed.then(|| rows.iter().map(|r| r.2).collect()),
    }
}

fn dataset(n_users: usize, n_items: usize, rows: &[Row], timed: bool) -> Dataset {
    Dataset {
        interactions: interactions(rows, timed),
        given_test: None,
        users: keys(n_users),
        items: keys(n_items),
        titles: None,
        sources: vec![],
    }
}

fn config(method: SplitMethod, test_fraction: f64, validation_fraction: f64) -> SplitConfig {
    SplitConfig { method: Some(method), test_fraction, validation_fraction, seed: None }
}

fn pairs(lists: &ItemLists) -> Vec<(u32, u32)> {
    lists.pairs().collect()
}

/// `n` users with `m` items each, one second apart.
fn grid(n: u32, m: u32) -> Vec<Row> {
    (0..n).flat_map(|u| (0..m).map(move |i| (u, i, i64::from(u * m + i)))).collect()
}

#[test]
fn timeline_takes_the_last_by_time_and_breaks_ties_by_user_and_item() {
    // By time: (1,0)@1, then four at 5 in the order of (user, item), then (0,0)@9.
    let rows = [(0, 0, 9), (0, 1, 5), (0, 2, 5), (1, 0, 1), (1, 1, 5), (1, 2, 5)];
    let split =
        split(&dataset(2, 3, &rows, true), &config(SplitMethod::Timeline, 0.34, 0.25), 1).unwrap();
    assert_eq!(pairs(&split.test), [(0, 0), (1, 2)]);
    assert_eq!(pairs(&split.validation), [(1, 1)]);
    assert_eq!(pairs(split.train.positives()), [(0, 1), (0, 2), (1, 0)]);
    assert_eq!(split.train.weights().unwrap(), [1.0, 2.0, 100.0]);
    assert_eq!((split.summary.validation_starts_at, split.summary.test_starts_at), (Some(5), Some(5)));
}

#[test]
fn timeline_keeps_and_counts_the_cold() {
    let rows = [(0, 0, 1), (0, 1, 2), (0, 2, 3), (1, 3, 4)];
    let split =
        split(&dataset(2, 4, &rows, true), &config(SplitMethod::Timeline, 0.25, 0.0), 1).unwrap();
    assert_eq!(pairs(&split.test), [(1, 3)]);
    let summary = &split.summary;
    assert_eq!((summary.n_cold_users, summary.n_cold_items), (1, 1));
    assert_eq!((summary.n_train, summary.n_validation, summary.n_test), (3, 0, 1));
    assert_eq!((summary.n_train_users, summary.n_train_items, summary.n_test_users), (1, 3, 1));
}

#[test]
fn leave_last_out_takes_the_last_two_of_users_with_three() {
    let rows = [(0, 0, 30), (0, 1, 10), (0, 2, 20), (1, 0, 1), (1, 1, 2)];
    let data = dataset(2, 3, &rows, true);
    let split = split(&data, &config(SplitMethod::LeaveLastOut, 0.2, 0.1), 1).unwrap();
    assert_eq!(pairs(&split.test), [(0, 0)]);
    assert_eq!(pairs(&split.validation), [(0, 2)]);
    assert_eq!(pairs(split.train.positives()), [(0, 1), (1, 0), (1, 1)]);
}

#[test]
fn a_given_test_loses_its_known_pairs_and_its_order_does_not_matter() {
    let mut data = dataset(3, 10, &grid(2, 10), false);
    data.given_test = Some(interactions(&[(0, 3, 0), (2, 4, 0), (2, 5, 0)], false));
    let first = split(&data, &SplitConfig::default(), 3).unwrap();
    assert_eq!(first.method, SplitMethod::Given);
    assert_eq!(pairs(&first.test), [(2, 4), (2, 5)]);
    assert_eq!(first.summary.n_test_pairs_in_train, 1);
    assert_eq!(first.train.n_interactions() + first.validation.n_pairs(), 20);
    data.given_test = Some(interactions(&[(2, 5, 0), (2, 4, 0), (0, 3, 0)], false));
    assert_eq!(first, split(&data, &SplitConfig::default(), 3).unwrap());
}

#[test]
fn a_given_split_of_a_timed_log_validates_on_its_last_part() {
    let mut data = dataset(1, 11, &grid(1, 10), true);
    data.given_test = Some(interactions(&[(0, 10, 0)], false));
    let split = split(&data, &SplitConfig::default(), 3).unwrap();
    assert_eq!(pairs(&split.validation), [(0, 9)]);
}

#[test]
fn the_method_follows_the_data() {
    let method = |timed| {
        split(&dataset(3, 20, &grid(3, 20), timed), &SplitConfig::default(), 1).unwrap().method
    };
    assert_eq!(method(true), SplitMethod::Timeline);
    assert_eq!(method(false), SplitMethod::Random);
}

#[test]
fn a_users_random_draw_ignores_the_other_users() {
    let config = config(SplitMethod::Random, 0.3, 0.2);
    let all = split(&dataset(4, 30, &grid(4, 30), false), &config, 5).unwrap();
    let only_two: Vec<Row> = grid(4, 30).into_iter().filter(|r| r.0 == 2).collect();
    let alone = split(&dataset(4, 30, &only_two, false), &config, 5).unwrap();
    assert_eq!(all.test.of(2), alone.test.of(2));
    assert_eq!(all.validation.of(2), alone.validation.of(2));
    assert_ne!(all.test.of(2), all.test.of(1));
}

#[test]
fn the_seed_of_the_configuration_wins_over_the_runs() {
    let data = dataset(4, 30, &grid(4, 30), false);
    let mut config = config(SplitMethod::Random, 0.3, 0.2);
    assert_ne!(split(&data, &config, 5).unwrap().test, split(&data, &config, 6).unwrap().test);
    config.seed = Some(5);
    assert_eq!(split(&data, &config, 5).unwrap(), split(&data, &config, 6).unwrap());
}

#[test]
fn small_users_are_held_out_at_the_same_rate() {
    // 2,000 users with 2 items: 800 expected at 20%; standard deviation of the count about 22.
    let split =
        split(&dataset(2000, 2, &grid(2000, 2), false), &config(SplitMethod::Random, 0.2, 0.1), 1)
            .unwrap();
    assert!((690..910).contains(&split.summary.n_test), "{}", split.summary.n_test);
}

#[test]
fn what_cannot_be_split_says_why_and_what_to_do() {
    let message = |data: &Dataset, config: &SplitConfig| {
        split(data, config, 1).expect_err("refused").to_string()
    };
    let data = dataset(2, 2, &grid(2, 2), true);
    let untimed = dataset(2, 2, &grid(2, 2), false);
    for fraction in [0.0, 1.0, -0.1, f64::NAN] {
        let config = config(SplitMethod::Timeline, fraction, 0.1);
        assert!(message(&data, &config).contains("split.test_fraction"));
    }
    let all_but_none = config(SplitMethod::Timeline, 0.2, 1.0);
    assert!(message(&data, &all_but_none).contains("split.validation_fraction"));
    for method in [SplitMethod::Timeline, SplitMethod::LeaveLastOut] {
        assert!(message(&untimed, &config(method, 0.2, 0.1)).contains("timestamp_column"));
    }
    assert!(message(&data, &config(SplitMethod::Given, 0.2, 0.1)).contains("--test"));
    assert!(message(&data, &config(SplitMethod::LeaveLastOut, 0.2, 0.1)).contains("three"));
    assert!(message(&data, &config(SplitMethod::Timeline, 0.01, 0.1)).contains("test part"));
    assert!(message(&data, &config(SplitMethod::Timeline, 0.3, 0.01)).contains("set it to 0"));
    assert!(message(&data, &config(SplitMethod::Timeline, 0.9, 0.0)).contains("no training"));
    assert!(message(&dataset(0, 0, &[], true), &SplitConfig::default()).contains("filters"));
    let mut both = data.clone();
    both.given_test = Some(interactions(&grid(1, 1), false));
    assert!(message(&both, &config(SplitMethod::Random, 0.2, 0.1)).contains("leave out"));
    assert!(message(&both, &SplitConfig::default()).contains("also in the training file"));
}

proptest! {
    #[test]
    fn parts_are_disjoint_and_complete(
        rows in proptest::collection::btree_map((0u32..8, 0u32..12), 0i64..6, 1..80),
        method in prop_oneof![
            Just(SplitMethod::Random), Just(SplitMethod::Timeline), Just(SplitMethod::LeaveLastOut)
        ],
        fractions in (0.05f64..0.6, 0.0f64..0.6),
        seed: u64,
    ) {
        let rows: Vec<Row> = rows.into_iter().map(|((u, i), t)| (u, i, t)).collect();
        let data = dataset(8, 12, &rows, true);
        if let Ok(split) = split(&data, &config(method, fractions.0, fractions.1), seed) {
            let train = split.train.positives();
            let mut all: Vec<_> =
                train.pairs().chain(split.validation.pairs()).chain(split.test.pairs()).collect();
            all.sort_unstable();
            prop_assert_eq!(all, rows.iter().map(|r| (r.0, r.1)).collect::<Vec<_>>());
            if method != SplitMethod::Timeline {
                prop_assert!((0..8).all(|u| split.test.of(u).is_empty() || !train.of(u).is_empty()));
            }
        }
    }
}
