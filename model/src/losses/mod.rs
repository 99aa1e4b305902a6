//! Training objectives: a ranking loss on the scores of positives and negatives, and a penalty on the size of parameters.
//!
//! The forms here are composed of Burn's operations and run on every backend. On a CPU `ops::batch_loss` computes the
//! same losses in one pass.

mod bpr_full;
mod ranking;
mod softplus;

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

pub use bpr_full::bpr_full;
pub use ranking::{BatchScores, RankingLoss};
#[cfg(all(test, feature = "train"))]
pub(crate) use softplus::softplus;

/// Which parameters are regularized. Every form is `weight_decay / 2 * (sum of squares) /
/// batch`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum L2 {
    /// Nothing.
    None,
    /// The batch's rows of the learned tables (LightGCN, MF). A row drawn twice counts twice.
    LayerZeroRows,
    /// The batch's rows of the outputs of all layers, layer 0 included (Adap-tau's LightGCN).
    AllLayerRows,
    /// The batch's rows of the final embeddings (the authors' NGCF code).
    FinalRows,
    /// Every parameter (the NGCF paper). Its objective adds `‖Θ‖²` to a sum over samples; over
    /// the mean of a batch that is `‖Θ‖² / batch`.
    AllParameters,
}

/// The training objective.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LossConfig {
    /// Loss on scores.
    pub ranking: RankingLoss,
    /// Whether the loss compares cosines of the embeddings in place of scores.
    pub cosine: bool,
    /// What is regularized.
    pub l2: L2,
    /// Weight of the regularization.
    pub weight_decay: f64,
}

/// The two terms of the objective; training minimizes their sum.
#[derive(Clone, Debug)]
pub struct LossParts {
    /// Loss on scores, `[1]`.
    pub ranking: Tensor<1>,
    /// Weighted L2 term, `[1]`.
    pub regularization: Tensor<1>,
    /// The cost of each positive at temperature 1, `[batch]` and without a gradient; for [`RankingLoss::Adaptive`] alone.
    pub costs: Option<Tensor<1>>,
}

impl LossParts {
    /// `ranking + regularization`, `[1]`.
    pub fn total(&self) -> Tensor<1> {
        self.ranking.clone() + self.regularization.clone()
    }
}
