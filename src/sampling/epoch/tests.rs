//! Each positive occurs once, no negative is a known item, and negatives are drawn in the right shares.

use super::*;
use crate::config::{HardRoot, ModelName, NegativeDistribution, RunConfig};

/// Ten users over 40 items; user 0 has every item.
fn train() -> TrainSet {
    let mut pairs: Vec<(u32, u32)> = (0..40).map(|item| (0, item)).collect();
    pairs.extend((1..9).flat_map(|user| (0..5).map(move |i| (user, (user * 7 + i * 3) % 40))));
    TrainSet::of_pairs(10, 40, &pairs)
}

fn config(positives: PositiveSampling) -> SamplingConfig {
    SamplingConfig {
        positives,
        negatives: 3,
        batch_size: 32,
        ..RunConfig::defaults_for(ModelName::Mf).sampling
    }
}

fn epoch(positives: PositiveSampling, seed: u64, epoch: u32) -> Vec<Batch> {
    let train = train();
    EpochSampler::new(&train, config(positives), None)
        .epoch(seed, epoch)
        .collect()
}

#[test]
fn by_edge_every_positive_comes_once_but_those_without_negatives() {
    let batches = epoch(PositiveSampling::ByEdge, 3, 1);
    let mut pairs: Vec<_> = batches
        .iter()
        .flat_map(|b| b.users.iter().copied().zip(b.positives.iter().copied()))
        .collect();
    pairs.sort_unstable();
    let expected: Vec<_> = train()
        .positives()
        .pairs()
        .filter(|&(user, _)| user != 0)
        .collect();
    assert_eq!(pairs, expected);
    assert_eq!(
        batches.iter().map(|b| b.skipped).sum::<u64>(),
        40,
        "user 0 has no negative"
    );
}

#[test]
fn no_negative_is_a_known_positive_and_shapes_hold() {
    let train = train();
    for positives in [PositiveSampling::ByEdge, PositiveSampling::ByUser] {
        for batch in epoch(positives, 5, 2) {
            assert_eq!(batch.negatives.len(), 3 * batch.users.len());
            assert_eq!(batch.positives.len(), batch.users.len());
            for (row, &user) in batch.users.iter().enumerate() {
                assert!(train.positives().contains(user, batch.positives[row]));
                for &negative in &batch.negatives[3 * row..3 * row + 3] {
                    assert!(!train.positives().contains(user, negative));
                }
            }
        }
    }
}

#[test]
fn an_epoch_is_a_function_of_seed_and_epoch() {
    for positives in [PositiveSampling::ByEdge, PositiveSampling::ByUser] {
        assert_eq!(epoch(positives, 1, 1), epoch(positives, 1, 1));
        assert_ne!(epoch(positives, 1, 1), epoch(positives, 1, 2));
        assert_ne!(epoch(positives, 1, 1), epoch(positives, 2, 1));
    }
}

#[test]
fn a_bounded_epoch_is_the_beginning_of_a_whole_one() {
    let train = train();
    for positives in [PositiveSampling::ByEdge, PositiveSampling::ByUser] {
        let whole = epoch(positives, 4, 2);
        let bounded = SamplingConfig {
            max_batches: 2,
            ..config(positives)
        };
        let sampler = EpochSampler::new(&train, bounded, None);
        let batches: Vec<Batch> = sampler.epoch(4, 2).collect();
        assert!(whole.len() > 2 && batches.len() == 2);
        assert_eq!(batches, whole[..2]);
    }
}

/// Chi-squared statistic of counts against equal shares.
fn chi_squared(counts: &[u64]) -> f64 {
    let expected = counts.iter().sum::<u64>() as f64 / counts.len() as f64;
    counts
        .iter()
        .map(|&count| (count as f64 - expected).powi(2) / expected)
        .sum()
}

