//! An epoch of training triples as a pure function of (seed, epoch).

use rand::Rng;

use super::{PositiveSampling, SamplingConfig, SamplingError};
use crate::data::TrainSet;
use crate::random::{below, keyed, shuffle};

/// How often a negative is drawn again before its triple is given up. A user who has 90% of all items
/// fails once in 700,000 draws.
pub const MAX_TRIES: u32 = 128;

const ORDER: [u8; 8] = *b"sb-order";
const BATCH: [u8; 8] = *b"sb-batch";

/// Triples of one step: row `r` is `users[r]`, `positives[r]` and `n` negatives from `negatives[r * n]`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Batch {
    /// Inside user ids.
    pub users: Vec<u32>,
    /// One training item of each user.
    pub positives: Vec<u32>,
    /// Items that are not training items of the user, row-major `[users.len(), n_negatives]`.
    pub negatives: Vec<u32>,
    /// Triples left out because no negative was found in [`MAX_TRIES`] tries. Where all were, the batch
    /// is empty.
    pub skipped: u64,
}

impl Batch {
    /// How many triples there are.
    pub fn len(&self) -> usize {
        self.users.len()
    }

    /// Whether every triple was skipped.
    pub fn is_empty(&self) -> bool {
        self.users.is_empty()
    }
}

/// Draws epochs of triples from a training set.
#[derive(Debug, Clone)]
pub struct EpochSampler<'a> {
    train: &'a TrainSet,
    config: SamplingConfig,
    /// By edge: the user of each training interaction. By user: the users that have any.
    users: Vec<u32>,
}

impl<'a> EpochSampler<'a> {
    /// A sampler over a training set.
    ///
    /// # Errors
    /// When a count is 0, every user has every item, or there are more than `u32::MAX` interactions.
    pub fn new(train: &'a TrainSet, config: SamplingConfig) -> Result<Self, SamplingError> {
        for (name, count) in [("negatives", config.negatives), ("batch_size", config.batch_size)] {
            if count == 0 {
                return Err(SamplingError::Zero { name });
            }
        }
        let (n_interactions, n_items) = (train.n_interactions(), train.n_items());
        if u32::try_from(n_interactions).is_err() || u32::try_from(n_items).is_err() {
            return Err(SamplingError::TooMany { n_interactions: n_interactions.max(n_items) });
        }
        let positives = train.positives();
        let n_users = train.n_users() as u32;
        let active: Vec<u32> = (0..n_users).filter(|&u| !positives.of(u).is_empty()).collect();
        if active.iter().all(|&user| positives.of(user).len() == n_items) {
            return Err(SamplingError::NoNegatives { n_items });
        }
        let users = match config.positives {
            PositiveSampling::ByUser => active,
            PositiveSampling::ByEdge => positives.pairs().map(|(user, _)| user).collect(),
        };
        Ok(Self { train, config, users })
    }

    /// Batches in each epoch.
    pub fn n_batches(&self) -> usize {
        self.train.n_interactions().div_ceil(self.config.batch_size)
    }

    /// The batches of an epoch: the same for the same seed and epoch, whatever came before.
    pub fn epoch(&self, seed: u64, epoch: u32) -> Epoch<'_> {
        let order = match self.config.positives {
            PositiveSampling::ByUser => Vec::new(),
            PositiveSampling::ByEdge => {
                let mut order: Vec<u32> = (0..self.train.n_interactions() as u32).collect();
                shuffle(&mut keyed(seed, ORDER, [u64::from(epoch), 0]), &mut order);
                order
            }
        };
        Epoch { sampler: self, seed, epoch, order, next: 0 }
    }
}

/// The batches of one epoch, in order or by index.
#[derive(Debug, Clone)]
pub struct Epoch<'a> {
    sampler: &'a EpochSampler<'a>,
    seed: u64,
    epoch: u32,
    /// By edge: the shuffled positions of the training interactions. By user: empty.
    order: Vec<u32>,
    next: usize,
}

impl Epoch<'_> {
    /// The batch at an index below [`EpochSampler::n_batches`], empty beyond; batches do not depend on
    /// each other, so they may be made in any order and in parallel.
    pub fn batch(&self, index: usize) -> Batch {
        let SamplingConfig { positives, negatives, batch_size } = self.sampler.config;
        let n_interactions = self.sampler.train.n_interactions();
        let start = index.saturating_mul(batch_size).min(n_interactions);
        let end = start.saturating_add(batch_size).min(n_interactions);
        let size = end - start;
        let mut batch = Batch {
            users: Vec::with_capacity(size),
            positives: Vec::with_capacity(size),
            negatives: Vec::with_capacity(size * negatives),
            skipped: 0,
        };
        let mut rng = keyed(self.seed, BATCH, [u64::from(self.epoch), index as u64]);
        for at in start..end {
            let (user, positive) = match positives {
                PositiveSampling::ByEdge => self.edge(at),
                PositiveSampling::ByUser => self.draw(&mut rng),
            };
            self.push(&mut batch, user, positive, &mut rng);
        }
        batch
    }

    fn edge(&self, at: usize) -> (u32, u32) {
        let edge = self.order[at] as usize;
        (self.sampler.users[edge], self.sampler.train.positives().items()[edge])
    }

    fn draw(&self, rng: &mut impl Rng) -> (u32, u32) {
        let users = &self.sampler.users;
        let user = users[below(rng, users.len() as u32) as usize];
        let items = self.sampler.train.positives().of(user);
        (user, items[below(rng, items.len() as u32) as usize])
    }

    /// Adds the triple with its negatives, or counts it as skipped.
    fn push(&self, batch: &mut Batch, user: u32, positive: u32, rng: &mut impl Rng) {
        let known = self.sampler.train.positives().of(user);
        let n_items = self.sampler.train.n_items() as u32;
        let row = batch.negatives.len();
        for _ in 0..self.sampler.config.negatives {
            let Some(negative) = negative(known, n_items, rng) else {
                batch.negatives.truncate(row);
                batch.skipped += 1;
                return;
            };
            batch.negatives.push(negative);
        }
        batch.users.push(user);
        batch.positives.push(positive);
    }
}

/// A uniform item outside `known` (ascending), or `None` after [`MAX_TRIES`] tries.
fn negative(known: &[u32], n_items: u32, rng: &mut impl Rng) -> Option<u32> {
    if known.len() == n_items as usize {
        return None;
    }
    (0..MAX_TRIES).map(|_| below(rng, n_items)).find(|item| known.binary_search(item).is_err())
}

impl Iterator for Epoch<'_> {
    type Item = Batch;

    fn next(&mut self) -> Option<Batch> {
        let index = self.next;
        (index < self.sampler.n_batches()).then(|| {
            self.next += 1;
            self.batch(index)
        })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.sampler.n_batches() - self.next;
        (left, Some(left))
    }
}

impl ExactSizeIterator for Epoch<'_> {}
