//! The sections of a run file as typed structs.

use std::path::PathBuf;

use serde::{Deserialize, Serialize, Serializer};

pub use super::choices::{
    DeviceName, IdOrder, Initialization, LastActivation, LossKind, ModelName, Optimizer,
    PositiveSampling, ScoreKind, SplitMethod,
};

/// Everything that determines a run: one strict TOML file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunConfig {
    /// Version of this file format; [`super::FORMAT_VERSION`] is the only one known.
    pub format_version: u32,
    /// Seed of every random choice; at most `i64::MAX`, the largest TOML integer.
    pub seed: u64,
    /// Where interactions come from.
    pub data: DataConfig,
    /// How they are divided.
    pub split: SplitConfig,
    /// The network.
    pub model: ModelSettings,
    /// The graph filter; present for `gf-cf` and `chebycf` only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<FilterSettings>,
    /// The score.
    pub score: ScoreSettings,
    /// The loss.
    pub loss: LossSettings,
    /// Positives, negatives and batches.
    pub sampling: SamplingConfig,
    /// The optimizer's road.
    pub training: TrainingConfig,
    /// What is measured.
    pub evaluation: EvaluationConfig,
    /// Where it runs.
    pub run: RunSettings,
}

/// `[data]`: the files read and how their rows are filtered.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataConfig {
    /// Interaction logs.
    pub train: Vec<PathBuf>,
    /// Held-out interaction logs, for `split.method = "given"`.
    pub test: Vec<PathBuf>,
    /// Item metadata (titles).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub items: Option<PathBuf>,
    /// Name of a data set that ships with the program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bundled: Option<String>,
    /// Format of the files; recognized from the file when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    /// Rows with a lower weight are dropped.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        serialize_with = "shortest_single"
    )]
    pub min_rating: Option<f32>,
    /// Smallest number of interactions of a user and of an item, iterated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub k_core: Option<usize>,
    /// How users and items are numbered inside.
    pub order: IdOrder,
    /// Names of the columns.
    #[serde(default)]
    pub columns: ColumnNames,
}

/// `[data.columns]`: column names that replace the recognized ones.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnNames {
    /// Column of user keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Column of item keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<String>,
    /// Column of weights (ratings).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<String>,
    /// Column of timestamps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<String>,
}

/// `[split]`: held-out interactions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SplitConfig {
    /// The method; chosen from the data when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<SplitMethod>,
    /// Share of the interactions held out for the test, in (0, 1).
    pub test_fraction: f64,
    /// Share of what is left held out for validation, in (0, 1); a graph filter may have 0.
    pub validation_fraction: f64,
}

/// `[model]`: the network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelSettings {
    /// Which network.
    pub name: ModelName,
    /// Width of the embedding tables, 1 to 65536.
    pub dim: usize,
    /// Number of propagation layers, 0 to 16.
    pub layers: usize,
    /// How tables start.
    pub init: Initialization,
    /// Standard deviation of the normal initialization.
    pub init_std: f64,
    /// Probability that a component of a message is dropped, in [0, 1).
    pub message_dropout: f64,
    /// Probability that a node is dropped, in [0, 1).
    pub node_dropout: f64,
    /// Probability that an edge is dropped, in [0, 1).
    pub edge_dropout: f64,
    /// Activation after the last layer; present for `ngcf-lecture` only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_activation: Option<LastActivation>,
}

/// `[filter]`: a graph filter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FilterSettings {
    /// Leading singular vectors of the ideal low-pass part, 0 for none.
    pub vectors: usize,
    /// Weight of that part, 0 or more.
    pub low_pass_weight: f64,
    /// Power of item degrees that histories are divided by and scores multiplied by: in both parts of
    /// `chebycf`, in the low-pass part of `gf-cf`.
    pub degree_power: f64,
    /// Degree of the Chebyshev polynomial at most; present for `chebycf` only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<usize>,
    /// How flat the polynomial is between low and high frequencies; present for `chebycf` only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flatness: Option<f64>,
    /// Largest residual of a singular vector, the largest singular value being 1.
    pub tolerance: f64,
}

/// `[score]`: from two embeddings to a number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScoreSettings {
    /// Which score.
    pub kind: ScoreKind,
    /// Divisor of the cosine, above 0.
    pub temperature: f64,
    /// Hidden units of the `mlp` score.
    pub hidden: usize,
}

/// `[loss]`: what is minimized.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LossSettings {
    /// Which ranking loss.
    pub kind: LossKind,
    /// Factor of the L2 penalty (decay), 0 or more.
    pub l2: f64,
}

/// `[sampling]`: what a batch is made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SamplingConfig {
    /// How positives are drawn.
    pub positives: PositiveSampling,
    /// Negatives a positive, 1 to 1000.
    pub negatives: usize,
    /// Positives a batch.
    pub batch_size: usize,
}

impl SamplingConfig {
    /// Number of batches of an epoch over `n_interactions` positives; the last one may be shorter.
    #[must_use]
    pub fn n_batches(&self, n_interactions: usize) -> usize {
        n_interactions.div_ceil(self.batch_size.max(1))
    }
}

/// `[training]`: how long and how fast.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingConfig {
    /// Largest number of epochs.
    pub epochs: u32,
    /// What moves the parameters; `lazy-adam` for `mf` on the CPU only.
    #[serde(default)]
    pub optimizer: Optimizer,
    /// Adam's learning rate.
    pub learning_rate: f64,
    /// Validations without improvement before training stops; 0 never stops early.
    pub patience: u32,
    /// Epochs between two validations.
    pub evaluate_every: u32,
    /// What validation compares: `recall@K` or `ndcg@K`.
    pub metric: String,
}

/// `[evaluation]`: what is measured on the test set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvaluationConfig {
    /// List lengths.
    pub ks: Vec<usize>,
    /// Bootstrap resamples behind each interval; 0 for none.
    pub bootstrap: usize,
}

/// `[run]`: where it runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunSettings {
    /// The device.
    pub device: DeviceName,
}

/// Writes a single-precision number with its own shortest digits: 3.3, not 3.299999952316284.
#[allow(clippy::ref_option)]
fn shortest_single<S: Serializer>(value: &Option<f32>, serializer: S) -> Result<S::Ok, S::Error> {
    match value {
        Some(single) => {
            let double = single.to_string().parse().unwrap_or(f64::from(*single));
            serializer.serialize_some(&double)
        }
        None => serializer.serialize_none(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn last_batch_may_be_short() {
        let sampling = SamplingConfig {
            positives: PositiveSampling::ByEdge,
            negatives: 1,
            batch_size: 4,
        };
        assert_eq!(sampling.n_batches(0), 0);
        assert_eq!(sampling.n_batches(8), 2);
        assert_eq!(sampling.n_batches(9), 3);
    }
}
