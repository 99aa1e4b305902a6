//! The batches of an epoch.

use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::batch::Batch;
use super::hard::HardNegatives;
use super::log_q::Corrections;
use super::negatives::Items;
use super::shared::SharedSampler;
use super::weighted::Weighted;
use crate::config::{PositiveSampling, SamplingConfig};
use crate::data::ItemLists;
use crate::split::TrainSet;

/// Draws the batches of epochs from a training set.
#[derive(Debug)]
pub struct EpochSampler<'a> {
    train: &'a TrainSet,
    config: SamplingConfig,
    items: Items,
    /// `None` where batches share no negatives.
    shared: Option<SharedSampler>,
    /// `None` where the softmax is not corrected.
    log_q: Option<Corrections>,
    /// `None` where no negatives are hard.
    hard: Option<HardNegatives<'a>>,
    /// The user of each training interaction, for sampling by edge.
    edge_users: Vec<u32>,
    /// Users with a training interaction, for sampling by user.
    active_users: Vec<u32>,
    /// `None` where all interactions are drawn alike.
    weighted: Option<Weighted>,
}

/// The purpose of a generator: purposes never share a stream.
enum Purpose {
    Order,
    Batch(u64),
}

impl<'a> EpochSampler<'a> {
    /// A sampler over a training set, and the bands of [`HardNegatives`] where the settings want hard
    /// negatives.
    pub fn new(train: &'a TrainSet, config: SamplingConfig, bands: Option<&'a ItemLists>) -> Self {
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
        let items = Items::new(train, &config);
        Self {
            log_q: Corrections::new(train, &config, &items),
            items,
            shared: SharedSampler::new(train, &config),
            hard: bands.map(|bands| HardNegatives::new(bands, &config)),
            weighted: weighted(train, &config),
            train,
            config,
            edge_users,
            active_users,
        }
    }

    /// The batches of an epoch, each drawn when asked for; the last may be shorter.
    ///
    /// By edge, every training interaction comes once in shuffled order. By user (LightGCN's way),
    /// as many draws as there are interactions: a uniform user, then one of the user's items. Weighted, an interaction
    /// is drawn by its weight: of all with replacement, or of the user's. Where the settings bound the batches of an
    /// epoch, it is the first of these.
    pub fn epoch(&self, seed: u64, epoch: u32) -> impl ExactSizeIterator<Item = Batch> + '_ {
        let n = self.train.n_interactions();
        let mut order: Vec<u32> = Vec::new();
        if self.config.positives == PositiveSampling::ByEdge && self.weighted.is_none() {
            order = (0..n as u32).collect();
            order.shuffle(&mut generator(seed, epoch, Purpose::Order));
        }
        let mut shared = self.shared.clone();
        let batch_len = self.config.batch_len(n);
        (0..self.config.n_batches(n)).map(move |index| {
            let mut rng = generator(seed, epoch, Purpose::Batch(index as u64));
            let start = index * batch_len;
            let end = (start + batch_len).min(n);
            let hard = match self.hard {
                None => 0,
                Some(_) => self.config.hard_in_epoch(epoch),
            };
            let mut batch = match (self.config.positives, &self.weighted) {
                (PositiveSampling::ByEdge, None) => {
                    self.batch_of_edges(order[start..end].iter().copied(), hard, &mut rng)
                }
                (PositiveSampling::ByEdge, Some(weighted)) => {
                    let edges: Vec<u32> = (start..end).map(|_| weighted.draw(&mut rng)).collect();
                    self.batch_of_edges(edges.into_iter(), hard, &mut rng)
                }
                (PositiveSampling::ByUser, _) => self.batch_of_users(end - start, hard, &mut rng),
            };
            let (users, positives) = (&batch.users, &batch.positives);
            batch.shared = shared
                .as_mut()
                .map(|shared| shared.draw(self.train, &self.items, users, positives, &mut rng));
            batch.log_q = self.log_q.as_ref().map(|log_q| log_q.of(&batch));
            batch
        })
    }

    fn batch_of_edges(
        &self,
        edges: impl ExactSizeIterator<Item = u32>,
        hard: usize,
        rng: &mut ChaCha8Rng,
    ) -> Batch {
        let items = self.train.positives().items();
        let mut batch = self.empty_batch(edges.len(), hard);
        for edge in edges {
            self.push(
                &mut batch,
                self.edge_users[edge as usize],
                items[edge as usize],
                hard,
                rng,
            );
        }
        batch
    }

    fn batch_of_users(&self, n: usize, hard: usize, rng: &mut ChaCha8Rng) -> Batch {
        let mut batch = self.empty_batch(n, hard);
        for _ in 0..n {
            let user = self.active_users[rng.random_range(0..self.active_users.len())];
            let items = self.train.positives().of(user);
            let positive = match &self.weighted {
                None => items[rng.random_range(0..items.len())],
                Some(weighted) => {
                    let start = self.train.positives().row_ptr()[user as usize];
                    let edge = weighted.draw_of(start..start + items.len(), rng);
                    self.train.positives().items()[edge as usize]
                }
            };
            self.push(&mut batch, user, positive, hard, rng);
        }
        batch
    }

    fn empty_batch(&self, n: usize, hard: usize) -> Batch {
        Batch {
            users: Vec::with_capacity(n),
            positives: Vec::with_capacity(n),
            negatives: Vec::with_capacity(n * (self.config.negatives + hard)),
            ..Batch::default()
        }
    }

    /// Adds a positive with its negatives, or counts it as skipped.
    fn push(&self, batch: &mut Batch, user: u32, positive: u32, hard: usize, rng: &mut ChaCha8Rng) {
        let known = self.train.positives().of(user);
        let before = batch.negatives.len();
        for number in 0..self.config.negatives + hard {
            let from_band = self
                .hard
                .as_ref()
                .filter(|_| number >= self.config.negatives);
            let near = from_band.and_then(|hard| hard.draw(rng, user, positive, known));
            batch.hard_replaced += u64::from(from_band.is_some() && near.is_none());
            match near.or_else(|| self.items.draw_unknown(rng, known)) {
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

/// By what interactions are drawn as positives; `None` where all are alike.
fn weighted(train: &TrainSet, config: &SamplingConfig) -> Option<Weighted> {
    let weights = train.counting(config.weighted_positives, config.half_life_days);
    (!weights.is_empty()).then(|| match config.positives {
        PositiveSampling::ByEdge => Weighted::of_all(train, &weights),
        PositiveSampling::ByUser => Weighted::of_users(train, &weights),
    })
}

/// The generator for a purpose in an epoch: (seed, epoch) is its key, and each purpose has a stream of its own.
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
#[allow(clippy::unwrap_used)]
mod tests;
