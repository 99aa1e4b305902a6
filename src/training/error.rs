//! Errors of training, each with a remedy.

use thiserror::Error;

use burn::tensor::ExecutionError;
use sagebrush_model::{AdjacencyError, InferenceError, ParameterError};

use crate::failure::{Fails, Failure};
use crate::graph::GraphError;
use crate::inference::{RankError, TablesError};
use crate::run::RunError;

/// Why training stopped before its end.
#[derive(Debug, Error)]
pub enum TrainingError {
    /// The loss became NaN or infinite.
    #[error(
        "the loss is not a finite number at epoch {epoch}, step {step} with learning rate {learning_rate}: \
         start again with a lower one (`--learning-rate {}`)",
        learning_rate / 10.0
    )]
    NotFinite {
        /// Counted from 1.
        epoch: u32,
        /// Counted from 1 within the epoch.
        step: u64,
        /// Adam's learning rate.
        learning_rate: f64,
    },
    /// The checkpoint's tensors are not those of the configured model.
    #[error(
        "the checkpoint does not fit the run's configuration: {0}; restore the run's config.toml or start a new run"
    )]
    CheckpointMismatch(String),
    /// Parameters do not fit the configured model, or cannot be read from the device.
    #[error("the parameters do not fit the run's configuration: {0}")]
    Parameters(#[from] ParameterError),
    /// The graph is too large.
    #[error(transparent)]
    Graph(#[from] GraphError),
    /// The graph or the tables do not fit the device.
    #[error(transparent)]
    Adjacency(#[from] AdjacencyError),
    /// The device failed.
    #[error("the device failed: {0}; try `--device cpu`")]
    Device(#[from] ExecutionError),
    /// All vectors could not be made.
    #[error(transparent)]
    Inference(#[from] InferenceError),
    /// The final tables do not fit together.
    #[error(transparent)]
    Tables(#[from] TablesError),
    /// Ranking the validation set failed.
    #[error("the validation ranking failed: {0}")]
    Ranking(#[from] RankError),
    /// A file of the run could not be read or written.
    #[error(transparent)]
    Run(#[from] RunError),
}

impl Fails for TrainingError {
    fn failure(&self) -> Failure {
        match self {
            Self::Run(error) => error.failure(),
            Self::Device(_) => Failure::DeviceUnavailable,
            _ => Failure::BadData,
        }
    }
}
