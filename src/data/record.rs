//! `data.json`: what a run was trained on, in numbers and hashes.

use serde::{Deserialize, Serialize};

#[cfg(feature = "train")]
use super::Counts;
use super::{Cleaning, SourceFile, SplitSummary};

/// `data.json`: what the run was trained on.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct DataRecord {
    pub(crate) n_users: usize,
    pub(crate) n_items: usize,
    pub(crate) n_interactions: usize,
    pub(crate) sources: Vec<SourceFile>,
    pub(crate) cleaning: Cleaning,
    pub(crate) split: SplitSummary,
}

impl DataRecord {
    /// What a memory forecast is made from.
    #[cfg(feature = "train")]
    pub(crate) fn counts(&self) -> Counts {
        Counts {
            users: self.n_users as u64,
            items: self.n_items as u64,
            interactions: self.n_interactions as u64,
            train: self.split.n_train as u64,
        }
    }
}
