//! How often each item is drawn: the corrections of the sampled softmax.

use super::batch::{Batch, LogQ};
use super::negatives::{Items, popularity};
use super::shared::Shared;
use crate::config::{LogQ as Corrected, PositiveSampling, SamplingConfig};
use crate::split::TrainSet;

/// The corrections of all items.
#[derive(Debug)]
pub(super) struct Corrections {
    /// By the probability of being a batch's positive; empty where positives are no negatives of others.
    in_batch: Vec<f32>,
    /// By the distribution of negatives; empty where it is uniform.
    drawn: Vec<f32>,
    /// Per-positive negatives that are drawn from that distribution.
    n_drawn: usize,
}

impl Corrections {
    /// `None` where the settings correct nothing.
    pub(super) fn new(train: &TrainSet, config: &SamplingConfig, items: &Items) -> Option<Self> {
        let corrects = match config.log_q {
            Corrected::Never => false,
            Corrected::InBatch => config.in_batch,
            Corrected::Always => true,
        };
        let in_batch = match config.in_batch {
            true => logarithms(positive_shares(train, config)),
            false => Vec::new(),
        };
        let drawn = match items {
            Items::Uniform { .. } | Items::Listed(_) => Vec::new(),
            Items::Weighted(_) => logarithms(popularity_shares(train, config.popularity_power)),
        };
        corrects.then_some(Self {
            in_batch,
            drawn,
            n_drawn: config.negatives,
        })
    }

    /// Those of a batch. A positive is a candidate that was drawn as the other positives are, where these are its
    /// negatives; else it is corrected as the negatives are.
    pub(super) fn of(&self, batch: &Batch) -> LogQ {
        let drawn = |item: u32| self.drawn.get(item as usize).copied().unwrap_or(0.0);
        let positive = |item: u32| match self.in_batch.get(item as usize) {
            Some(&log_q) => log_q,
            None => drawn(item),
        };
        let positives: Vec<f32> = batch.positives.iter().map(|&item| positive(item)).collect();
        let each = batch.negatives.len() / batch.users.len().max(1);
        let rows = batch.negatives.chunks(each.max(1));
        let negatives = rows.flat_map(|row| {
            (0..)
                .zip(row)
                .map(|(number, &item)| match number < self.n_drawn {
                    true => drawn(item),
                    false => 0.0,
                })
        });
        let negatives = negatives.collect();
        let shared = match &batch.shared {
            None => Vec::new(),
            Some(Shared {
                items, in_batch, ..
            }) => {
                let mut shared: Vec<f32> = items.iter().map(|&item| drawn(item)).collect();
                if *in_batch {
                    shared.extend_from_slice(&positives);
                }
                shared
            }
        };
        LogQ {
            positives,
            negatives,
            shared,
        }
    }
}

/// The probability of each item of being a batch's positive: the share of its interactions, where interactions are drawn;
/// the sum of `1 / (|U| |N(u)|)` over its users, where users are. Weighted, interactions count by their weights.
fn positive_shares(train: &TrainSet, config: &SamplingConfig) -> Vec<f64> {
    let (positives, n_items) = (train.positives(), train.n_items());
    let weights = train.counting(config.weighted_positives, config.half_life_days);
    let mass = |edges: std::ops::Range<usize>| match weights.get(edges.clone()) {
        None => edges.len() as f64,
        Some(weights) => weights.iter().map(|&weight| f64::from(weight)).sum(),
    };
    let users = 0..positives.n_users() as u32;
    let active = users
        .clone()
        .filter(|&user| !positives.of(user).is_empty())
        .count();
    let all = mass(0..positives.n_pairs());
    let mut shares = vec![0.0; n_items];
    let mut start = 0;
    for user in users {
        let items = positives.of(user);
        let whole = match config.positives {
            PositiveSampling::ByEdge => all,
            PositiveSampling::ByUser => active as f64 * mass(start..start + items.len()),
        };
        for (edge, &item) in (start..).zip(items) {
            shares[item as usize] += mass(edge..edge + 1) / whole;
        }
        start += items.len();
    }
    shares
}

/// The probability of each item by popularity to a power.
fn popularity_shares(train: &TrainSet, power: f64) -> Vec<f64> {
    let weigh = |n: u32| match n {
        0 => 0.0,
        n => f64::from(n).powf(power),
    };
    let weights: Vec<f64> = popularity(train).into_iter().map(weigh).collect();
    let whole: f64 = weights.iter().sum();
    weights.into_iter().map(|weight| weight / whole).collect()
}

