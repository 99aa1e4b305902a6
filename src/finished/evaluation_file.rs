//! `evaluation.json`: what was measured on the test set.

use serde::{Deserialize, Serialize};

use crate::evaluation::{Evaluation, PerUser};
use crate::split::Predecessor;

/// `evaluation.json`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct EvaluationFile {
    /// The run that was measured, where it is not the one that this file is in, but the one that was refitted on
    /// everything to make it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) of: Option<Predecessor>,
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

/// A run that cannot be measured, since its model was trained on the test part.
#[derive(Debug, thiserror::Error)]
#[error("{run}: {}", not_measured(of.as_ref()))]
pub(crate) struct TrainedOnTest {
    pub(crate) run: String,
    pub(crate) of: Option<Predecessor>,
}

impl crate::failure::Fails for TrainedOnTest {
    fn failure(&self) -> crate::failure::Failure {
        crate::failure::Failure::Usage
    }
}

fn not_measured(of: Option<&Predecessor>) -> String {
    const WHY: &str = "this run was trained on the test part";
    match of {
        None => format!("{WHY}, and nothing is left to measure it on"),
        Some(of) => match of.figures() {
            Some(figures) => format!("{WHY}; its figures are {figures}"),
            None => format!(
                "{WHY} of {0}, which was not measured before: `sagebrush evaluate --run {0}` measures that one",
                of.run
            ),
        },
    }
}
