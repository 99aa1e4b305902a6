//! Batch-shared negatives: which items, which of them each user is known to have, and how often each is drawn.

use rand::Rng;
use rand::distr::Distribution;

use super::negatives::{Items, popularity};
use crate::config::SamplingConfig;
use crate::split::TrainSet;

/// Batch-shared negatives: every user of the batch is compared with them, except with those the user has.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Shared {
    /// The items; one may come twice.
    pub items: Vec<u32>,
    /// Where each user's part of `known` begins; one more than there are users.
    pub known_ptr: Vec<u32>,
    /// Places in `items` of items the user has in training, user after user.
    pub known: Vec<u32>,
    /// `log(q(i) * n_items)` of each positive and of each place, where `q` is how the batch's positives
    /// are drawn; only where positives are negatives of others.
    pub log_q: Option<(Vec<f32>, Vec<f32>)>,
}

/// No place.
const NONE: u32 = u32::MAX;

/// Draws [`Shared`] negatives, batch after batch.
#[derive(Debug, Clone)]
pub(super) struct SharedSampler {
    n_drawn: usize,
    in_batch: bool,
    log_q: Vec<f32>,
    /// The first place of each item, or [`NONE`]; empty between batches.
    first: Vec<u32>,
}

impl SharedSampler {
    /// `None` where batches share no negatives.
    pub(super) fn new(train: &TrainSet, config: &SamplingConfig) -> Option<Self> {
        if config.batch_shared == 0 && !config.in_batch {
            return None;
        }
        let n = train.n_interactions().max(1) as f64;
        let n_items = train.n_items() as f64;
        let positives = train.positives();
        let weights = train.counting(config.weighted_positives, config.half_life_days);
        let frequency = |count: u32| (f64::from(count.max(1)) / n * n_items).ln() as f32;
        let by_weight = |weights: Vec<f64>| -> Vec<f32> {
            let whole: f64 = weights.iter().sum();
            let least = weights.iter().copied().filter(|&weight| weight > 0.0);
            let least = least.fold(f64::INFINITY, f64::min);
            let frequency = |weight: f64| (weight.max(least) / whole * n_items).ln() as f32;
            weights.into_iter().map(frequency).collect()
        };
        Some(Self {
            n_drawn: config.batch_shared,
            in_batch: config.in_batch,
            log_q: match (config.in_batch, weights.is_empty()) {
                (true, true) => popularity(train).into_iter().map(frequency).collect(),
                (true, false) => by_weight(positives.sums_by_item(&weights, train.n_items())),
                (false, _) => Vec::new(),
            },
            first: vec![NONE; train.n_items()],
        })
    }

    /// The negatives of a batch.
    pub(super) fn draw(
        &mut self,
        train: &TrainSet,
        drawn: &Items,
        users: &[u32],
        positives: &[u32],
        rng: &mut impl Rng,
    ) -> Shared {
        let mut items: Vec<u32> = match drawn {
            Items::Listed(items) if self.n_drawn >= items.len() => items.clone(),
            Items::Listed(items) => {
                let sample = rand::seq::index::sample(rng, items.len(), self.n_drawn);
                sample.into_iter().map(|at| items[at]).collect()
            }
            _ if self.n_drawn >= train.n_items() => (0..train.n_items() as u32).collect(),
            Items::Uniform { n_items } => {
                let sample = rand::seq::index::sample(rng, *n_items as usize, self.n_drawn);
                sample.into_iter().map(|item| item as u32).collect()
            }
            Items::Weighted(weights) => (0..self.n_drawn)
                .map(|_| weights.sample(rng) as u32)
                .collect(),
        };
        if self.in_batch {
            items.extend_from_slice(positives);
        }
        let of = |list: &[u32]| list.iter().map(|&item| self.log_q[item as usize]).collect();
        let log_q = self.in_batch.then(|| (of(positives), of(&items)));
        let (known_ptr, known) = self.known(train, users, &items);
        Shared {
            items,
            known_ptr,
            known,
            log_q,
        }
    }

    /// The places of items that each user has.
    fn known(&mut self, train: &TrainSet, users: &[u32], items: &[u32]) -> (Vec<u32>, Vec<u32>) {
        let mut next = vec![NONE; items.len()];
        for (place, &item) in items.iter().enumerate().rev() {
            next[place] = self.first[item as usize];
            self.first[item as usize] = place as u32;
        }
        let mut known_ptr = Vec::with_capacity(users.len() + 1);
        let mut known = Vec::new();
        known_ptr.push(0);
        for &user in users {
            for &item in train.positives().of(user) {
                let mut place = self.first[item as usize];
                while place != NONE {
                    known.push(place);
                    place = next[place as usize];
                }
            }
            known_ptr.push(known.len() as u32);
        }
        for &item in items {
            self.first[item as usize] = NONE;
        }
        (known_ptr, known)
    }
}
