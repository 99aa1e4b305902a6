//! The configuration of a run: one strict TOML file, the environment and flags over it.

mod choices;
mod defaults;
mod error;
mod layers;
mod resolve;
mod sections;
mod strict;

#[cfg(test)]
mod tests;

pub use defaults::{DEFAULT_MODEL, FORMAT_VERSION};
pub use error::ConfigError;
pub use layers::Origin;
pub use resolve::{Resolved, resolve};
pub use sections::{
    ColumnNames, DataConfig, DeviceName, EvaluationConfig, FilterSettings, IdOrder, Initialization,
    LastActivation, LossKind, LossSettings, ModelName, ModelSettings, Optimizer, PositiveSampling,
    RunConfig, RunSettings, SamplingConfig, ScoreKind, ScoreSettings, SplitConfig, SplitMethod,
    TrainingConfig,
};
