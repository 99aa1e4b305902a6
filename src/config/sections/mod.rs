//! The sections of a run file. Each declares its settings once: a field, its default, its range and its text.

mod data;
mod ease;
mod evaluation;
mod features;
mod filter;
mod graph;
mod ials;
mod item_knn;
mod loss;
mod model;
mod model_name;
mod pinsage;
mod popularity;
mod prior;
mod run;
mod sampling;
mod score;
pub(super) mod section;
pub(super) mod setting;
mod split;
mod training;
mod walks;

pub use data::{ColumnNames, DataConfig, IdOrder, OnBadRow, Repeats, TimeUnit};
pub use ease::EaseSettings;
pub use evaluation::EvaluationConfig;
pub use features::FeatureSettings;
pub use filter::{ChebyCfSettings, FilterSettings};
pub use graph::GraphSettings;
pub use ials::IalsSettings;
pub use item_knn::ItemKnnSettings;
pub use loss::{L2Rows, LossKind, LossSettings};
pub use model::{Initialization, LastActivation, ModelSettings, NgcfLectureSettings};
pub use model_name::{AUTO, ModelName};
pub use pinsage::{PinSageSettings, QueryItem, Start};
pub use popularity::PopularitySettings;
pub use prior::{PriorConfig, PriorUse};
pub use run::{DeviceName, RunSettings};
pub use sampling::{HardRoot, LogQ, NegativeDistribution, PositiveSampling, SamplingConfig};
pub use score::{ScoreKind, ScoreSettings};
pub use split::{SplitConfig, SplitDraw, SplitMethod};
pub use training::{Optimizer, Schedule, TrainingConfig};
pub use walks::{PoolingName, WalkSettings};

use super::accepts::{Accepts, FORMAT_VERSION};
use ModelName::{
    ChebyCf, Ease, GfCf, Ials, ItemKnn, LightGcn, Mf, NgcfLecture, NgcfOfficial, NgcfPaper,
    PinSage, Popularity,
};
use section::{Section, SectionDefinition, section};
use setting::{Flag, Over, Tune, Usual};

/// The model trained when nothing names one.
pub const DEFAULT_MODEL: ModelName = LightGcn;

/// Every model.
const ALL: &[ModelName] = ModelName::ALL;
/// Those with epochs.
const TRAINED: &[ModelName] = &[Mf, LightGcn, NgcfLecture, NgcfPaper, NgcfOfficial, PinSage];
/// Those that are fitted at once.
const FITTED: &[ModelName] = &[GfCf, ChebyCf, Popularity, ItemKnn, Ease, Ials];
/// The graph filters.
const FILTERS: &[ModelName] = &[GfCf, ChebyCf];
/// The one that reads what items are made of.
const PINSAGE: &[ModelName] = &[PinSage];

/// Every section, in the order a file is written.
pub(super) const SECTIONS: &[SectionDefinition] = &[
    RunConfig::SECTION,
    DataConfig::SECTION,
    ColumnNames::SECTION,
    SplitConfig::SECTION,
    ModelSettings::SECTION,
    NgcfLectureSettings::SECTION,
    PinSageSettings::SECTION,
    GraphSettings::SECTION,
    FeatureSettings::SECTION,
    WalkSettings::SECTION,
    FilterSettings::SECTION,
    ChebyCfSettings::SECTION,
    PopularitySettings::SECTION,
    ItemKnnSettings::SECTION,
    EaseSettings::SECTION,
    IalsSettings::SECTION,
    ScoreSettings::SECTION,
    LossSettings::SECTION,
    SamplingConfig::SECTION,
    TrainingConfig::SECTION,
    PriorConfig::SECTION,
    EvaluationConfig::SECTION,
    RunSettings::SECTION,
];

section! {
    /// Everything that determines a run: one strict TOML file.
    [""] RunConfig { models: ALL }

    /// Version of this file format.
    format_version: u32 {
        default: FORMAT_VERSION;
        accepts: Accepts::Version,
        tune: Tune::Fixed("this program reads one version"),
    }

    /// Seed of every random choice.
    seed: u64 {
        default: 42;
        tune: Tune::Fixed("the best seed is luck, not a setting"),
        flag: flag("seed", "N"),
    }

    sections {
        /// Where interactions come from.
        data: DataConfig,
        /// How they are divided.
        split: SplitConfig,
        /// The network.
        model: ModelSettings,
        /// Settings of `ngcf-lecture` alone.
        ngcf_lecture: Option<NgcfLectureSettings>,
        /// Settings of `pinsage` alone, beside `features` and `walks`.
        pinsage: Option<PinSageSettings>,
        /// The graph that messages pass over; of `lightgcn` and NGCF.
        graph: Option<GraphSettings>,
        /// The features of items, for `pinsage`.
        features: Option<FeatureSettings>,
        /// The neighbourhoods of items; of `pinsage`.
        walks: Option<WalkSettings>,
        /// The graph filter; of `gf-cf` and `chebycf`.
        filter: Option<FilterSettings>,
        /// Settings of `chebycf` alone.
        chebycf: Option<ChebyCfSettings>,
        /// Settings of `popularity` alone.
        popularity: Option<PopularitySettings>,
        /// Settings of `item-knn` alone.
        item_knn: Option<ItemKnnSettings>,
        /// Settings of `ease` alone.
        ease: Option<EaseSettings>,
        /// Settings of `ials` alone.
        ials: Option<IalsSettings>,
        /// The score.
        score: ScoreSettings,
        /// The loss.
        loss: LossSettings,
        /// Positives, negatives and batches.
        sampling: SamplingConfig,
        /// The optimizer and its schedule.
        training: TrainingConfig,
        /// Recent popularity in every score.
        prior: PriorConfig,
        /// Measurements on the test part.
        evaluation: EvaluationConfig,
        /// Where and within which limits a run computes.
        run: RunSettings,
    }
}