#[test]
fn users_and_negatives_are_uniform() {
    let train = train();
    let mut users = [0u64; 9];
    let mut negatives = [0u64; 40];
    for epoch in 0..400 {
        for batch in
            EpochSampler::new(&train, config(PositiveSampling::ByUser), None).epoch(9, epoch)
        {
            for (row, &user) in batch.users.iter().enumerate() {
                users[user as usize] += 1;
                if user == 1 {
                    batch.negatives[3 * row..3 * row + 3]
                        .iter()
                        .for_each(|&item| negatives[item as usize] += 1);
                }
            }
        }
    }
    assert_eq!(users[0], 0, "user 0 has no negative to learn from");
    let free: Vec<u64> = negatives
        .iter()
        .copied()
        .filter(|&count| count > 0)
        .collect();
    assert_eq!(free.len(), 35);
    // 99.9% quantiles of chi-squared with 7 and 34 degrees of freedom.
    assert!(chi_squared(&users[1..]) < 24.32, "{users:?}");
    assert!(chi_squared(&free) < 65.25, "{free:?}");
}

fn shared_config(shared: usize, in_batch: bool) -> SamplingConfig {
    SamplingConfig {
        negatives: 0,
        batch_shared: shared,
        in_batch,
        ..config(PositiveSampling::ByEdge)
    }
}

#[test]
fn shared_negatives_are_distinct_and_exactly_those_a_user_has_are_known() {
    let train = train();
    for (config, distinct) in [
        (shared_config(12, false), true),
        (shared_config(5, true), false),
    ] {
        for batch in EpochSampler::new(&train, config, None).epoch(3, 1) {
            let shared = batch.shared.unwrap();
            let mut items = shared.items.clone();
            if shared.in_batch {
                items.extend_from_slice(&batch.positives);
            }
            let places = items.clone();
            items.sort_unstable();
            items.dedup();
            assert!(!distinct || (items.len(), shared.items.len()) == (12, 12));
            for (row, &user) in batch.users.iter().enumerate() {
                let range = shared.known_ptr[row] as usize..shared.known_ptr[row + 1] as usize;
                let mut known = shared.known[range].to_vec();
                known.sort_unstable();
                let has = |&place: &u32| {
                    let item = places[place as usize];
                    train.positives().contains(user, item)
                };
                let all = 0..places.len() as u32;
                assert_eq!(known, all.filter(has).collect::<Vec<_>>());
            }
        }
    }
}

#[test]
fn a_pool_beyond_the_catalogue_is_the_catalogue() {
    let train = train();
    let sampler = EpochSampler::new(&train, shared_config(4000, false), None);
    let batch = sampler.epoch(1, 1).next().unwrap();
    assert_eq!(batch.shared.unwrap().items, (0..40).collect::<Vec<u32>>());
}

#[test]
fn a_cold_item_is_no_negative_where_only_warm_ones_are() {
    // Items 0 to 9 of 1,000 have a training interaction.
    let pairs: Vec<(u32, u32)> = (0..40).map(|user| (user, user % 10)).collect();
    let train = TrainSet::of_pairs(40, 1000, &pairs);
    let config = SamplingConfig {
        distribution: NegativeDistribution::WarmItems,
        batch_shared: 6,
        ..config(PositiveSampling::ByEdge)
    };
    let draw = |shared| {
        let config = SamplingConfig {
            batch_shared: shared,
            ..config.clone()
        };
        let sampler = EpochSampler::new(&train, config, None);
        sampler.epoch(3, 1).next().unwrap()
    };
    let batch = draw(6);
    assert_eq!(batch.negatives.len(), 3 * batch.users.len());
    assert!(batch.negatives.iter().all(|&item| item < 10));
    let mut shared = batch.shared.unwrap().items;
    shared.sort_unstable();
    shared.dedup();
    assert_eq!(shared.len(), 6);
    assert!(shared.iter().all(|&item| item < 10));
    assert_eq!(draw(50).shared.unwrap().items, (0..10).collect::<Vec<_>>());
}

