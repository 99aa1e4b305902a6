//! Splits of small logs, checked against what each method promises.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::*;
use crate::data::IdMap;

fn keys(n: u32) -> IdMap {
    IdMap::from_ordered_keys((0..n).map(|i| i.to_string().into()).collect()).unwrap()
}

/// (user, item, time) rows; equal pairs are left out.
fn dataset(rows: &[(u32, u32, i64)]) -> Dataset {
    let mut rows = rows.to_vec();
    rows.sort_unstable();
    rows.dedup_by_key(|&mut (user, item, _)| (user, item));
    Dataset {
        interactions: Interactions {
            users: rows.iter().map(|row| row.0).collect(),
            items: rows.iter().map(|row| row.1).collect(),
            weights: None,
            timestamps: Some(rows.iter().map(|row| row.2).collect()),
        },
        given_test: None,
        also_seen: Interactions::default(),
        also_seen_in_test: None,
        users: keys(20),
        items: keys(30),
        titles: None,
        sources: Vec::new(),
    }
}

fn config(method: SplitMethod) -> SplitConfig {
    SplitConfig {
        method: Some(method),
        test_fraction: 0.2,
        validation_fraction: 0.25,
        draw: SplitDraw::PerInteraction,
        refit: false,
    }
}

#[test]
fn cold_items_have_all_their_interactions_in_one_part() {
    let rows: Vec<_> = (0..200)
        .map(|i| (i % 20, i * 7 % 30, i64::from(i)))
        .collect();
    let data = dataset(&rows);
    let cut = |seed| split(&data, &config(SplitMethod::ColdStartItem), seed).unwrap();
    let split = cut(1);
    let items = |lists: &ItemLists| -> std::collections::BTreeSet<u32> {
        lists.items().iter().copied().collect()
    };
    let parts = [
        items(split.train.positives()),
        items(&split.validation),
        items(&split.test),
    ];
    // 30 items: 6 are test, a quarter of the 24 left validation.
    assert_eq!(parts.each_ref().map(|part| part.len()), [18, 6, 6]);
    assert!(parts[0].is_disjoint(&parts[1]) && parts[0].is_disjoint(&parts[2]));
    assert!(parts[1].is_disjoint(&parts[2]));
    assert_eq!(split.summary.n_cold_items, 6);
    let n = split.summary.n_train + split.summary.n_validation + split.summary.n_test;
    assert_eq!(n, data.interactions.len());
    assert_ne!(items(&cut(2).test), parts[2]);
}

#[test]
fn a_temporal_split_cuts_at_two_moments() {
    let rows: Vec<_> = (0..20).map(|i| (i % 5, i, i64::from(100 - i))).collect();
    let split = split(&dataset(&rows), &config(SplitMethod::Temporal), 1).unwrap();
    assert_eq!(
        (
            split.summary.n_train,
            split.summary.n_validation,
            split.summary.n_test
        ),
        (12, 4, 4)
    );
    assert_eq!(
        split.test.items().iter().max(),
        Some(&3),
        "the four newest are items 0 to 3"
    );
    assert!(
        split
            .train
            .positives()
            .items()
            .iter()
            .all(|&item| item >= 8)
    );
}

#[test]
fn leave_last_out_takes_the_last_and_the_one_before() {
    let rows = [(0, 5, 1), (0, 6, 3), (0, 7, 2), (1, 1, 1), (1, 2, 2)];
    let split = split(&dataset(&rows), &config(SplitMethod::LeaveLastOut), 1).unwrap();
    assert_eq!(split.test.of(0), [6]);
    assert_eq!(split.validation.of(0), [7]);
    assert_eq!(
        split.train.positives().of(1),
        [1, 2],
        "two interactions are too few to hold out"
    );
}

#[test]
fn a_given_test_file_loses_what_the_log_has() {
    let mut data = dataset(&[(0, 1, 1), (0, 2, 2), (1, 1, 3), (1, 3, 4)]);
    data.given_test = Some(Interactions {
        users: vec![0, 0],
        items: vec![1, 9],
        weights: None,
        timestamps: None,
    });
    let split = split(&data, &config(SplitMethod::Given), 1).unwrap();
    assert_eq!(
        (split.test.of(0), split.summary.n_test_also_in_log),
        (&[9][..], 1)
    );
    assert_eq!(split.summary.n_cold_items, 1);
}

#[test]
fn what_is_lacking_is_named() {
    let mut data = dataset(&[(0, 1, 1), (0, 2, 2)]);
    data.interactions.timestamps = None;
    let error = split(&data, &config(SplitMethod::Temporal), 1).unwrap_err();
    assert!(error.to_string().contains("--timestamp-column"));
    assert_eq!(
        split(&data, &config(SplitMethod::Given), 1).unwrap_err(),
        SplitError::NoTestFile
    );
    let error = split(&data, &config(SplitMethod::Random), 1).unwrap_err();
    assert!(
        matches!(error, SplitError::EmptyPart { .. }),
        "two interactions are too few: {error}"
    );
}

/// Each user of 600 has 2 to 7 items of 30.
fn short_histories() -> Dataset {
    let rows: Vec<_> = (0..600u32)
        .flat_map(|user| (0..2 + user % 6).map(move |at| (user, (user * 11 + at * 7) % 30, 0)))
        .collect();
    Dataset {
        users: keys(600),
        ..dataset(&rows)
    }
}

