//! What a finished run scores with: the tables of a trained model, or a graph filter.

use super::embeddings::{Embeddings, EmbeddingsError};
use super::filter::GraphFilter;
use super::fold_in::{FoldInError, fold_in, means_of};
use super::score_source::ScoreSource;
use super::selection::Ranked;
use super::similar::similar_items;
use super::top_k::RankError;
use crate::data::ItemLists;

/// Every kind of model that can be served.
// One lives at a time, so the width of the largest variant costs nothing.
#[allow(clippy::large_enum_variant)]
#[derive(Debug, Clone)]
pub enum Scorer {
    /// Final user and item tables.
    Embeddings(Embeddings),
    /// The same of a model whose users are the normalised means of their items.
    ItemMeans(Embeddings),
    /// A filter over users' histories.
    Filter(GraphFilter),
}

impl Scorer {
    /// The scores of every user of the log.
    pub fn source(&self) -> &dyn ScoreSource {
        match self {
            Self::Embeddings(embeddings) | Self::ItemMeans(embeddings) => embeddings,
            Self::Filter(filter) => filter,
        }
    }

    /// The same scores for other people, by their histories: exact for a filter and for means of items, for other
    /// tables by least squares over the known users. `train` is what the known users were trained on.
    ///
    /// # Errors
    /// When the tables hold nothing to go by.
    ///
    /// # Panics
    /// When an item is not below the number of items.
    pub fn fold_in(&self, histories: ItemLists, train: &ItemLists) -> Result<Self, FoldInError> {
        Ok(match self {
            Self::Embeddings(embeddings) => {
                Self::Embeddings(fold_in(embeddings, &histories, train)?)
            }
            Self::ItemMeans(embeddings) => Self::ItemMeans(means_of(embeddings, &histories)),
            Self::Filter(filter) => Self::Filter(filter.with_histories(histories)),
        })
    }

    /// With more items behind those there are, by their rows `[n, dim]`.
    ///
    /// # Errors
    /// Rows of another width; a filter, which knows the items it was fitted on only.
    pub fn with_items(self, rows: &[f32]) -> Result<Self, EmbeddingsError> {
        match self {
            Self::Embeddings(embeddings) => embeddings.with_items(rows).map(Self::Embeddings),
            Self::ItemMeans(embeddings) => embeddings.with_items(rows).map(Self::ItemMeans),
            Self::Filter(_) => Err(EmbeddingsError {
                part: "a graph filter's item table",
                found: rows.len(),
                expected: 0,
            }),
        }
    }

    /// The `k` items most like `item`, itself left out: by the cosine of item vectors; for a filter, by the scores
    /// of somebody who has that item alone.
    ///
    /// # Errors
    /// `k` of 0 or above the other items of the catalogue, or a vector that holds a NaN.
    ///
    /// # Panics
    /// When `item` is not below the number of items.
    pub fn similar(&self, item: u32, k: usize) -> Result<Vec<Ranked>, RankError> {
        match self {
            Self::Embeddings(embeddings) | Self::ItemMeans(embeddings) => {
                similar_items(embeddings, item, k)
            }
            Self::Filter(filter) => filter.similar(item, k),
        }
    }
}
