//! Errors of splitting a data set, each with a remedy.

use crate::failure::{Fails, Failure};
use thiserror::Error;

/// Errors of splitting a data set.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum SplitError {
    /// The method needs timestamps the log does not have.
    #[error(
        "the {method} split needs timestamps and the log has none: name the column with `--timestamp-column NAME` (`data.columns.timestamp`), or use `--split random`"
    )]
    NoTimestamps {
        /// The method asked for.
        method: &'static str,
    },
    /// The given split was asked for without a test file.
    #[error("the given split needs a test file: add `--test FILE`, or leave `--split` out")]
    NoTestFile,
    /// A test file was given with a method that would not use it.
    #[error(
        "a test file was given, and `--split {method}` would not use it: leave one of the two out"
    )]
    UnusedTestFile {
        /// The method asked for.
        method: &'static str,
    },
    /// A weight that nothing can be drawn or summed by.
    #[error(
        "a training interaction weighs {weight}, and weights above 0 are asked for: leave such interactions out with \
         `--min-rating`, or let the weights be"
    )]
    WeightNotPositive {
        /// The first such weight.
        weight: String,
    },
    /// A part came out empty.
    #[error(
        "the {part} part of the {method} split is empty ({n_interactions} interactions in all): {remedy}"
    )]
    EmptyPart {
        /// Which part.
        part: &'static str,
        /// The method.
        method: &'static str,
        /// All interactions there are.
        n_interactions: usize,
        /// What to do.
        remedy: &'static str,
    },
}

impl Fails for SplitError {
    fn failure(&self) -> Failure {
        Failure::Usage
    }
}
