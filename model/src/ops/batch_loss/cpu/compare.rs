//! The loss of one user's positive against the user's negatives, and its derivative by each score.

use super::panels::{Lanes, PANEL};
use crate::kernels::cpu::exp_log::{exp, softplus};
use crate::kernels::cpu::isa::Arithmetic;
use crate::kernels::cpu::sums::total;
use crate::losses::RankingLoss;

/// A loss in single precision, with the factors of a batch.
#[derive(Clone, Copy)]
pub(super) struct Comparison {
    pub(super) loss: RankingLoss,
    /// One over the number of the batch's users.
    pub(super) per_user: f32,
    /// One over the number of the batch's negatives that count.
    pub(super) per_negative: f32,
}

/// A user's scores; the score of a negative that does not count is minus infinity. The derivative of the loss is written
/// over the negatives' scores.
pub(super) struct Scores<'a> {
    pub(super) positive: f32,
    /// Negatives, 64 at a time.
    pub(super) negatives: &'a mut [Lanes],
    /// Negatives that count.
    pub(super) n_valid: usize,
    /// What a softmax multiplies the negatives by.
    pub(super) inverse_temperature: f32,
}

/// The loss of one user, and its derivative by the positive's score.
pub(super) struct Cost {
    pub(super) value: f64,
    pub(super) of_positive: f32,
}

/// The logarithm of the sum of exponentials of the negatives' scores, each times `inverse`, and the sum itself with the
/// largest exponent taken off; the exponentials are written over the scores.
struct LogSum {
    logarithm: f64,
    sum: f32,
}

impl Comparison {
    /// The share of one user in the loss of the batch.
    #[inline(always)]
    pub(super) fn of<A: Arithmetic>(&self, scores: Scores<'_>) -> Cost {
        let positive = scores.positive;
        let mean = self.per_user / (scores.n_valid.max(1)) as f32;
        match self.loss {
            RankingLoss::Softmax { .. } => self.softmax::<A>(scores),
            RankingLoss::Bilateral { power, .. } => {
                let of_positive = scores.inverse_temperature;
                self.two_sided::<A>(scores, of_positive, power as f32)
            }
            RankingLoss::Adaptive {
                inverse_temperature,
            } => self.two_sided::<A>(scores, inverse_temperature as f32, 1.0),
            RankingLoss::Bpr => {
                let (value, slope) = each(scores.negatives, mean, |x| softplus::<A>(x - positive));
                Cost {
                    value,
                    of_positive: -slope,
                }
            }
            RankingLoss::Margin { margin } => {
                let margin = margin as f32;
                let (value, slope) = each(scores.negatives, mean, |x| hinge(x - positive + margin));
                Cost {
                    value,
                    of_positive: -slope,
                }
            }
            RankingLoss::Binary => {
                let (value, _) = each(scores.negatives, self.per_negative, softplus::<A>);
                let (of_positive, slope) = softplus::<A>(-positive);
                Cost {
                    value: value + f64::from(of_positive * self.per_user),
                    of_positive: -slope * self.per_user,
                }
            }
            RankingLoss::Contrastive {
                margin,
                negative_weight,
            } => {
                let margin = margin as f32;
                let weight = mean * negative_weight as f32;
                let (value, _) = each(scores.negatives, weight, |x| hinge(x - margin));
                Cost {
                    value: value + f64::from((1.0 - positive) * self.per_user),
                    of_positive: -self.per_user,
                }
            }
        }
    }

    /// `-w p + power * log(sum of e^(v n))`; of a user without negatives that count only the first part.
    #[inline(always)]
    fn two_sided<A: Arithmetic>(&self, scores: Scores<'_>, of_positive: f32, power: f32) -> Cost {
        let Scores {
            positive,
            negatives,
            n_valid,
            inverse_temperature: inverse,
        } = scores;
        let mut value = -f64::from(of_positive * positive);
        if n_valid == 0 {
            negatives.as_flattened_mut().fill(0.0);
        } else {
            let LogSum { logarithm, sum } = log_sum_exp::<A>(negatives, inverse);
            value += f64::from(power) * logarithm;
            let factor = power * inverse * self.per_user / sum;
            negatives
                .iter_mut()
                .flatten()
                .for_each(|weight| *weight *= factor);
        }
        Cost {
            value: value * f64::from(self.per_user),
            of_positive: -of_positive * self.per_user,
        }
    }

