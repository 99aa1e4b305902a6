//! What every epoch must hold, and chi-squared tests of its uniformity.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::data::TrainSet;

fn config(positives: PositiveSampling, negatives: usize, batch_size: usize) -> SamplingConfig {
    SamplingConfig { positives, negatives, batch_size }
}

const BOTH: [PositiveSampling; 2] = [PositiveSampling::ByEdge, PositiveSampling::ByUser];

/// Pearson's statistic against equal expectations.
fn chi_squared(counts: &[u64]) -> f64 {
    let expected = counts.iter().sum::<u64>() as f64 / counts.len() as f64;
    counts.iter().map(|&count| (count as f64 - expected).powi(2) / expected).sum()
}

#[test]
fn by_edge_takes_each_interaction_once_in_another_order_each_epoch() {
    let pairs: Vec<(u32, u32)> = (0..60).map(|e| (e / 6, e % 6 + e / 30)).collect();
    let train = TrainSet::from_test_pairs(10, 20, &pairs);
    let sampler = EpochSampler::new(&train, config(PositiveSampling::ByEdge, 1, 7)).unwrap();
    let edges = |epoch| -> Vec<(u32, u32)> {
        let batches = sampler.epoch(3, epoch);
        batches.flat_map(|b| b.users.into_iter().zip(b.positives).collect::<Vec<_>>()).collect()
    };
    let (mut first, second) = (edges(1), edges(2));
    assert_ne!(first, second);
    first.sort_unstable();
    assert_eq!(first, train.positives().pairs().collect::<Vec<_>>());
}

#[test]
fn an_epoch_is_a_function_of_seed_and_epoch() {
    let pairs: Vec<(u32, u32)> = (0..50).map(|e| (e / 5, e % 7)).collect();
    let train = TrainSet::from_test_pairs(10, 30, &pairs);
    for positives in BOTH {
        let sampler = EpochSampler::new(&train, config(positives, 3, 8)).unwrap();
        let epoch = |seed, n| sampler.epoch(seed, n).collect::<Vec<_>>();
        assert_eq!(epoch(1, 2), epoch(1, 2));
        assert_ne!(epoch(1, 2), epoch(1, 3));
        assert_ne!(epoch(1, 2), epoch(2, 2));
        let backwards: Vec<Batch> =
            (0..sampler.n_batches()).rev().map(|i| sampler.epoch(1, 2).batch(i)).collect();
        assert!(backwards.into_iter().rev().eq(epoch(1, 2)));
    }
}

#[test]
fn the_last_batch_is_shorter() {
    let train = TrainSet::from_test_pairs(5, 9, &[(0, 0), (1, 1), (2, 2), (3, 3), (4, 4)]);
    for positives in BOTH {
        let sampler = EpochSampler::new(&train, config(positives, 2, 2)).unwrap();
        let sizes: Vec<usize> = sampler.epoch(1, 1).map(|b| b.len()).collect();
        assert_eq!((sizes.as_slice(), sampler.n_batches()), ([2, 2, 1].as_slice(), 3));
        assert_eq!(sampler.epoch(1, 1).len(), 3);
        assert!(sampler.epoch(1, 1).batch(3).is_empty());
    }
}

#[test]
fn a_user_with_all_items_is_skipped_and_counted() {
    let pairs: Vec<(u32, u32)> = (0..4).map(|i| (0, i)).chain([(1, 0)]).collect();
    let train = TrainSet::from_test_pairs(2, 4, &pairs);
    let sampler = EpochSampler::new(&train, config(PositiveSampling::ByEdge, 2, 10)).unwrap();
    let batch = sampler.epoch(1, 1).next().unwrap();
    assert_eq!((batch.users.as_slice(), batch.skipped), ([1].as_slice(), 4));
    assert_eq!(batch.negatives.len(), 2);
}

