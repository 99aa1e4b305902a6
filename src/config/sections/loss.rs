//! `[loss]`: what is minimized.

use super::section::section;
use super::setting::{Absent, Rule, Tune};
use super::{ScoreKind, TRAINED, flag, linear, log, usual_when};
use crate::config::accepts::{NON_NEGATIVE, POSITIVE};
use crate::config::choice::closed_choice;

closed_choice! {
    /// `loss.kind`: the ranking loss.
    LossKind {
        /// Bayesian personalized ranking over (positive, negative) pairs.
        Bpr = "bpr",
        /// Binary cross-entropy, the positives' and the negatives' means apart.
        Binary = "binary",
        /// Sampled softmax at `loss.temperature`.
        Softmax = "softmax",
        /// A positive must be `loss.margin` ahead of each negative.
        Margin = "margin",
        /// Cosine contrastive: negatives above `loss.margin` cost `loss.negative_weight`.
        Contrastive = "contrastive",
    }
}

section! {
    /// The loss that training minimizes.
    ["loss"] LossSettings { models: TRAINED }

    /// The ranking loss.
    kind: LossKind {
        default: LossKind::Bpr, for PinSage: LossKind::Margin;
        rules: &[Rule {
            broken: |config| {
                config.loss.kind == LossKind::Contrastive
                    && !config.loss.cosine
                    && config.score.kind != ScoreKind::Cosine
            },
            remedy: "the contrastive loss is one of cosines; set `loss.cosine = true`",
        }],
    }

    /// Whether the loss compares cosines of the embeddings instead of their scores; ranking still uses the
    /// scores.
    cosine: bool {
        default: false;
        absent: Absent::Was("false"),
    }

    /// Divisor of the scores in `softmax`.
    temperature: f64 {
        default: 0.15;
        accepts: POSITIVE,
        absent: Absent::Default,
        tune: Tune::Usually(&[usual_when(6, log(0.05, 0.5), "softmax", |config| {
            config.loss.kind == LossKind::Softmax
        })]),
    }

    /// Margin of `margin` and `contrastive`.
    margin: f64 {
        default: 0.1;
        absent: Absent::Default,
        tune: Tune::Usually(&[
            usual_when(6, log(0.05, 1.0), "margin", |config| config.loss.kind == LossKind::Margin),
            usual_when(6, linear(0.0, 0.9), "contrastive", |config| {
                config.loss.kind == LossKind::Contrastive
            }),
        ]),
    }

    /// Weight of the negatives in `contrastive`.
    negative_weight: f64 {
        default: 150.0;
        accepts: NON_NEGATIVE,
        absent: Absent::Default,
        tune: Tune::Usually(&[usual_when(7, log(1.0, 1000.0), "contrastive", |config| {
            config.loss.kind == LossKind::Contrastive
        })]),
    }

    /// Factor of the L2 penalty (decay).
    l2: f64 {
        default: 1e-5, for Mf | LightGcn: 1e-4, for NgcfLecture | PinSage: 0.0;
        accepts: NON_NEGATIVE,
        tune: Tune::Usually(&[usual_when(2, log(1e-6, 0.1), "all but pinsage", |config| {
            config.features.is_none()
        })]),
        flag: flag("l2", "DECAY"),
    }
}
