//! How lists are re-ranked, and what cannot be.

use serde::Serialize;

use crate::failure::{Fails, Failure};

/// How lists are re-ranked. The default leaves them as the model ranks them.
///
/// Candidates are the `max(100, 5 k)` best items of the model. Their scores are taken to 0 (the last) to 1 (the best); from
/// these the popularity is taken off, then places are filled one after the other by maximal marginal relevance, passing
/// over items of a category that is full. Scores stay the model's, so they need not fall along a list.
///
/// ```
/// use sagebrush::{ListOptions, Reranking};
///
/// let some_variety = Reranking { diversity: 0.3, ..Reranking::default() };
/// let options = ListOptions::of(10).reranked(some_variety);
/// assert!(!options.rerank.is_none());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Reranking {
    /// `L` in 0..=1 of the marginal relevance `(1 - L) relevance - L max(likeness to an item of the list)`: 0 is the order of
    /// relevance.
    pub diversity: f64,
    /// `B`, at least 0: the relevance loses `B log(1 + n) / log(1 + most)`, with `n` the training interactions of the item
    /// and `most` those of the item that has most. At 1 the most popular item loses what lies between the first and the last
    /// candidate.
    pub popularity_damping: f64,
    /// How many items of one category a list may hold, at least 1. An item of several categories counts in each; one of
    /// none is free. A list that the candidates leave short goes on with the best further items that have room.
    pub category_cap: Option<usize>,
}

impl Reranking {
    /// Whether lists stay as the model ranks them.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// # Errors
    /// Numbers that are no shares, weights or caps.
    pub(super) fn check(&self) -> Result<(), RerankingError> {
        if !(0.0..=1.0).contains(&self.diversity) {
            return Err(RerankingError::Diversity(self.diversity));
        }
        if !(self.popularity_damping >= 0.0 && self.popularity_damping.is_finite()) {
            return Err(RerankingError::Damping(self.popularity_damping));
        }
        match self.category_cap {
            Some(0) => Err(RerankingError::ZeroCap),
            _ => Ok(()),
        }
    }
}

/// Lists that cannot be re-ranked as asked.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum RerankingError {
    /// No share.
    #[error(
        "a diversity of {0} is not a share between 0 (the model's order) and 1 (variety alone)"
    )]
    Diversity(f64),
    /// No weight.
    #[error("popularity cannot be damped by {0}: give a number of at least 0, such as 0.2")]
    Damping(f64),
    /// Lists of nothing.
    #[error("a category cap of 0 leaves no item that has a category; give at least 1")]
    ZeroCap,
    /// A model that cannot tell how alike items are.
    #[error(
        "this model does not know how alike two items are (popularity, or a filter without singular vectors), so lists cannot be diverse by it: leave `diversity` out, or take another model"
    )]
    NoLikeness,
    /// Nobody told what was trained on.
    #[error(
        "how popular items are is not known here: `Recommender::with_popularity` tells what was trained on"
    )]
    NoCounts,
    /// The run knows of no categories.
    #[error(
        "this run knows no categories of items, so none can be capped: train again with `--items FILE`, a file with a column `category` or `genres`"
    )]
    NoCategories,
}

impl Fails for RerankingError {
    fn failure(&self) -> Failure {
        match self {
            Self::Diversity(_) | Self::Damping(_) | Self::ZeroCap => Failure::Usage,
            Self::NoLikeness | Self::NoCounts | Self::NoCategories => Failure::BadData,
        }
    }
}
