//! `evaluation.json`: the openings of the test set, and what was measured.

use serde::{Deserialize, Serialize};

use crate::evaluation::{Evaluation, PerUser};

/// `evaluation.json`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct EvaluationFile {
    /// Every time the test set was opened, the first first; written before the test set is read.
    pub(crate) openings: Vec<Opening>,
    /// The last result; `None` when no evaluation has come to its end.
    #[serde(flatten)]
    pub(crate) measured: Option<Measured>,
}

/// What came out of an evaluation.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Measured {
    /// The summary.
    #[serde(flatten)]
    pub(crate) evaluation: Evaluation,
    /// The model's recall and NDCG user by user, for `compare`.
    pub(crate) per_user: PerUser,
}

/// One opening of the test set.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Opening {
    /// The UTC date.
    pub(crate) date: String,
    /// Seconds since 1970.
    pub(crate) unix_seconds: u64,
    /// The depths measured.
    pub(crate) ks: Vec<usize>,
}