#[test]
fn rows_of_short_users_are_drawn_as_often_as_others() {
    let data = short_histories();
    let mut held_out = [[0f64; 2]; 8];
    for seed in 0..40 {
        let split = split(&data, &config(SplitMethod::Random), seed).unwrap();
        assert_eq!(split.summary.n_test, 540, "a fifth of 2,700");
        assert_eq!(split.summary.n_validation, 540, "a quarter of 2,160");
        for user in 0..600u32 {
            let n = 2 + user as usize % 6;
            held_out[n][0] += split.test.of(user).len() as f64 / n as f64;
            held_out[n][1] += split.validation.of(user).len() as f64 / n as f64;
        }
    }
    // A row is test in a fifth of all draws. Of 2 rows one is kept where both are drawn, which leaves .18 (.2 - .2 * .2
    // / 2), a little more since the others make up for it. 4,000 draws of n rows have a deviation of .006 at most.
    for (n, of_rows) in held_out.iter().enumerate().skip(2) {
        let share = of_rows[0] / 4000.0;
        assert!((0.17..0.225).contains(&share), "{n} rows: {share}");
        let share = of_rows[1] / 4000.0;
        assert!(share > 0.12, "{n} rows: {share}");
    }
}

#[test]
fn a_log_that_grows_keeps_its_draws() {
    let data = short_histories();
    let before = split(&data, &config(SplitMethod::Random), 3).unwrap();
    // Users 0 and 1 leave, and with them the internal ids of all others move by two.
    let kept = data
        .interactions
        .users
        .iter()
        .filter(|&&user| user > 1)
        .count();
    let from = data.interactions.len() - kept;
    let fewer = Dataset {
        interactions: Interactions {
            users: data.interactions.users[from..]
                .iter()
                .map(|user| user - 2)
                .collect(),
            items: data.interactions.items[from..].to_vec(),
            ..Interactions::default()
        },
        users: IdMap::from_ordered_keys(data.users.keys()[2..].to_vec()).unwrap(),
        ..data.clone()
    };
    let after = split(&fewer, &config(SplitMethod::Random), 3).unwrap();
    let same = (2..600)
        .filter(|&user| before.test.of(user) == after.test.of(user - 2))
        .count();
    assert!(same >= 595, "{same} of 598 users");
}

proptest! {
    #[test]
    fn the_parts_are_disjoint_and_complete(
        rows in prop::collection::vec((0u32..20, 0u32..30, 0i64..50), 60..200),
        method in prop::sample::select(vec![
            SplitMethod::Random, SplitMethod::RandomPerUser, SplitMethod::LeaveLastOut, SplitMethod::Temporal,
        ]),
        seed in any::<u64>(),
    ) {
        let data = dataset(&rows);
        let Ok(split) = split(&data, &config(method), seed) else { return Ok(()) };
        let mut pairs: Vec<_> = split.train.positives().pairs()
            .chain(split.validation.pairs())
            .chain(split.test.pairs())
            .collect();
        pairs.sort_unstable();
        let log = &data.interactions;
        let expected: Vec<_> = log.users.iter().copied().zip(log.items.iter().copied()).collect();
        prop_assert_eq!(pairs, expected);
        if matches!(method, SplitMethod::Random | SplitMethod::RandomPerUser) {
            for user in 0..20 {
                let held = !split.test.of(user).is_empty() || !split.validation.of(user).is_empty();
                prop_assert!(!held || !split.train.positives().of(user).is_empty());
            }
        }
    }
}

/// Items 20 to 29 are left out of training; nothing else of the split may notice them.
#[test]
fn what_is_left_out_is_known_from_its_moment_on() {
    let rows: Vec<_> = (0..20).map(|i| (i % 5, i, i64::from(100 + i))).collect();
    let mut data = dataset(&rows);
    let plain = split(&data, &config(SplitMethod::Temporal), 1).unwrap();
    assert_eq!(plain.also_seen, None);
    // Training ends before 112, validation before 116.
    data.also_seen = Interactions {
        users: vec![0, 0, 1, 1, 2],
        items: vec![20, 21, 22, 23, 24],
        weights: None,
        timestamps: Some(vec![111, 112, 115, 116, 900]),
    };
    let cut = |data: &Dataset, method| split(data, &config(method), 1).unwrap();
    let timed = cut(&data, SplitMethod::Temporal);
    assert_eq!(timed.train.positives(), plain.train.positives());
    assert_eq!(
        (&timed.validation, &timed.test),
        (&plain.validation, &plain.test)
    );
    let also = timed.also_seen.unwrap();
    let lists = |pairs: &[(u32, u32)]| ItemLists::from_pairs(20, pairs.iter().copied());
    assert_eq!(also.before_validation, lists(&[(0, 20)]));
    assert_eq!(also.before_test, lists(&[(0, 21), (1, 22)]));
    assert_eq!(also.later, lists(&[(1, 23), (2, 24)]));
    for method in [SplitMethod::Random, SplitMethod::LeaveLastOut] {
        let also = cut(&data, method).also_seen.unwrap();
        assert_eq!(also.before_validation.n_pairs(), 5);
        assert_eq!(also.all(), also.before_validation);
    }
    // What a given test part asks for is never left out; what its users disliked there is known after it.
    data.given_test = Some(Interactions {
        users: vec![0, 3],
        items: vec![20, 7],
        ..Interactions::default()
    });
    data.also_seen_in_test = Some(Interactions {
        users: vec![3, 4],
        items: vec![9, 4],
        ..Interactions::default()
    });
    let given = cut(&data, SplitMethod::Given);
    let also = given.also_seen.unwrap();
    assert!(given.test.contains(0, 20) && !also.all().contains(0, 20));
    // User 4 has item 4 in the log.
    assert_eq!(also.later, lists(&[(3, 9)]));
    assert!(also.when_testing().contains(2, 24));
}
