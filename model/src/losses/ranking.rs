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
    /// Bilateral softmax (BSL, arXiv 2312.12882, as its code has it): `-f_pos/t + power * log(sum of e^(f_neg/t))`.
    Bilateral {
        /// `t`, above 0.
        temperature: f64,
        /// Weight of the negatives' part: their temperature over the positives'.
        power: f64,
    },
    /// Softmax with a temperature a user (Adap-tau, arXiv 2302.04775, as its code has it):
    /// `-w f_pos + log(sum of e^(w_u f_neg))`, with `w_u` from
    /// [`BatchIndices::with_inverse_temperatures`](crate::BatchIndices::with_inverse_temperatures).
    Adaptive {
        /// `w`, of the positives and of users who have none of their own.
        inverse_temperature: f64,
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
    /// What a softmax takes off its exponents: of positives and of negatives.
    pub log_q: Option<(Tensor<1>, Tensor<2>)>,
    /// `[batch]`: what [`RankingLoss::Adaptive`] multiplies each user's negatives by; `None` where it is the same for
    /// all.
    pub inverse_temperatures: Option<Tensor<1>>,
}

impl RankingLoss {
    /// What a softmax multiplies the scores of negatives by, where users have nothing of their own; `None` for every
    /// other loss, which does not ask how its negatives were drawn.
    pub(crate) fn inverse_temperature(self) -> Option<f32> {
        match self {
            Self::Softmax { temperature } | Self::Bilateral { temperature, .. } => {
                Some(1.0 / temperature as f32)
            }
            Self::Adaptive {
                inverse_temperature,
            } => Some(inverse_temperature as f32),
            Self::Bpr | Self::Binary | Self::Margin { .. } | Self::Contrastive { .. } => None,
        }
    }

    /// Whether the cost of each positive at temperature 1 is wanted beside the loss.
    pub(crate) fn has_costs(self) -> bool {
        matches!(self, Self::Adaptive { .. })
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
            log_q,
            inverse_temperatures,
        } = scores;
        match self {
            Self::Bpr => mean_by_user(softplus(negatives - column(positives)), valid),
            Self::Binary => softplus(-positives).mean() + mean_of_all(softplus(negatives), valid),
            Self::Softmax { temperature } => {
                let (mut positives, mut negatives) =
                    (positives / temperature, negatives / temperature);
                if let Some((of_positives, of_negatives)) = log_q {
                    positives = positives - of_positives;
                    negatives = negatives - of_negatives;
                }
                let positives = column(positives);
                let valid = valid.map(|valid| Tensor::cat(vec![positives.ones_like(), valid], 1));
                let all = Tensor::cat(vec![positives.clone(), negatives], 1);
                (log_sum_exp(all, valid) - positives).mean()
            }
            Self::Bilateral { temperature, power } => {
                let negatives = corrected(negatives / temperature, log_q);
                (log_sum_exp(negatives, valid) * power - column(positives) / temperature).mean()
            }
            Self::Adaptive {
                inverse_temperature,
            } => {
                let negatives = match inverse_temperatures {
                    Some(of_users) => negatives * column(of_users),
                    None => negatives * inverse_temperature,
                };
                let sums = log_sum_exp(corrected(negatives, log_q), valid);
                (sums - column(positives) * inverse_temperature).mean()
            }
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

impl BatchScores {
    /// `-f_pos + log(sum of e^f_neg)` of each positive: its cost at temperature 1, by which Adap-tau tells easy users from
    /// hard ones.
    ///
    /// # Shapes
    /// `[batch]`
    pub fn costs(&self) -> Tensor<1> {
        let sums = log_sum_exp(self.negatives.clone(), self.valid.clone());
        let [batch, _] = sums.dims();
        sums.reshape([batch]) - self.positives.clone()
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

/// Exponents of negatives less what is taken off.
fn corrected(exponents: Tensor<2>, log_q: Option<(Tensor<1>, Tensor<2>)>) -> Tensor<2> {
    match log_q {
        Some((_, of_negatives)) => exponents - of_negatives,
        None => exponents,
    }
}

/// The logarithm of the sum of exponentials over those that count, the largest exponent taken off first; 0 where none
/// count. `[batch, n] -> [batch, 1]`
fn log_sum_exp(mut exponents: Tensor<2>, valid: Option<Tensor<2>>) -> Tensor<2> {
    let none = valid
        .as_ref()
        .map(|valid| valid.clone().sum_dim(1).lower_elem(0.5));
    if let Some(valid) = valid {
        exponents = exponents.mask_fill(valid.lower_elem(0.5), NOT_COUNTED);
    }
    let largest = exponents.clone().detach().max_dim(1);
    let sum = (exponents - largest.clone()).exp().sum_dim(1);
    let logarithm = sum.log() + largest;
    match none {
        Some(none) => logarithm.mask_fill(none, 0.0),
        None => logarithm,
    }
}