    /// `-p/t + log(e^(p/t) + sum of e^(n/t))`, the largest exponent taken off first.
    #[inline(always)]
    fn softmax<A: Arithmetic>(&self, scores: Scores<'_>) -> Cost {
        let Scores {
            positive,
            negatives,
            inverse_temperature: inverse,
            ..
        } = scores;
        let largest = largest(negatives, positive);
        let mut sums = [0.0f32; PANEL];
        for lanes in &mut *negatives {
            for (sum, score) in sums.iter_mut().zip(lanes) {
                *score = exp::<A>((*score - largest) * inverse);
                *sum += *score;
            }
        }
        let of_positive = exp::<A>((positive - largest) * inverse);
        let sum = of_positive + total(sums);
        let factor = inverse * self.per_user / sum;
        for lanes in negatives {
            for weight in lanes {
                *weight *= factor;
            }
        }
        let behind = f64::from((largest - positive) * inverse);
        Cost {
            value: (f64::from(sum).ln() + behind) * f64::from(self.per_user),
            of_positive: (of_positive / sum - 1.0) * inverse * self.per_user,
        }
    }
}

/// See [`LogSum`]; some negative counts.
#[inline(always)]
fn log_sum_exp<A: Arithmetic>(negatives: &mut [Lanes], inverse: f32) -> LogSum {
    let largest = largest(negatives, f32::NEG_INFINITY);
    let mut sums = [0.0f32; PANEL];
    for lanes in negatives {
        for (sum, score) in sums.iter_mut().zip(lanes) {
            *score = exp::<A>((*score - largest) * inverse);
            *sum += *score;
        }
    }
    let sum = total(sums);
    LogSum {
        logarithm: f64::from(sum).ln() + f64::from(largest * inverse),
        sum,
    }
}

/// `log(sum of e^n) - p` of a user's scores: the cost at temperature 1.
#[inline(always)]
pub(super) fn cost_at_one<A: Arithmetic>(
    positive: f32,
    negatives: &[Lanes],
    n_valid: usize,
) -> f32 {
    if n_valid == 0 {
        return -positive;
    }
    let largest = largest(negatives, f32::NEG_INFINITY);
    let mut sums = [0.0f32; PANEL];
    for lanes in negatives {
        for (sum, &score) in sums.iter_mut().zip(lanes) {
            *sum += exp::<A>(score - largest);
        }
    }
    (f64::from(total(sums)).ln() + f64::from(largest - positive)) as f32
}

/// The largest score, at least `least`.
#[inline(always)]
fn largest(negatives: &[Lanes], least: f32) -> f32 {
    let mut largest = [least; PANEL];
    for lanes in negatives {
        for (largest, &score) in largest.iter_mut().zip(lanes) {
            *largest = if score > *largest { score } else { *largest };
        }
    }
    largest
        .iter()
        .fold(least, |a, &b| if b > a { b } else { a })
}

/// `max(0, x)` and its slope; NaN stays NaN.
#[inline(always)]
fn hinge(x: f32) -> (f32, f32) {
    if x <= 0.0 { (0.0, 0.0) } else { (x, 1.0) }
}

/// The sums of `factor * value` and of `factor * slope` over the negatives; each score becomes its
/// `factor * slope`.
#[inline(always)]
fn each(negatives: &mut [Lanes], factor: f32, cost: impl Fn(f32) -> (f32, f32)) -> (f64, f32) {
    let mut values = [0.0f32; PANEL];
    let mut slopes = [0.0f32; PANEL];
    for lanes in negatives {
        for ((score, value), slope) in lanes.iter_mut().zip(&mut values).zip(&mut slopes) {
            let (v, s) = cost(*score);
            *value += v;
            *slope += s;
            *score = s * factor;
        }
    }
    (
        f64::from(total(values)) * f64::from(factor),
        total(slopes) * factor,
    )
}
