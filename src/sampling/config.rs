//! How an epoch's triples are drawn.

use serde::{Deserialize, Serialize};

/// How positives are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PositiveSampling {
    /// Each training interaction once an epoch, in shuffled order.
    ByEdge,
    /// As many draws as there are training interactions: a uniform user among those with training
    /// items, then one of the user's items, uniformly (LightGCN's released code).
    ByUser,
}

/// The `[sampling]` section of a run's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SamplingConfig {
    /// How positives are drawn.
    pub positives: PositiveSampling,
    /// Negatives for each positive, at least 1.
    pub negatives: usize,
    /// Positives a batch, at least 1; the last batch of an epoch may be shorter.
    pub batch_size: usize,
}

/// Why a sampler cannot be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SamplingError {
    /// A count is zero.
    #[error("sampling.{name} is 0: it must be at least 1")]
    Zero {
        /// The key.
        name: &'static str,
    },
    /// No user could ever get a negative.
    #[error(
        "every user with training interactions has all {n_items} items: there is no negative to \
         learn from; bring a larger catalogue"
    )]
    NoNegatives {
        /// Items of the data set.
        n_items: usize,
    },
    /// More interactions than positions fit.
    #[error("{n_interactions} training interactions are more than a 32-bit position can number")]
    TooMany {
        /// Training interactions.
        n_interactions: usize,
    },
}
