//! `[loss]`: what is minimized.

use super::section::section;
use super::setting::{Absent, Rule, Tune};
use super::{ModelName, ScoreKind, TRAINED, flag, linear, log, usual_when};
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
        /// Softmax whose negatives have a temperature of their own (BSL): their part weighs `loss.negative_power`.
        Bilateral = "bilateral",
        /// A positive must be `loss.margin` ahead of each negative.
        Margin = "margin",
        /// Cosine contrastive: negatives above `loss.margin` cost `loss.negative_weight`.
        Contrastive = "contrastive",
    }
}

closed_choice! {
    /// `loss.l2_rows`: which rows the L2 penalty is on.
    L2Rows {
        /// Those of the model's source.
        Usual = "usual",
        /// The batch's rows of the outputs of all layers, layer 0 included; for `lightgcn`.
        AllLayers = "all-layers",
    }
}

section! {
    /// The loss that training minimizes.
    ["loss"] LossSettings { models: TRAINED }

    /// The ranking loss.
    kind: LossKind {
        default: LossKind::Bpr, for PinSage: LossKind::Margin, for LightGcn: LossKind::Softmax;
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
        default: false, for LightGcn: true;
        absent: Absent::Was("false"),
    }

    /// Divisor of the scores in `softmax` and `bilateral`; not read with `loss.adaptive_temperature`.
    temperature: f64 {
        default: 0.15, for LightGcn: 0.12;
        accepts: POSITIVE,
        absent: Absent::Default,
        tune: Tune::Usually(&[usual_when(6, log(0.05, 0.5), "softmax, bilateral", |config| {
            matches!(config.loss.kind, LossKind::Softmax | LossKind::Bilateral)
                && !config.loss.adaptive_temperature
        })]),
    }

    /// Whether each user's negatives have a temperature of their own in `softmax` (Adap-tau): lower for a user whose mean
    /// cost in the epoch before was below the others'. The positives' temperature then follows from the counts of users,
    /// items and interactions, and a positive is not among the candidates that it is compared with.
    adaptive_temperature: bool {
        default: false;
        absent: Absent::Was("false"),
        rules: &[
            Rule {
                broken: |config| {
                    config.loss.adaptive_temperature && config.loss.kind != LossKind::Softmax
                },
                remedy: "temperatures are the softmax's; set `loss.kind = \"softmax\"`",
            },
            Rule {
                broken: |config| config.loss.adaptive_temperature && !config.loss.cosine,
                remedy: "the temperatures are for cosines; set `loss.cosine = true`",
            },
        ],
    }

    /// How much a user's mean cost must differ from the others' to change the user's temperature: larger changes less.
    adaptive_spread: f64 {
        default: 0.6;
        accepts: POSITIVE,
        absent: Absent::Default,
    }

    /// Weight of the negatives' part in `bilateral`: the temperature of negatives over that of positives.
    negative_power: f64 {
        default: 0.84;
        accepts: POSITIVE,
        absent: Absent::Default,
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
        default: 1e-5, for Mf: 1e-4, for LightGcn: 0.1, for NgcfLecture | PinSage: 0.0;
        accepts: NON_NEGATIVE,
        tune: Tune::Usually(&[usual_when(2, log(1e-6, 0.1), "all but pinsage", |config| {
            config.features.is_none()
        })]),
        flag: flag("l2", "DECAY"),
    }

    /// Which rows the penalty is on.
    l2_rows: L2Rows {
        default: L2Rows::Usual;
        absent: Absent::Was("\"usual\""),
        rules: &[Rule {
            broken: |config| {
                config.loss.l2_rows == L2Rows::AllLayers && config.model.name != ModelName::LightGcn
            },
            remedy: "only lightgcn has the outputs of all layers at hand; use `usual`",
        }],
    }
}