impl RunConfig {
    /// The complete configuration of `name` with no data named yet.
    ///
    /// Sources: arXiv 2002.02126 and its PyTorch code for `lightgcn`, arXiv 1905.08108 v2 and its TensorFlow code for
    /// the NGCF variants, those of [`FilterSettings`] for the graph filters.
    #[must_use]
    pub fn defaults_for(name: ModelName) -> Self {
        let mut config: Self = Section::defaults_for(name);
        config.model.name = name;
        config
    }
}

/// The keys of the settings by which training reads the weights of interactions.
pub const READING_WEIGHTS: [&str; 3] = [
    "sampling.weighted_positives",
    "graph.weighted",
    "filter.weighted_histories",
];

impl RunConfig {
    /// Whether training or what is measured beside it reads the weights of interactions.
    #[must_use]
    pub fn reads_weights(&self) -> bool {
        (self.sampling.weighted_positives && self.model.name.is_trained())
            || self.graph.as_ref().is_some_and(|graph| graph.weighted)
            || self
                .filter
                .as_ref()
                .is_some_and(|filter| filter.weighted_histories)
            || self.evaluation.weighted_popularity
    }
}

impl RunConfig {
    /// The first half-life that is set: what has one reads times.
    #[must_use]
    pub fn half_life_set(&self) -> Option<&'static str> {
        let graph = self.graph.as_ref().and_then(|own| own.half_life_days);
        let filter = self.filter.as_ref().and_then(|own| own.half_life_days);
        let pinsage = self.pinsage.as_ref().and_then(|own| own.half_life_days);
        let popularity = self.popularity.as_ref().and_then(|own| own.half_life_days);
        let item_knn = self.item_knn.as_ref().and_then(|own| own.half_life_days);
        let all = [
            ("sampling.half_life_days", self.sampling.half_life_days),
            ("graph.half_life_days", graph),
            ("filter.half_life_days", filter),
            ("pinsage.half_life_days", pinsage),
            ("popularity.half_life_days", popularity),
            ("item_knn.half_life_days", item_knn),
        ];
        let set = all.into_iter().find(|(_, value)| value.is_some());
        set.map(|(key, _)| key)
    }
}

impl Default for RunConfig {
    fn default() -> Self {
        Self::defaults_for(DEFAULT_MODEL)
    }
}

/// A flag with a value.
const fn flag(long: &'static str, value: &'static str) -> Option<Flag> {
    Some(Flag { long, value })
}

/// Evenly between the logarithms of two numbers.
const fn log(low: f64, high: f64) -> Over {
    Over::Log(low, high)
}

/// Evenly between two numbers.
const fn linear(low: f64, high: f64) -> Over {
    Over::Linear(low, high)
}

/// Each of a few values as often.
const fn values(values: &'static [&'static str]) -> Over {
    Over::Values(values)
}

/// A range searched for every model that has the setting.
const fn usual(place: u8, over: Over) -> Usual {
    usual_when(place, over, "", |_| true)
}

/// A range searched under a condition, in words and in code.
const fn usual_when(
    place: u8,
    over: Over,
    when_words: &'static str,
    when: fn(&RunConfig) -> bool,
) -> Usual {
    Usual {
        place,
        over,
        when,
        when_words,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recipes_follow_the_publications() {
        let lightgcn = RunConfig::default();
        assert_eq!(lightgcn.model.name, ModelName::LightGcn);
        assert_eq!((lightgcn.model.dim, lightgcn.model.layers), (64, 3));
        assert_eq!(lightgcn.model.init, Initialization::Normal);

        let official = RunConfig::defaults_for(ModelName::NgcfOfficial);
        assert_eq!(
            (official.training.learning_rate, official.loss.l2),
            (1e-4, 1e-5)
        );
        assert_eq!(
            (official.model.message_dropout, official.sampling.batch_size),
            (0.1, 1024)
        );

        let mf = RunConfig::defaults_for(ModelName::Mf);
        assert_eq!(mf.model.layers, 0);
        assert_eq!(mf.sampling.positives, PositiveSampling::ByEdge);

        let lecture = RunConfig::defaults_for(ModelName::NgcfLecture);
        let last = lecture.ngcf_lecture.map(|own| own.last_activation);
        assert_eq!(last, Some(LastActivation::Relu));
    }
}
