//! Options of the commands that train: `train`, `refit`, `tune`, `ablate`.

use std::path::PathBuf;

use clap::Args;

use crate::cli::setting_flags::{DataFlags, TrainingFlags};

/// Options of `train`.
#[derive(Debug, Args)]
pub(crate) struct TrainArgs {
    /// The settings.
    #[command(flatten)]
    pub(crate) settings: SettingsArgs,
    /// Where to write the run
    #[arg(long, value_name = "DIR", required_unless_present_any = ["resume", "print_config"])]
    pub(crate) out: Option<PathBuf>,
    /// Replace a run that is already there
    #[arg(long)]
    pub(crate) overwrite: bool,
    /// Resume an interrupted run from its last checkpoint
    #[arg(long, value_name = "RUN", conflicts_with_all = ["out", "config", "recipe", "files", "bundled", "overwrite"])]
    pub(crate) resume: Option<PathBuf>,
    /// Print the resulting settings, with where each came from, and stop; without a model the candidates of the contest
    #[arg(long)]
    pub(crate) print_config: bool,
    /// How much work the contest of models may take, where none is named
    #[arg(long, value_name = "EFFORT", value_parser = super::one_of(&["quick", "normal", "thorough"]))]
    pub(crate) effort: Option<String>,
}

/// Options of `refit`.
#[derive(Debug, Args)]
pub(crate) struct RefitArgs {
    /// The run directory
    #[arg(long, value_name = "RUN")]
    pub(crate) run: PathBuf,
    /// Train on everything, the test part too; without it on training and validation
    #[arg(long)]
    pub(crate) all: bool,
    /// Where to write the new run; one that was stopped is resumed
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// Replace a run that is already there
    #[arg(long)]
    pub(crate) overwrite: bool,
}

/// Options of `tune`.
#[derive(Debug, Args)]
pub(crate) struct TuneArgs {
    /// The settings.
    #[command(flatten)]
    pub(crate) settings: SettingsArgs,
    /// What to vary: choices such as `model.layers=1,2,3`, or a range such as `loss.l2=1e-6..0.1`, searched by
    /// its logarithm where it spans a factor of 10; without it the settings that usually matter for the model
    #[arg(long, value_name = "KEY=VALUES")]
    pub(crate) vary: Vec<String>,
    /// Settings to try; 27 without `--minutes`, as many as fit with it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) trials: Option<u32>,
    /// Minutes to search at most
    #[arg(long, value_name = "MINUTES")]
    pub(crate) minutes: Option<f64>,
    /// Where to write the search
    #[arg(long, value_name = "DIR", required_unless_present = "resume")]
    pub(crate) out: Option<PathBuf>,
    /// Replace a search that is already there
    #[arg(long)]
    pub(crate) overwrite: bool,
    /// Resume a search, interrupted or done, up to its budget or a new one
    #[arg(
        long,
        value_name = "DIR",
        conflicts_with_all = ["out", "config", "recipe", "files", "bundled", "overwrite", "vary"]
    )]
    pub(crate) resume: Option<PathBuf>,
}

/// Options of `ablate`.
#[derive(Debug, Args)]
pub(crate) struct AblateArgs {
    /// The settings that all variants have in common.
    #[command(flatten)]
    pub(crate) settings: SettingsArgs,
    /// A variant to compare: a name, a colon, and the settings it changes
    #[arg(long, value_name = "NAME: KEY=VALUE")]
    pub(crate) variant: Vec<String>,
    /// Number of seeds to repeat it with, counted up from the settings' seed; each has a split of its own
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub(crate) seeds: u32,
    /// Open the test part of every run and compare on it, in place of the validation part. Variants are measured as
    /// trained on the training part alone, without the refit of `train`
    #[arg(long)]
    pub(crate) open_test: bool,
    /// Where to write the runs; those that are there are not trained again
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
}

/// The settings of a training.
#[derive(Debug, Args)]
pub(crate) struct SettingsArgs {
    /// The data.
    #[command(flatten)]
    pub(crate) data: DataFlags,
    /// A TOML file of settings; flags win over it
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Begin with the settings of a recipe, as `sagebrush reproduce gowalla --list` names them, or of `lightgcn-bpr`, LightGCN as it was published; flags win over it
    #[arg(long, value_name = "NAME", conflicts_with = "config")]
    pub(crate) recipe: Option<String>,
    /// The settings with a flag of their own.
    #[command(flatten)]
    pub(crate) flags: TrainingFlags,
    /// Any setting by its key, such as `--set training.patience=5`
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(crate) settings: Vec<String>,
}
