//! Errors of computing singular vectors and inverses.

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
    #[error("stopped before it was computed")]
    Stopped,
    /// A matrix that memory does not hold.
    #[error(
        "the square of {n_items} items is more than memory holds: use `--model item-knn` or `--model ials`, or leave items with \
         few interactions out (`--k-core 10`)"
    )]
    TooLarge {
        /// Items there are.
        n_items: usize,
    },
    /// A matrix without an inverse, or too near to one.
    #[error(
        "the matrix of items is not positive definite in single precision; raise `--set ease.l2`"
    )]
    NotPositive,
}

impl Fails for SpectralError {
    fn failure(&self) -> Failure {
        match self {
            Self::TooManyEntries { .. } | Self::TooLarge { .. } | Self::NotPositive => {
                Failure::BadData
            }
            Self::Stopped => Failure::Interrupted,
        }
    }
}
