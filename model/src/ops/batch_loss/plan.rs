//! The inputs of a batch's loss: how its rows lie, who is compared with whom, and how.

use std::sync::{Arc, Mutex};

use crate::batch::{BatchIndices, LogQ, SharedNegatives};
use crate::losses::RankingLoss;

/// How the rows of a batch lie: users, positives, per-positive negatives, batch-shared negatives; the rows
/// that are regularized are the same ones, or come after them in the same order, once or several times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    /// Users in the batch.
    pub(crate) batch: usize,
    /// Per-positive negatives: how many each positive has.
    pub(crate) per_positive: usize,
    /// Batch-shared negatives that have rows of their own.
    pub(crate) shared: usize,
    /// Whether the positives are batch-shared negatives after them.
    pub(crate) in_batch: bool,
    /// Sets of rows that follow the scored one: those that are regularized.
    pub(crate) more_sets: usize,
}

impl Layout {
    pub(crate) fn of(batch: &BatchIndices, more_sets: usize) -> Self {
        Self {
            batch: batch.len(),
            per_positive: batch.n_negatives(),
            shared: batch.shared().items.len(),
            in_batch: batch.shared().in_batch,
            more_sets,
        }
    }

    /// Rows of one set.
    pub(crate) fn n_rows(self) -> usize {
        self.batch * (2 + self.per_positive) + self.shared
    }

    /// Batch-shared negatives, those without rows of their own included.
    pub(crate) fn n_shared(self) -> usize {
        self.shared + if self.in_batch { self.batch } else { 0 }
    }

    /// Rows of all sets.
    pub(crate) fn n_all_rows(self) -> usize {
        self.n_rows() * (1 + self.more_sets)
    }
}

/// The score as the loss sees it: an inner product, of unit vectors or not, times a number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Similarity {
    /// Whether both vectors are scaled to length 1 first.
    pub(crate) unit: bool,
    pub(crate) scale: f32,
}

/// One batch's loss.
#[derive(Debug)]
pub(crate) struct BatchLossPlan {
    pub(crate) layout: Layout,
    pub(crate) similarity: Similarity,
    pub(crate) loss: RankingLoss,
    pub(crate) shared: Arc<SharedNegatives>,
    /// What a sampled softmax subtracts; `None` for other losses.
    pub(super) log_q: Option<Arc<LogQ>>,
    /// What users' negatives are multiplied by in a softmax, where users have something of their own.
    inverse_temperatures: Option<Arc<[f32]>>,
    /// Whether rows are regularized: the sets after the first where there are any, else the first.
    pub(crate) regularized: bool,
    /// The gradient of the ranking loss that the forward pass left, `[n_rows, width]`.
    pub(super) gradient: Mutex<Option<Vec<f32>>>,
}

impl BatchLossPlan {
    pub(crate) fn new(
        batch: &BatchIndices,
        more_sets: usize,
        similarity: Similarity,
        loss: RankingLoss,
        regularized: bool,
    ) -> Self {
        Self {
            layout: Layout::of(batch, more_sets),
            similarity,
            loss,
            shared: batch.shared().clone(),
            log_q: loss.inverse_temperature().and(batch.log_q().cloned()),
            inverse_temperatures: batch.inverse_temperatures().cloned(),
            regularized,
            gradient: Mutex::default(),
        }
    }

    /// What a softmax multiplies the scores of a user's negatives by; 1 for other losses.
    pub(super) fn inverse_temperature(&self, user: usize) -> f32 {
        match (&self.inverse_temperatures, self.loss) {
            (Some(of_users), RankingLoss::Adaptive { .. }) => of_users[user],
            _ => self.loss.inverse_temperature().unwrap_or(1.0),
        }
    }

    /// The places of the batch-shared negatives that a user is known to have.
    pub(super) fn known(&self, user: usize) -> &[u32] {
        match self.layout.n_shared() {
            0 => &[],
            _ => {
                let ptr = &self.shared.known_ptr;
                &self.shared.known[ptr[user] as usize..ptr[user + 1] as usize]
            }
        }
    }
}
