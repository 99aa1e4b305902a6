//! `evaluation.json`: what was measured on the test set.

use serde::{Deserialize, Serialize};

use crate::evaluation::{Evaluation, PerUser};

/// `evaluation.json`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct EvaluationFile {
    /// The last result; `None` in a run of format 1 whose evaluation did not finish.
    #[serde(flatten)]
    pub(crate) measured: Option<Measured>,
}

/// The outcome of an evaluation.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Measured {
    /// The summary.
    #[serde(flatten)]
    pub(crate) evaluation: Evaluation,
    /// The model's recall and NDCG user by user, for `compare`.
    pub(crate) per_user: PerUser,
}
