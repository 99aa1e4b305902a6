//! The configuration of a run: one strict TOML file, the environment and flags over it.

mod byte_size;
mod choices;
mod defaults;
mod error;
mod layers;
mod resolve;
mod sections;
mod setting;
mod strict;

#[cfg(test)]
mod tests;

pub use byte_size::ByteSize;
pub use defaults::{DEFAULT_MODEL, FORMAT_VERSION};
pub use error::ConfigError;
pub use layers::Origin;
pub(crate) use resolve::insert;
pub use resolve::{Resolved, resolve};
pub use sections::{
    ColumnNames, DataConfig, DeviceName, EvaluationConfig, FeatureSettings, FilterSettings,
    HardRoot, IdOrder, Initialization, LastActivation, LossKind, LossSettings, ModelName,
    ModelSettings, NegativeDistribution, Optimizer, PoolingName, PositiveSampling, QueryItem,
    RunConfig, RunSettings, SamplingConfig, Schedule, ScoreKind, ScoreSettings, SplitConfig,
    SplitMethod, Start, TrainingConfig, WalkSettings,
};
pub use setting::Setting;