#[test]
fn popularity_to_a_power_is_the_distribution_of_negatives() {
    // Item i has 1 + i users of 50; user 50 has none of them.
    let mut pairs: Vec<(u32, u32)> = (0..10)
        .flat_map(|item| (0..=4 * item).map(move |user| (user, item)))
        .collect();
    pairs.push((50, 10));
    let train = TrainSet::of_pairs(51, 11, &pairs);
    let config = SamplingConfig {
        distribution: NegativeDistribution::Popularity,
        popularity_power: 0.5,
        negatives: 1000,
        ..config(PositiveSampling::ByEdge)
    };
    let mut counts = [0u64; 10];
    for epoch in 0..40 {
        for batch in EpochSampler::new(&train, config.clone(), None).epoch(2, epoch) {
            for (row, _) in batch
                .users
                .iter()
                .enumerate()
                .filter(|(_, user)| **user == 50)
            {
                let negatives = &batch.negatives[1000 * row..1000 * (row + 1)];
                negatives
                    .iter()
                    .for_each(|&item| counts[item as usize] += 1);
            }
        }
    }
    let weights = (0..10).map(|item| f64::from(1 + 4 * item).sqrt());
    let total: f64 = weights.clone().sum();
    let n = counts.iter().sum::<u64>() as f64;
    let statistic: f64 = counts
        .iter()
        .zip(weights)
        .map(|(&count, weight)| {
            let expected = n * weight / total;
            (count as f64 - expected).powi(2) / expected
        })
        .sum();
    // The 99.9% quantile of chi-squared with 9 degrees of freedom.
    assert!(n == 40_000.0 && statistic < 27.88, "{counts:?}");
}

#[test]
fn a_catalogue_of_one_item_skips_and_ends() {
    let train = TrainSet::of_pairs(3, 1, &[(0, 0), (1, 0), (2, 0)]);
    let own = config(PositiveSampling::ByEdge);
    let batches: Vec<Batch> = EpochSampler::new(&train, own, None).epoch(1, 1).collect();
    assert!(batches.iter().all(|batch| batch.users.is_empty()));
    let pooled = EpochSampler::new(&train, shared_config(9, true), None);
    let batch = pooled.epoch(1, 1).next().unwrap();
    let shared = batch.shared.unwrap();
    assert_eq!(batch.users.len(), 3);
    assert_eq!(shared.known.len(), 3 * (shared.items.len() + 3));
}

#[test]
fn hard_negatives_are_of_the_band_and_others_take_their_place_where_it_has_none() {
    let train = train();
    for hard_root in [HardRoot::User, HardRoot::Item] {
        let config = SamplingConfig {
            hard: 2,
            hard_from: 1.0,
            hard_to: 6.0,
            hard_root,
            curriculum: true,
            ..config(PositiveSampling::ByEdge)
        };
        let bands = HardNegatives::rank(&train, &config, || ())
            .unwrap()
            .unwrap();
        let hard = HardNegatives::new(&bands, &config);
        let sampler = EpochSampler::new(&train, config.clone(), Some(&bands));
        let first: Vec<Batch> = sampler.epoch(3, 1).collect();
        assert!(first.iter().all(|b| b.negatives.len() == 3 * b.users.len()));
        let mut of_band = 0;
        for batch in sampler.epoch(3, 4) {
            let mut replaced = 0;
            for (row, (&user, &positive)) in batch.users.iter().zip(&batch.positives).enumerate() {
                let band = hard.band(user, positive);
                for negative in &batch.negatives[5 * row + 3..5 * row + 5] {
                    assert!(!train.positives().contains(user, *negative));
                    let free = band
                        .iter()
                        .any(|&item| !train.positives().contains(user, item));
                    assert!(!free || band.contains(negative));
                    replaced += u64::from(!free);
                    of_band += usize::from(free);
                }
            }
            let skipped = batch.skipped;
            assert!((replaced..=replaced + 2 * skipped).contains(&batch.hard_replaced));
        }
        assert!(of_band > 20);
    }
}
