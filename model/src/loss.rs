//! Losses on the scores of positives and negatives, in their stable forms.

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use crate::numeric::softplus;

/// What the scores are trained for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RankingLoss {
    /// Bayesian personalized ranking (Rendle et al., UAI 2009).
    #[default]
    Bpr,
    /// Logistic loss, positives and negatives averaged apart.
    Binary,
}

/// Which parameters pay for their size. Every form is `weight_decay / 2 * (sum of squares) /
/// batch`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum L2 {
    /// Nothing.
    None,
    /// The batch's rows of the learned tables (LightGCN, MF). A row drawn twice pays twice.
    LayerZeroRows,
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
    /// What is regularized.
    pub l2: L2,
    /// Weight of the regularization.
    pub weight_decay: f64,
}

/// The two terms of the objective; their sum is what is minimized.
#[derive(Clone, Debug)]
pub struct LossParts {
    /// Loss on scores, `[1]`.
    pub ranking: Tensor<1>,
    /// Weighted L2 term, `[1]`.
    pub regularization: Tensor<1>,
}

impl LossParts {
    /// `ranking + regularization`, `[1]`.
    pub fn total(&self) -> Tensor<1> {
        self.ranking.clone() + self.regularization.clone()
    }
}

impl RankingLoss {
    /// The loss of a mini-batch of scores.
    ///
    /// # Shapes
    /// `[batch], [batch, n_negatives] -> [1]`
    pub fn forward(self, positives: Tensor<1>, negatives: Tensor<2>) -> Tensor<1> {
        match self {
            Self::Bpr => bpr(positives, negatives),
            Self::Binary => binary(positives, negatives.flatten(0, 1)),
        }
    }
}

/// BPR of a mini-batch: the mean over each user's negatives, then over users, of
/// `-log sigma(f_pos - f_neg)`. Equal scores give `ln 2`.
///
/// # Shapes
/// `[batch], [batch, n_negatives] -> [1]`
pub fn bpr(positives: Tensor<1>, negatives: Tensor<2>) -> Tensor<1> {
    softplus(negatives - positives.unsqueeze_dim::<2>(1)).mean()
}

/// `mean of softplus(-f)` over positives plus `mean of softplus(f)` over negatives: two means, so
/// the number of negatives does not reweight.
///
/// # Shapes
/// `[n_positives], [n_negatives] -> [1]`
pub fn binary(positives: Tensor<1>, negatives: Tensor<1>) -> Tensor<1> {
    softplus(-positives).mean() + softplus(negatives).mean()
}

/// BPR in full: per user the mean over all pairs of a positive and a non-positive item, then the
/// mean over users that have both. Cubic in memory; for tests and tiny data.
///
/// # Shapes
/// `scores [n_users, n_items]`, `positives [n_users, n_items]` of zeros and ones `-> [1]`.
/// Without a user that has both, the result is 0.
pub fn bpr_full(scores: Tensor<2>, positives: Tensor<2>) -> Tensor<1> {
    let negatives = positives.clone().neg() + 1.0;
    let n_pairs = positives.clone().sum_dim(1) * negatives.clone().sum_dim(1);
    let weight = n_pairs.clone().clamp_min(1.0).recip();
    let n_users = n_pairs.greater_elem(0.5).float().sum().clamp_min(1.0);
    let gap = scores.clone().unsqueeze_dim::<3>(1) - scores.unsqueeze_dim::<3>(2);
    let pairs = positives.unsqueeze_dim::<3>(2) * negatives.unsqueeze_dim::<3>(1);
    (softplus(gap) * pairs * weight.unsqueeze_dim::<3>(2)).sum() / n_users
}
