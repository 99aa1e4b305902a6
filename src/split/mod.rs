//! From a data set to its training, validation and test parts. Only a split makes a training set.

mod cut;
mod error;
mod record;
mod reorder;
mod train_set;

pub use cut::split;
pub use error::SplitError;
pub(crate) use record::DataRecord;
pub use train_set::TrainSet;

use serde::{Deserialize, Serialize};

use crate::config::SplitMethod;
use crate::data::ItemLists;

/// A data set in three disjoint parts.
#[derive(Debug, Clone)]
pub struct Split {
    /// How it was cut.
    pub method: SplitMethod,
    /// The part that models learn from.
    pub train: TrainSet,
    /// The part that chooses the epoch and the settings.
    pub validation: ItemLists,
    /// The part that `evaluate` measures on.
    pub test: ItemLists,
    /// The counts.
    pub summary: SplitSummary,
}

/// The items without an interaction in `train`, ascending: a cold-start item split ranks these alone. `None` for
/// every other split, which ranks the whole catalogue.
#[must_use]
pub fn new_items(method: SplitMethod, train: &ItemLists, n_items: usize) -> Option<Vec<u32>> {
    if method != SplitMethod::ColdStartItem {
        return None;
    }
    let mut is_known = vec![false; n_items];
    train
        .items()
        .iter()
        .for_each(|&item| is_known[item as usize] = true);
    let new = (0..n_items as u32).filter(|&item| !is_known[item as usize]);
    Some(new.collect())
}

/// The counts of a split.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SplitSummary {
    /// How it was cut.
    pub method: SplitMethod,
    /// Training interactions.
    pub n_train: usize,
    /// Validation interactions.
    pub n_validation: usize,
    /// Test interactions.
    pub n_test: usize,
    /// Users with test interactions and no training interaction.
    pub n_cold_users: usize,
    /// Items with test interactions and no training interaction.
    pub n_cold_items: usize,
    /// Interactions of a given test file that also are in the log; they stay in the log.
    pub n_test_also_in_log: usize,
}
