//! From what an item file says to numbers: words and categories hashed, numbers standardised, vectors as they are.
//!
//! The encoder is fitted once, on the items with a training interaction, and kept with the run: a new item's features
//! are then what they would have been.

#[cfg(feature = "train")]
mod components;
mod encoder;
mod read_table;
#[cfg(feature = "train")]
mod start;
mod tokens;

#[cfg(feature = "train")]
pub(crate) use encoder::first_categories;
pub use encoder::{ENCODER_VERSION, Encoder, EncoderError, EncoderParts, Scale};
pub(crate) use read_table::read_table;

#[cfg(feature = "train")]
pub(crate) use start::content_start;

use std::sync::Arc;

use sagebrush_model::{EdgeFeatures, SparseMatrix};

use crate::config::FeatureSettings;
use crate::data::{ItemColumn, ItemVectors};
use crate::failure::{Fails, Failure};

/// What is known of items, before it is numbers; position = item id.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ItemTable {
    /// The columns named by the settings, in the order text, categories, numbers.
    pub columns: Vec<ItemColumn>,
    /// The vectors named by the settings, in their order.
    pub vectors: Vec<ItemVectors>,
    /// Training interactions.
    pub edges: Vec<u32>,
}

impl ItemTable {
    /// The names of the columns that the settings want, in the order of [`ItemTable::columns`].
    pub fn column_names(settings: &FeatureSettings) -> Vec<&str> {
        let all = [&settings.text, &settings.categories, &settings.numbers];
        all.into_iter().flatten().map(String::as_str).collect()
    }

    fn n_items(&self) -> usize {
        self.edges.len()
    }
}

/// The features of items.
#[derive(Debug, Clone, PartialEq)]
pub struct Encoded {
    /// `[n_items, width]`
    pub rows: Arc<SparseMatrix>,
    /// The first columns, which are what items are made of, without what is missing and what they have of edges.
    pub n_content: usize,
    /// Items that neither a column nor a vector tells anything of.
    pub n_empty: usize,
    /// The columns that tell of edges.
    pub edge_features: Option<EdgeFeatures>,
}

/// Why features cannot be made.
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
         `features.text` and `features.categories`"
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
        "the run was trained with {expected} files of vectors, and {found} are given: give one a `--vectors`, in the \
         order of its `features.vectors`"
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