/// `log(q(i) * n_items)`; 0 for an item that is never drawn.
fn logarithms(shares: Vec<f64>) -> Vec<f32> {
    let n_items = shares.len() as f64;
    let log = |share: f64| match share > 0.0 {
        true => (share * n_items).ln() as f32,
        false => 0.0,
    };
    shares.into_iter().map(log).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::EpochSampler;
    use super::*;
    use crate::config::{ModelName, NegativeDistribution, RunConfig};

    /// User 0 has items 0, 1 and 2; user 1 has 2; user 2 has none; item 3 has nobody.
    fn train() -> TrainSet {
        TrainSet::of_pairs(3, 4, &[(0, 0), (0, 1), (0, 2), (1, 2)])
    }

    fn config(positives: PositiveSampling) -> SamplingConfig {
        SamplingConfig {
            positives,
            negatives: 0,
            in_batch: true,
            batch_size: 64,
            ..RunConfig::defaults_for(ModelName::Mf).sampling
        }
    }

    /// The batch's corrections, each of which is the logarithm of `n_items` times the probability expected of its item.
    fn check(train: &TrainSet, config: SamplingConfig, positives: [f64; 4], drawn: [f64; 4]) {
        let sampler = EpochSampler::new(train, config, None);
        let batch = sampler.epoch(3, 1).next().unwrap();
        let log_q = batch.log_q.unwrap();
        let shared = batch.shared.unwrap_or_default();
        assert!(!batch.positives.is_empty());
        let near = |got: &[f32], items: &[u32], shares: [f64; 4]| {
            assert_eq!(got.len(), items.len());
            for (&got, &item) in got.iter().zip(items) {
                let want = (4.0 * shares[item as usize]).ln();
                assert!(
                    (f64::from(got) - want).abs() < 1e-6,
                    "item {item}: {got}, {want}"
                );
            }
        };
        near(&log_q.positives, &batch.positives, positives);
        near(&log_q.negatives, &batch.negatives, drawn);
        let (of_drawn, of_positives) = log_q.shared.split_at(shared.items.len());
        near(of_drawn, &shared.items, drawn);
        match shared.in_batch {
            true => assert_eq!(of_positives, log_q.positives),
            false => assert!(of_positives.is_empty()),
        }
    }

    const UNIFORM: [f64; 4] = [0.25; 4];

    #[test]
    fn in_batch_items_are_drawn_as_positives_are() {
        let by_edge = [0.25, 0.25, 0.5, 0.0];
        check(&train(), config(PositiveSampling::ByEdge), by_edge, UNIFORM);
        // Half of the draws are user 0's, a third of which each item has.
        let by_user = [1.0 / 6.0, 1.0 / 6.0, 1.0 / 6.0 + 0.5, 0.0];
        check(&train(), config(PositiveSampling::ByUser), by_user, UNIFORM);
    }

    #[test]
    fn weights_of_interactions_are_how_often_positives_are_drawn() {
        let train = train().weighing(&[1.0, 2.0, 3.0, 4.0]);
        let weighted = |positives| SamplingConfig {
            weighted_positives: true,
            ..config(positives)
        };
        check(
            &train,
            weighted(PositiveSampling::ByEdge),
            [0.1, 0.2, 0.7, 0.0],
            UNIFORM,
        );
        let by_user = [1.0 / 12.0, 2.0 / 12.0, 3.0 / 12.0 + 0.5, 0.0];
        check(&train, weighted(PositiveSampling::ByUser), by_user, UNIFORM);
    }

    #[test]
    fn drawn_items_have_their_own_distribution() {
        let by_edge = [0.25, 0.25, 0.5, 0.0];
        for in_batch in [true, false] {
            let uniform = SamplingConfig {
                batch_shared: 3,
                in_batch,
                log_q: Corrected::Always,
                ..config(PositiveSampling::ByEdge)
            };
            let positives = if in_batch { by_edge } else { UNIFORM };
            check(&train(), uniform.clone(), positives, UNIFORM);
            // The square roots of 1, 1 and 2 users.
            let root = |n: f64| n.sqrt() / (2.0 + 2f64.sqrt());
            let by_popularity = [root(1.0), root(1.0), root(2.0), 0.0];
            let popular = SamplingConfig {
                negatives: 2,
                distribution: NegativeDistribution::Popularity,
                popularity_power: 0.5,
                ..uniform
            };
            let positives = if in_batch { by_edge } else { by_popularity };
            // User 0 has every item that is drawn, so that only user 1 is left in the batch.
            check(&train(), popular, positives, by_popularity);
        }
    }

    #[test]
    fn the_setting_decides_what_is_corrected() {
        let has = |in_batch, log_q| {
            let config = SamplingConfig {
                in_batch,
                batch_shared: 2,
                log_q,
                ..config(PositiveSampling::ByEdge)
            };
            let train = train();
            let sampler = EpochSampler::new(&train, config, None);
            sampler.epoch(1, 1).next().unwrap().log_q.is_some()
        };
        assert!(has(true, Corrected::InBatch) && !has(false, Corrected::InBatch));
        assert!(has(true, Corrected::Always) && has(false, Corrected::Always));
        assert!(!has(true, Corrected::Never) && !has(false, Corrected::Never));
    }
}
