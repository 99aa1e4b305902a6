//! The sections of a run file as typed structs.

use std::path::PathBuf;

use serde::{Deserialize, Serialize, Serializer};

use super::byte_size::ByteSize;
pub use super::choices::{
    DeviceName, HardRoot, IdOrder, Initialization, LastActivation, LossKind, ModelName,
    NegativeDistribution, Optimizer, PoolingName, PositiveSampling, QueryItem, Schedule, ScoreKind,
    SplitMethod, Start,
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
    /// What an item is made of; present for `pinsage` only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub features: Option<FeatureSettings>,
    /// The neighbourhoods of items; present for `pinsage` only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub walks: Option<WalkSettings>,
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
    /// Share of what is left held out for validation, in [0, 1); with 0 training
    /// ends with the last epoch, which is the one kept.
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
    /// Width of the layers that make the embeddings, 1 to 65536; present for `pinsage` only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hidden: Option<usize>,
    /// What embeddings begin with; present for `pinsage` only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<Start>,
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

/// `[features]`: the columns of the item file that a model reads.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeatureSettings {
    /// Columns of words.
    pub text: Vec<String>,
    /// Columns of categories, several of them between `|`.
    pub categories: Vec<String>,
    /// Columns of numbers.
    pub numbers: Vec<String>,
    /// Files of ready-made vectors, such as those of an image or a language model.
    #[serde(default)]
    pub vectors: Vec<PathBuf>,
    /// Whether an item's number of training interactions is told, by its logarithm.
    #[serde(default)]
    pub edges: bool,
    /// Places that words and categories are hashed to, 1 to 65536.
    pub width: usize,
    /// Floats of the learned embedding of a word or category, 1 to 4096.
    pub components: usize,
    /// Factor of the learning rate of these embeddings, above 0.
    pub rate: f64,
    /// Probability that a value is left out in a step of training, in [0, 1).
    #[serde(default)]
    pub dropout: f64,
}

impl FeatureSettings {
    /// Places of words and categories; 0 where no column has any.
    pub fn n_words(&self) -> usize {
        match self.text.is_empty() && self.categories.is_empty() {
            true => 0,
            false => self.width,
        }
    }
}

/// `[walks]`: the neighbourhoods of items.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WalkSettings {
    /// Random walks from each item, 1 to 100000.
    pub count: usize,
    /// Steps of a walk, each to an item that a user has beside the last, 1 to 100.
    pub length: usize,
    /// Neighbours kept of an item, those met most, 1 to 1000.
    pub kept: usize,
    /// How they are pooled.
    pub pooling: PoolingName,
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
    /// Whether the loss sees the cosines of the embeddings in place of their scores; the ranking
    /// stays that of the score.
    #[serde(default)]
    pub cosine: bool,
    /// What the softmax divides scores by, above 0.
    pub temperature: f64,
    /// Of `margin` and `contrastive`.
    pub margin: f64,
    /// What the negatives of `contrastive` weigh, 0 or more.
    pub negative_weight: f64,
    /// Factor of the L2 penalty (decay), 0 or more.
    pub l2: f64,
}

/// `[sampling]`: what a batch is made of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SamplingConfig {
    /// How positives are drawn.
    pub positives: PositiveSampling,
    /// Negatives of each positive's own, 0 to 1000.
    pub negatives: usize,
    /// Negatives of a whole batch, without those a user is known to have; beyond the catalogue, all of
    /// it.
    pub shared: usize,
    /// Whether a batch's positives are negatives of its other users, too; the softmax takes off the
    /// logarithm of how often they are drawn.
    pub in_batch: bool,
    /// How negatives are drawn.
    pub distribution: NegativeDistribution,
    /// Exponent of `popularity`, finite.
    pub popularity_power: f64,
    /// Hard negatives a positive, beside the others: items near it in the graph that the user does not
    /// have.
    pub hard: usize,
    /// First rank by personalized PageRank a hard negative has, from 0; below 1 a share of the
    /// catalogue.
    pub hard_from: f64,
    /// The rank after the last, in the same terms.
    pub hard_to: f64,
    /// Around what they are looked for.
    pub hard_root: HardRoot,
    /// Whether epoch n has n - 1 hard negatives a positive, until there are `hard`.
    pub curriculum: bool,
    /// What stands for a user beside a positive; present for `pinsage` only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<QueryItem>,
    /// Of how many items `history` is the mean, 1 to 1000; present for `pinsage` only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query_items: Option<usize>,
    /// Positives a batch.
    pub batch_size: usize,
}

impl SamplingConfig {
    /// Hard negatives a positive in an epoch (from 1).
    #[must_use]
    pub fn hard_in_epoch(&self, epoch: u32) -> usize {
        match self.curriculum {
            true => self.hard.min(epoch.saturating_sub(1) as usize),
            false => self.hard,
        }
    }

    /// The ranks of hard negatives in a catalogue of `n_items`.
    #[must_use]
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    pub fn hard_ranks(&self, n_items: usize) -> std::ops::Range<usize> {
        let rank = |bound: f64| match bound < 1.0 {
            true => (bound * n_items as f64) as usize,
            false => bound as usize,
        };
        rank(self.hard_from)..rank(self.hard_to)
    }

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
    /// How it changes.
    pub schedule: Schedule,
    /// Epochs over which it rises from 0, 0 or more; parts of one are allowed.
    pub warmup_epochs: f64,
    /// Factor an epoch of `exponential`, above 0.
    pub decay: f64,
    /// Validations without improvement before training stops; 0 never stops early.
    pub patience: u32,
    /// Epochs between two validations.
    pub evaluate_every: u32,
    /// Batches made ahead, on a thread of their own, while the device computes: 0 to 64; with 0 each is made when it is
    /// needed. It changes no result.
    #[serde(default)]
    pub ahead: usize,
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
    /// Training that is forecast to take more is refused before it begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_limit: Option<ByteSize>,
    /// A folder for what `pinsage` needs between two layers when it makes all vectors: two tables of items by `hidden`, in
    /// memory where none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scratch: Option<PathBuf>,
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
            batch_size: 4,
            ..RunConfig::default().sampling
        };
        assert_eq!(sampling.n_batches(0), 0);
        assert_eq!(sampling.n_batches(8), 2);
        assert_eq!(sampling.n_batches(9), 3);
    }

    #[test]
    fn the_curriculum_rises_by_one_an_epoch_to_its_cap() {
        let mut sampling = SamplingConfig {
            hard: 3,
            curriculum: true,
            ..RunConfig::default().sampling
        };
        let hard = |s: &SamplingConfig| [1, 2, 3, 4, 5, 9].map(|epoch| s.hard_in_epoch(epoch));
        assert_eq!(hard(&sampling), [0, 1, 2, 3, 3, 3]);
        sampling.curriculum = false;
        assert_eq!(hard(&sampling), [3; 6]);
    }

    #[test]
    fn bands_are_ranks_or_shares_of_the_catalogue() {
        let band = |hard_from, hard_to| SamplingConfig {
            hard_from,
            hard_to,
            ..RunConfig::default().sampling
        };
        assert_eq!(band(2000.0, 5000.0).hard_ranks(70), 2000..5000);
        assert_eq!(band(0.0, 0.5).hard_ranks(1001), 0..500);
        assert_eq!(band(0.25, 300.0).hard_ranks(400), 100..300);
    }
}
