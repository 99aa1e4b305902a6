//! Losses on scores, in forms that do not overflow.

use burn::tensor::{Tensor, activation};
use serde::{Deserialize, Serialize};

use super::softplus::softplus;

/// The loss on a positive's score and the scores of its negatives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RankingLoss {
    /// Bayesian personalized ranking (Rendle et al., UAI 2009): `softplus(f_neg - f_pos)`, the mean
    /// over a user's negatives, then over users.
    #[default]
    Bpr,
    /// Logistic loss, positives and negatives averaged apart.
    Binary,
    /// Sampled softmax (Wu et al., TOIS 2024): `-f_pos/t + log(e^(f_pos/t) + sum of e^(f_neg/t))`.
    Softmax {
        /// `t`, above 0.
        temperature: f64,
    },
    /// `max(0, f_neg - f_pos + margin)`, the mean over negatives (PinSAGE, arXiv 1806.01973).
    Margin {
        /// By how much a positive's score must exceed a negative's.
        margin: f64,
    },
    /// Cosine contrastive loss (SimpleX, arXiv 2109.12613, equation 1):
    /// `1 - f_pos + weight * mean of max(0, f_neg - margin)`.
    Contrastive {
        /// A negative whose score is below it adds nothing.
        margin: f64,
        /// Weight of all negatives together.
        negative_weight: f64,
    },
}

/// Scores of a mini-batch as Burn's operations see them.
#[derive(Clone, Debug)]
pub struct BatchScores {
    /// `[batch]`
    pub positives: Tensor<1>,
    /// `[batch, n_negatives]`
    pub negatives: Tensor<2>,
    /// `[batch, n_negatives]`: 1 where the negative counts, 0 where the user is known to have it;
    /// `None` where all count.
    pub valid: Option<Tensor<2>>,
}

impl RankingLoss {
    /// What a sampled softmax divides scores by; `None` for every other loss, which does not ask how its negatives
    /// were drawn.
    pub(crate) fn temperature(self) -> Option<f32> {
        match self {
            Self::Softmax { temperature } => Some(temperature as f32),
            Self::Bpr | Self::Binary | Self::Margin { .. } | Self::Contrastive { .. } => None,
        }
    }

    /// The loss of a mini-batch of scores; of a user without negatives that count, only the
    /// positive's part remains.
    ///
    /// # Shapes
    /// `[batch], [batch, n_negatives] -> [1]`
    pub fn forward(self, scores: BatchScores) -> Tensor<1> {
        let BatchScores {
            positives,
            negatives,
            valid,
        } = scores;
        match self {
            Self::Bpr => mean_by_user(softplus(negatives - column(positives)), valid),
            Self::Binary => softplus(-positives).mean() + mean_of_all(softplus(negatives), valid),
            Self::Softmax { temperature } => softmax(positives, negatives, valid, temperature),
            Self::Margin { margin } => {
                let behind = negatives - column(positives) + margin;
                mean_by_user(activation::relu(behind), valid)
            }
            Self::Contrastive {
                margin,
                negative_weight,
            } => {
                let above = mean_by_user(activation::relu(negatives - margin), valid);
                (positives.neg() + 1.0).mean() + above * negative_weight
            }
        }
    }
}

fn column(positives: Tensor<1>) -> Tensor<2> {
    positives.unsqueeze_dim::<2>(1)
}

/// The mean over each user's negatives that count, then over users.
fn mean_by_user(costs: Tensor<2>, valid: Option<Tensor<2>>) -> Tensor<1> {
    let Some(valid) = valid else {
        return costs.mean();
    };
    let counts = valid.clone().sum_dim(1).clamp_min(1.0);
    ((costs * valid).sum_dim(1) / counts).mean()
}

/// The mean over all negatives that count.
fn mean_of_all(costs: Tensor<2>, valid: Option<Tensor<2>>) -> Tensor<1> {
    let Some(valid) = valid else {
        return costs.mean();
    };
    let count = valid.clone().sum().clamp_min(1.0);
    (costs * valid).sum() / count
}

/// The score of a negative that does not count: less than any scaled score, and finite, so that no difference of two of them is undefined.
const NOT_COUNTED: f64 = -1e30;

fn softmax(
    positives: Tensor<1>,
    negatives: Tensor<2>,
    valid: Option<Tensor<2>>,
    temperature: f64,
) -> Tensor<1> {
    let positives = column(positives) / temperature;
    let mut negatives = negatives / temperature;
    if let Some(valid) = valid {
        negatives = negatives.mask_fill(valid.lower_elem(0.5), NOT_COUNTED);
    }
    let all = Tensor::cat(vec![positives.clone(), negatives], 1);
    let largest = all.clone().detach().max_dim(1);
    let sum = (all - largest.clone()).exp().sum_dim(1);
    (sum.log() + largest - positives).mean()
}
