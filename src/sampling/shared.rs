//! Batch-shared negatives: which items, and which of them each user is known to have.

use rand::Rng;
use rand::distr::Distribution;

use super::negatives::Items;
use crate::config::SamplingConfig;
use crate::split::TrainSet;

/// Batch-shared negatives: every user of the batch is compared with them, except with those the user has.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Shared {
    /// The items that were drawn; one may come twice.
    pub items: Vec<u32>,
    /// Whether the batch's positives are negatives after them.
    pub in_batch: bool,
    /// Where each user's part of `known` begins; one more than there are users.
    pub known_ptr: Vec<u32>,
    /// Places, first in `items` and then among the positives, of items the user has in training, user after user.
    pub known: Vec<u32>,
}

/// No place.
const NONE: u32 = u32::MAX;

/// Draws [`Shared`] negatives, batch after batch.
#[derive(Debug, Clone)]
pub(super) struct SharedSampler {
    n_drawn: usize,
    in_batch: bool,
    /// The first place of each item, or [`NONE`]; empty between batches.
    first: Vec<u32>,
}

impl SharedSampler {
    /// `None` where batches share no negatives.
    pub(super) fn new(train: &TrainSet, config: &SamplingConfig) -> Option<Self> {
        if config.batch_shared == 0 && !config.in_batch {
            return None;
        }
        Some(Self {
            n_drawn: config.batch_shared,
            in_batch: config.in_batch,
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
        let items: Vec<u32> = match drawn {
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
        let (known_ptr, known) = match self.in_batch {
            true => self.known(train, users, &[&items, positives].concat()),
            false => self.known(train, users, &items),
        };
        Shared {
            items,
            in_batch: self.in_batch,
            known_ptr,
            known,
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
