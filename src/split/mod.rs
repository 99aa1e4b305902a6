//! From a data set to its training, validation and test parts. Only a split makes a training set.

mod also_seen;
mod by_time;
mod columns;
mod cut;
mod draws;
mod error;
mod parts;
mod record;
mod refit;
mod reorder;
mod summary;
mod train_set;

pub use by_time::TiedCut;
pub use cut::split;
pub use error::SplitError;
pub(crate) use record::DataRecord;
pub use refit::RefitOn;
pub(crate) use refit::{Predecessor, Refit};
pub use summary::SplitSummary;
pub use train_set::TrainSet;

use crate::config::SplitMethod;
use crate::data::{AlsoSeen, ItemLists, PairColumns};

/// A data set in three disjoint parts.
#[derive(Debug, Clone)]
pub struct Split {
    /// How it was cut.
    pub method: SplitMethod,
    /// The part that models learn from.
    pub train: TrainSet,
    /// The part that chooses the epoch and the settings.
    pub validation: ItemLists,
    /// What is known of each pair of the validation part.
    pub validation_columns: PairColumns,
    /// The part that `evaluate` measures on.
    pub test: ItemLists,
    /// What is known of each pair of the test part, for the day on which it is trained on.
    pub test_columns: PairColumns,
    /// What users have besides, and no list of theirs holds; `None` where there is nothing.
    pub also_seen: Option<AlsoSeen>,
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
