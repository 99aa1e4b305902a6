//! Encodes item data as numbers: words and categories are hashed, numbers standardised, vectors taken as they are.
//!
//! The encoder is fitted once, on the items with a training interaction, and kept with the run: a new item's features
//! are then what they would have been.

mod encoder;
mod error;
mod item_table;
mod read_table;
mod tokens;
#[cfg(feature = "train")]
mod warm_start;

#[cfg(feature = "train")]
pub(crate) use encoder::first_categories;
pub use encoder::{ENCODER_VERSION, Encoder, EncoderError, EncoderParts, Scale};
pub use error::FeatureError;
pub use item_table::ItemTable;
pub(crate) use read_table::read_table;

#[cfg(feature = "train")]
pub(crate) use warm_start::content_start;

use std::sync::Arc;

use sagebrush_model::{EdgeFeatures, SparseMatrix};

/// The features of items.
#[derive(Debug, Clone, PartialEq)]
pub struct Encoded {
    /// `[n_items, width]`
    pub rows: Arc<SparseMatrix>,
    /// The first columns, which hold content, without those for missing values and for degrees.
    pub n_content: usize,
    /// Items that neither a column nor a vector tells anything of.
    pub n_empty: usize,
    /// The columns that tell of edges.
    pub edge_features: Option<EdgeFeatures>,
}
