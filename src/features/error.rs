//! Errors of encoding features.

use crate::failure::{Fails, Failure};

/// Errors of encoding features.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FeatureError {
    /// A field that is no number.
    #[error(
        "the column \"{column}\" holds \"{value}\", which is not a finite number; leave it empty where there is none"
    )]
    NotANumber {
        /// The column.
        column: String,
        /// The field.
        value: String,
    },
    /// No item has a word, a category or a number.
    #[error(
        "no item of the log has a value in the columns {columns}: do the keys of the item file match the log's?"
    )]
    NothingKnown {
        /// The columns and vectors asked for.
        columns: String,
    },
    /// Text columns without a single word, or categories without one.
    #[error(
        "no item with a training interaction has a word or category in the columns {columns}; leave them out of \
         `--set features.text=[…]` and `--set features.categories=[…]`"
    )]
    NoVocabulary {
        /// The columns.
        columns: String,
    },
    /// Vectors of another length than those the encoder was fitted on.
    #[error(
        "{name}: its vectors have {found} floats, those of training had {expected}; make them with the same model"
    )]
    VectorWidth {
        /// The file.
        name: String,
        /// Floats.
        found: usize,
        /// Floats.
        expected: usize,
    },
    /// Another number of vector files than the encoder was fitted on.
    #[error(
        "the run was trained with {expected} files of vectors, and {found} are given: give one for each of its \
         `features.vectors`, in their order (`sagebrush embed --vectors FILE`, `sagebrush recommend --with-vectors FILE`)"
    )]
    VectorFiles {
        /// Files.
        found: usize,
        /// Files.
        expected: usize,
    },
}

impl Fails for FeatureError {
    fn failure(&self) -> Failure {
        Failure::BadData
    }
}
