//! One batch of an epoch: ids, and what is known of how they were drawn.

use super::shared::Shared;

/// Triples to learn from: each positive with its negatives.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Batch {
    /// Users, one per positive.
    pub users: Vec<u32>,
    /// An item of each user.
    pub positives: Vec<u32>,
    /// Per-positive negatives, the same number for each positive, row after row: those drawn from the catalogue,
    /// then the hard ones.
    pub negatives: Vec<u32>,
    /// Batch-shared negatives, where there are any.
    pub shared: Option<Shared>,
    /// What the sampled softmax takes off, where the settings correct it.
    pub log_q: Option<LogQ>,
    /// Positives left out because no negative was found in [`MAX_TRIES`](super::MAX_TRIES) draws.
    pub skipped: u64,
    /// Hard negatives that were drawn as the others are, because a band had none for the user.
    pub hard_replaced: u64,
}

impl Batch {
    /// Its items: positives, then negatives, then those drawn to be shared.
    pub fn items(&self) -> Vec<u32> {
        let shared = self.shared.as_ref().map_or(&[][..], |shared| &shared.items);
        [&self.positives, &self.negatives, shared].concat()
    }
}

/// `log(q(i) * n_items)` of each candidate of a batch, where `q` is the distribution that it was drawn from.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LogQ {
    /// One for each positive.
    pub positives: Vec<f32>,
    /// One for each per-positive negative; 0 for hard ones, which are drawn from no distribution over items.
    pub negatives: Vec<f32>,
    /// One for each batch-shared negative: those drawn, then the batch's positives where they are negatives.
    pub shared: Vec<f32>,
}