#[test]
fn what_cannot_be_sampled_is_refused() {
    let train = TrainSet::from_test_pairs(1, 2, &[(0, 0), (0, 1)]);
    let refused = |config| EpochSampler::new(&train, config).map(|_| ()).unwrap_err();
    assert_eq!(
        refused(config(PositiveSampling::ByEdge, 1, 1)),
        SamplingError::NoNegatives { n_items: 2 }
    );
    assert_eq!(
        refused(config(PositiveSampling::ByEdge, 0, 1)),
        SamplingError::Zero { name: "negatives" }
    );
    assert_eq!(
        refused(config(PositiveSampling::ByUser, 1, 0)),
        SamplingError::Zero { name: "batch_size" }
    );
}

#[test]
fn negatives_are_uniform_over_what_the_user_does_not_have() {
    let train = TrainSet::from_test_pairs(1, 12, &[(0, 3), (0, 7)]);
    let sampler = EpochSampler::new(&train, config(PositiveSampling::ByUser, 1000, 2)).unwrap();
    let mut counts = BTreeMap::new();
    for epoch in 0..10 {
        for item in sampler.epoch(11, epoch).flat_map(|b| b.negatives) {
            *counts.entry(item).or_insert(0u64) += 1;
        }
    }
    assert!(counts.keys().eq(&[0, 1, 2, 4, 5, 6, 8, 9, 10, 11]));
    let counts: Vec<u64> = counts.into_values().collect();
    // 9 degrees of freedom: the 0.9999 quantile is 33.72.
    assert!(chi_squared(&counts) < 33.72, "{counts:?}");
}

#[test]
fn by_user_is_uniform_over_users_and_then_over_their_items() {
    // User 0 has one item, user 1 none, user 2 nine: users 0 and 2 come equally often.
    let pairs: Vec<(u32, u32)> = [(0, 0)].into_iter().chain((1..10).map(|i| (2, i))).collect();
    let train = TrainSet::from_test_pairs(3, 20, &pairs);
    let sampler = EpochSampler::new(&train, config(PositiveSampling::ByUser, 1, 10)).unwrap();
    let (mut users, mut items) = ([0u64; 3], [0u64; 10]);
    for epoch in 0..2000 {
        let batch = sampler.epoch(5, epoch).next().unwrap();
        batch.users.iter().for_each(|&user| users[user as usize] += 1);
        batch.positives.iter().for_each(|&item| items[item as usize] += 1);
    }
    assert_eq!(users[1], 0);
    // 1 and 8 degrees of freedom: the 0.9999 quantiles are 15.14 and 31.83.
    assert!(chi_squared(&[users[0], users[2]]) < 15.14, "{users:?}");
    assert!(chi_squared(&items[1..]) < 31.83, "{items:?}");
}

proptest! {
    #[test]
    fn triples_are_rectangular_and_never_hold_a_known_negative(
        pairs in proptest::collection::vec((0u32..6, 0u32..9), 1..40),
        by_user: bool,
        negatives in 1usize..4,
        batch_size in 1usize..20,
        seed: u64,
    ) {
        let train = TrainSet::from_test_pairs(6, 9, &pairs);
        let config = config(BOTH[usize::from(by_user)], negatives, batch_size);
        let Ok(sampler) = EpochSampler::new(&train, config) else { return Ok(()) };
        let (mut drawn, mut skipped) = (0, 0);
        for batch in sampler.epoch(seed, 1) {
            prop_assert_eq!(batch.positives.len(), batch.len());
            prop_assert_eq!(batch.negatives.len(), batch.len() * negatives);
            drawn += batch.len();
            skipped += batch.skipped as usize;
            for (row, (&user, &positive)) in batch.users.iter().zip(&batch.positives).enumerate() {
                prop_assert!(train.positives().contains(user, positive));
                let negatives = &batch.negatives[row * negatives..(row + 1) * negatives];
                prop_assert!(negatives.iter().all(|&n| n < 9 && !train.positives().contains(user, n)));
            }
        }
        prop_assert_eq!(drawn + skipped, train.n_interactions());
    }
}
