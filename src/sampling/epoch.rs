//! The batches of an epoch.

use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::negatives::uniform_negative;
use crate::config::{PositiveSampling, SamplingConfig};
use crate::data::TrainSet;

/// Triples to learn from: each positive with its negatives.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Batch {
    /// Users, one a positive.
    pub users: Vec<u32>,
    /// An item of each user.
    pub positives: Vec<u32>,
    /// Items the users do not have, `[users.len(), negatives]` row after row.
    pub negatives: Vec<u32>,
    /// Positives left out because no negative was found in [`MAX_TRIES`](super::MAX_TRIES) draws.
    pub skipped: u64,
}

/// Draws the batches of epochs from a training set.
#[derive(Debug)]
pub struct EpochSampler<'a> {
    train: &'a TrainSet,
    config: SamplingConfig,
    /// The user of each training interaction, for sampling by edge.
    edge_users: Vec<u32>,
    /// Users with a training interaction, for sampling by user.
    active_users: Vec<u32>,
}

/// What a generator is for: purposes never share a stream.
enum Purpose {
    Order,
    Batch(u64),
}

impl<'a> EpochSampler<'a> {
    /// A sampler over a training set.
    pub fn new(train: &'a TrainSet, config: SamplingConfig) -> Self {
        let positives = train.positives();
        let users = 0..train.n_users() as u32;
        let (edge_users, active_users) = match config.positives {
            PositiveSampling::ByEdge => (positives.pairs().map(|(user, _)| user).collect(), vec![]),
            PositiveSampling::ByUser => (
                vec![],
                users
                    .filter(|&user| !positives.of(user).is_empty())
                    .collect(),
            ),
        };
        Self {
            train,
            config,
            edge_users,
            active_users,
        }
    }

    /// The batches of an epoch, each drawn when asked for; the last may be shorter.
    ///
    /// By edge, every training interaction comes once in shuffled order. By user (LightGCN's way),
    /// as many draws as there are interactions: a uniform user, then one of the user's items.
    pub fn epoch(&self, seed: u64, epoch: u32) -> impl ExactSizeIterator<Item = Batch> + '_ {
        let n = self.train.n_interactions();
        let mut order: Vec<u32> = Vec::new();
        if self.config.positives == PositiveSampling::ByEdge {
            order = (0..n as u32).collect();
            order.shuffle(&mut generator(seed, epoch, Purpose::Order));
        }
        (0..self.config.n_batches(n)).map(move |index| {
            let mut rng = generator(seed, epoch, Purpose::Batch(index as u64));
            let start = index * self.config.batch_size;
            let end = (start + self.config.batch_size).min(n);
            match self.config.positives {
                PositiveSampling::ByEdge => self.batch_of_edges(&order[start..end], &mut rng),
                PositiveSampling::ByUser => self.batch_of_users(end - start, &mut rng),
            }
        })
    }

    fn batch_of_edges(&self, edges: &[u32], rng: &mut ChaCha8Rng) -> Batch {
        let items = self.train.positives().items();
        let mut batch = self.empty_batch(edges.len());
        for &edge in edges {
            self.push(
                &mut batch,
                self.edge_users[edge as usize],
                items[edge as usize],
                rng,
            );
        }
        batch
    }

    fn batch_of_users(&self, n: usize, rng: &mut ChaCha8Rng) -> Batch {
        let mut batch = self.empty_batch(n);
        for _ in 0..n {
            let user = self.active_users[rng.random_range(0..self.active_users.len())];
            let items = self.train.positives().of(user);
            let positive = items[rng.random_range(0..items.len())];
            self.push(&mut batch, user, positive, rng);
        }
        batch
    }

    fn empty_batch(&self, n: usize) -> Batch {
        Batch {
            users: Vec::with_capacity(n),
            positives: Vec::with_capacity(n),
            negatives: Vec::with_capacity(n * self.config.negatives),
            skipped: 0,
        }
    }

    /// Adds a positive with its negatives, or counts it as skipped.
    fn push(&self, batch: &mut Batch, user: u32, positive: u32, rng: &mut ChaCha8Rng) {
        let n_items = self.train.n_items() as u32;
        let known = self.train.positives().of(user);
        let before = batch.negatives.len();
        for _ in 0..self.config.negatives {
            match uniform_negative(rng, n_items, known) {
                Some(negative) => batch.negatives.push(negative),
                None => {
                    batch.negatives.truncate(before);
                    batch.skipped += 1;
                    return;
                }
            }
        }
        batch.users.push(user);
        batch.positives.push(positive);
    }
}

/// The generator of a purpose in an epoch: key (seed, epoch), stream by purpose.
fn generator(seed: u64, epoch: u32, purpose: Purpose) -> ChaCha8Rng {
    let mut key = [0; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    key[8..12].copy_from_slice(&epoch.to_le_bytes());
    let mut rng = ChaCha8Rng::from_seed(key);
    rng.set_stream(match purpose {
        Purpose::Order => 0,
        Purpose::Batch(index) => 1 + index,
    });
    rng
}

#[cfg(test)]
mod tests {
    use super::*;

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
        }
    }

    fn epoch(positives: PositiveSampling, seed: u64, epoch: u32) -> Vec<Batch> {
        let train = train();
        EpochSampler::new(&train, config(positives))
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
            for batch in EpochSampler::new(&train, config(PositiveSampling::ByUser)).epoch(9, epoch)
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
}
