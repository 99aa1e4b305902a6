//! `data.json`: what a run was trained on, in numbers and hashes.

use serde::{Deserialize, Serialize};

use super::{Refit, SplitSummary};
use crate::data::{Cleaning, HashedFile, SourceFile};

/// `data.json`: what the run was trained on.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct DataRecord {
    pub(crate) n_users: usize,
    pub(crate) n_items: usize,
    pub(crate) n_interactions: usize,
    pub(crate) sources: Vec<SourceFile>,
    pub(crate) cleaning: Cleaning,
    pub(crate) split: SplitSummary,
    /// The files of items' vectors; runs of format 1 did not record them.
    #[serde(default)]
    pub(crate) vectors: Option<Vec<HashedFile>>,
    /// What the stored model was trained on, where that is more than the training part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) refit: Option<Refit>,
}
