//! The configuration of a run: one strict TOML file, the environment and flags over it.
//!
//! Each setting is defined once, in its section below `sections`; all else here is made of the definitions.

mod accepts;
mod byte_size;
mod choice;
mod error;
mod given;
mod layers;
pub(crate) mod path_text;
mod remark;
mod resolve;
mod sections;
mod slip;
mod table;
mod write;

#[cfg(test)]
mod page;
#[cfg(test)]
mod tests;

pub use accepts::{Accepts, Choice, FORMAT_VERSION, Interval};
pub use byte_size::ByteSize;
pub use error::SettingError;
pub use given::{Given, Own};
pub use layers::Origin;
pub use resolve::{Resolved, resolve};
pub(crate) use resolve::{insert, with_draw_of_before};
pub use sections::section::SectionDefinition;
pub use sections::setting::{Absent, Flag, Limit, Over, Rule, Setting, Tune, Usual};
pub use sections::{
    AUTO, ChebyCfSettings, ColumnNames, DEFAULT_MODEL, DataConfig, DeviceName, EaseSettings,
    EvaluationConfig, FeatureSettings, FilterSettings, GraphSettings, HardRoot, IalsSettings,
    IdOrder, Initialization, ItemKnnSettings, L2Rows, LastActivation, LogQ, LossKind, LossSettings,
    ModelName, ModelSettings, NegativeDistribution, NgcfLectureSettings, OnBadRow, Optimizer,
    PinSageSettings, PoolingName, PopularitySettings, PositiveSampling, PriorConfig, PriorUse,
    QueryItem, READING_WEIGHTS, Repeats, RunConfig, RunSettings, SamplingConfig, Schedule,
    ScoreKind, ScoreSettings, SplitConfig, SplitDraw, SplitMethod, Start, TimeUnit, TrainingConfig,
    WalkSettings,
};
pub use table::{current_key, setting_named, settings};
