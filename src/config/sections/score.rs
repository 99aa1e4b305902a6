//! `[score]`: from two embeddings to a number.

use super::TRAINED;
use super::section::section;
use super::setting::Rule;
use crate::config::accepts::{Accepts, POSITIVE};
use crate::config::choice::closed_choice;

closed_choice! {
    /// `score.kind`: how a user's and an item's embedding become a score.
    ScoreKind {
        /// Dot product.
        Dot = "dot",
        /// Cosine divided by `score.temperature`.
        Cosine = "cosine",
        /// Learned bilinear form.
        Bilinear = "bilinear",
        /// Learned network with one hidden layer of `score.hidden` units.
        Mlp = "mlp",
    }
}

section! {
    /// From two embeddings to a score.
    ["score"] ScoreSettings { models: TRAINED }

    /// The kind of score.
    kind: ScoreKind {
        default: ScoreKind::Dot;
        rules: &[Rule {
            broken: |config| {
                config.score.kind == ScoreKind::Mlp
                    && (config.sampling.batch_shared > 0 || config.sampling.in_batch)
                    && !config.loss.cosine
            },
            remedy: "a perceptron has a hidden layer a pair, too many with batch-shared negatives; use `sampling.negatives`",
        }],
    }

    /// Divisor of the cosine.
    temperature: f64 {
        default: 0.2;
        accepts: POSITIVE,
    }

    /// Hidden units of the `mlp` score.
    hidden: usize {
        default: 64;
        accepts: Accepts::Whole(1, 65_536),
    }
}
