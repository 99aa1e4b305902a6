//! Exit codes (sysexits): what a script can tell from how the program ended.

use std::process::ExitCode;

#[cfg(feature = "train")]
use crate::commands::OverLimit;
use crate::commands::Usage;
use crate::config::SettingError;
use crate::data::{DataError, SplitError};
use crate::device::DeviceError;
use crate::evaluation::{CompareError, EvaluationError};
use crate::export::ExportError;
use crate::features::FeatureError;
use crate::graph::GraphError;
use crate::inference::filter::FilterError;
use crate::inference::{EmbeddingsError, RankError, RecommenderError};
use crate::run::{Fault, RunError};
use crate::spectral::SpectralError;
use crate::synth::SynthError;
#[cfg(feature = "train")]
use crate::training::TrainingError;
#[cfg(feature = "train")]
use crate::tuning::SpaceError;

/// How a command failed, for scripts; the message is for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// The arguments or the configuration are wrong.
    Usage = 2,
    /// Data or a model is damaged or not what it should be.
    BadData = 65,
    /// An input file or directory is missing.
    InputMissing = 66,
    /// The device is not in this build or not on this machine.
    DeviceUnavailable = 69,
    /// A mistake of ours.
    Internal = 70,
    /// An output cannot be written.
    CannotWrite = 74,
    /// Stopped by SIGINT or SIGTERM; a checkpoint was saved.
    Interrupted = 130,
}

impl From<Failure> for ExitCode {
    fn from(failure: Failure) -> Self {
        Self::from(failure as u8)
    }
}

impl Failure {
    /// The exit code of an error, by the deepest cause in its chain that says.
    pub fn of(error: &anyhow::Error) -> Self {
        error
            .chain()
            .rev()
            .find_map(Self::of_cause)
            .unwrap_or(Self::Internal)
    }

    fn of_cause(cause: &(dyn std::error::Error + 'static)) -> Option<Self> {
        let usage = cause.is::<Usage>()
            || cause.is::<SettingError>()
            || cause.is::<SplitError>()
            || cause.is::<SynthError>();
        if usage {
            return Some(Self::Usage);
        }
        if let Some(error) = cause.downcast_ref::<DataError>() {
            return Some(if error.is_missing_input() {
                Self::InputMissing
            } else {
                Self::BadData
            });
        }
        if let Some(error) = cause.downcast_ref::<RunError>() {
            return Some(Self::of_run(error));
        }
        #[cfg(feature = "train")]
        if cause.is::<OverLimit>() || cause.is::<SpaceError>() {
            return Some(Self::Usage);
        }
        #[cfg(feature = "train")]
        if cause.is::<crate::commands::Unreadable>() {
            return Some(Self::InputMissing);
        }
        #[cfg(feature = "train")]
        if cause.is::<crate::commands::OtherData>() || cause.is::<crate::commands::OtherBenchmark>()
        {
            return Some(Self::BadData);
        }
        #[cfg(feature = "train")]
        if let Some(error) = cause.downcast_ref::<TrainingError>() {
            return Some(match error {
                TrainingError::Run(error) => Self::of_run(error),
                TrainingError::Device(_) => Self::DeviceUnavailable,
                _ => Self::BadData,
            });
        }
        if let Some(error) = cause.downcast_ref::<RecommenderError>() {
            return Some(match error {
                RecommenderError::EmptyHistory
                | RecommenderError::Rank(RankError::ZeroK | RankError::KTooLarge { .. }) => {
                    Self::Usage
                }
                RecommenderError::Rank(RankError::Device(_)) => Self::DeviceUnavailable,
                _ => Self::BadData,
            });
        }
        match cause.downcast_ref() {
            Some(RankError::ZeroK | RankError::KTooLarge { .. }) => return Some(Self::Usage),
            Some(RankError::Device(_)) => return Some(Self::DeviceUnavailable),
            _ => {}
        }
        if cause.is::<DeviceError>() {
            return Some(Self::DeviceUnavailable);
        }
        if cause.is::<ExportError>() {
            return Some(Self::CannotWrite);
        }
        if let Some(error) = cause.downcast_ref::<SpectralError>() {
            return Some(match error {
                SpectralError::NotConverged { .. } => Self::Usage,
                SpectralError::TooManyEntries { .. } => Self::BadData,
                SpectralError::Stopped => Self::Interrupted,
            });
        }
        let bad_data = cause.is::<GraphError>()
            || cause.is::<EvaluationError>()
            || cause.is::<CompareError>()
            || cause.is::<EmbeddingsError>()
            || cause.is::<FilterError>()
            || cause.is::<FeatureError>()
            || cause.is::<sagebrush_model::ParameterError>();
        bad_data.then_some(Self::BadData)
    }

    fn of_run(error: &RunError) -> Self {
        match error.fault() {
            Fault::BadData => Self::BadData,
            Fault::MissingInput => Self::InputMissing,
            Fault::CannotWrite => Self::CannotWrite,
        }
    }
}
