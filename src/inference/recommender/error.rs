//! Errors of the recommender.

use super::super::fold_in::FoldInError;
use super::super::rank_error::RankError;
use super::super::rerank::RerankingError;
use super::super::tables::TablesError;
use crate::failure::{Fails, Failure};

/// Errors of the recommender.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum RecommenderError {
    /// A key the model was not trained on.
    #[error("unknown {kind} `{key}`: the model was trained without it; {remedy}")]
    UnknownKey {
        /// `user` or `item`.
        kind: &'static str,
        /// The key as given.
        key: String,
        /// What to do instead.
        remedy: String,
    },
    /// An internal item id that no item has.
    #[error("item id {item} is unknown: there are {n_items} items, numbered from 0")]
    UnknownItemId {
        /// The id as given.
        item: u32,
        /// Items there are.
        n_items: usize,
    },
    /// Parts that do not belong together.
    #[error(
        "the model has {tables} {what} in its tables, but {found} in its {part}; its files are of different runs"
    )]
    Mismatch {
        /// `users` or `items`.
        what: &'static str,
        /// What the model has.
        tables: usize,
        /// The part that disagrees.
        part: &'static str,
        /// Its count.
        found: usize,
    },
    /// A history of nothing.
    #[error("the history is empty: name at least one item, as in `--history ITEM,ITEM`")]
    EmptyHistory,
    /// A category was asked for, and the run knows of none.
    #[error(
        "this run knows no categories of items: train again with `--items FILE`, a file with a column `category` or `genres`, or name the items with `--only FILE`"
    )]
    NoCategories,
    /// A category that no item has.
    #[error("no item has the category `{name}`; there are {known}")]
    UnknownCategory {
        /// As given.
        name: String,
        /// Some of the names there are.
        known: String,
    },
    /// Reasons were asked for, and nobody told what the users' vectors are made of.
    #[error(
        "why items are listed is not known here: `Recommender::explained_by` tells which items each user's vector comes of"
    )]
    NoHistories,
    /// Reasons were asked for of scores that are no sums.
    #[error(
        "the score of this model is a network's (`mlp`), which is no sum over a user's items, so it cannot be shared out among them; a model with `--set score.kind=dot` can say why"
    )]
    NoShares,
    /// Lists cannot be re-ranked as asked.
    #[error(transparent)]
    Reranking(#[from] RerankingError),
    /// Rows of new items that do not fit the table.
    #[error(transparent)]
    Rows(#[from] TablesError),
    /// A new user cannot be given a vector.
    #[error(transparent)]
    FoldIn(#[from] FoldInError),
    /// The ranking itself failed.
    #[error(transparent)]
    Rank(#[from] RankError),
}

impl Fails for RecommenderError {
    fn failure(&self) -> Failure {
        match self {
            Self::EmptyHistory => Failure::Usage,
            Self::Rank(error) => error.failure(),
            Self::Reranking(error) => error.failure(),
            _ => Failure::BadData,
        }
    }
}
