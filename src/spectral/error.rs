//! Errors of computing singular vectors.

use crate::failure::{Fails, Failure};
use thiserror::Error;

/// Errors of fitting a filter.
#[derive(Debug, Error, PartialEq)]
pub enum SpectralError {
    /// More interactions than 32-bit offsets can number.
    #[error(
        "{n_entries} interactions are more than the {} that 32-bit offsets can number: filter the log with `--min-rating` or `--k-core`",
        u32::MAX
    )]
    TooManyEntries {
        /// The interactions there are.
        n_entries: usize,
    },
    /// A stop was asked for.
    #[error("stopped before the singular vectors were found")]
    Stopped,
}

impl Fails for SpectralError {
    fn failure(&self) -> Failure {
        match self {
            Self::TooManyEntries { .. } => Failure::BadData,
            Self::Stopped => Failure::Interrupted,
        }
    }
}
