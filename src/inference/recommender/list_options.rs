//! The options of a list, as the caller gives them in keys and as internal ids.

use std::sync::Arc;

use super::super::rank_error::RankError;
use super::super::rerank::{Reranker, Reranking};
use super::super::score_source::ScoreSource;
use super::super::selection::Ranked;
use super::super::top_k::{check_k, top_k_among, top_k_without};
use super::Recommender;
use super::error::RecommenderError;
use super::unknown_key::UnknownKeys;
use crate::data::{IdMap, ItemLists};

/// What a list may hold. `ListOptions::default()` lists the 10 best items of the catalogue that the user has not seen.
///
/// ```
/// use sagebrush::inference::ListOptions;
///
/// let options = ListOptions::of(20).excluding(["sold-out"]).including_seen(true);
/// assert_eq!((options.k, options.include_seen), (20, true));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ListOptions {
    /// Items a list holds at most.
    pub k: usize,
    /// Whether a list may hold what its user has seen, or the items of the history it is made for.
    pub include_seen: bool,
    /// Keys of items that no list holds. Unknown keys change nothing.
    pub exclude: Vec<String>,
    /// Keys of the only items that a list may hold; `None` for the whole catalogue. Unknown keys are left out, unless
    /// all are unknown. Of such a list no item but these is scored.
    pub only: Option<Vec<String>>,
    /// The name of the only category whose items a list may hold.
    pub category: Option<String>,
    /// How lists are re-ranked: not at all by default. Lists of similar items are not.
    pub rerank: Reranking,
    /// How many of the user's items each place names at most that speak for it; `None` leaves out why an item is listed.
    /// Lists by internal ids and of similar items never tell.
    pub reasons: Option<usize>,
    /// Internal ids, ascending, of items that no list holds and no reason names: what was withdrawn since the run was made.
    pub withdrawn: Arc<Vec<u32>>,
}

impl Default for ListOptions {
    fn default() -> Self {
        Self {
            k: 10,
            include_seen: false,
            exclude: Vec::new(),
            only: None,
            category: None,
            rerank: Reranking::default(),
            reasons: None,
            withdrawn: Arc::default(),
        }
    }
}

impl ListOptions {
    /// The defaults with lists of `k` items.
    #[must_use]
    pub fn of(k: usize) -> Self {
        Self {
            k,
            ..Self::default()
        }
    }

    /// With or without what has been seen.
    #[must_use]
    pub fn including_seen(self, include_seen: bool) -> Self {
        Self {
            include_seen,
            ..self
        }
    }

    /// Without these items, and those that are excluded already.
    #[must_use]
    pub fn excluding(mut self, keys: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.exclude.extend(keys.into_iter().map(Into::into));
        self
    }

    /// Among the items of this category alone.
    #[must_use]
    pub fn of_category(self, name: impl Into<String>) -> Self {
        Self {
            category: Some(name.into()),
            ..self
        }
    }

    /// Re-ranked.
    #[must_use]
    pub fn reranked(self, rerank: Reranking) -> Self {
        Self { rerank, ..self }
    }

    /// With the reason why each item is listed: its [`Why`](super::Why), with so many of the user's items at most.
    #[must_use]
    pub fn with_reasons(self, n: usize) -> Self {
        Self {
            reasons: Some(n),
            ..self
        }
    }

    /// Among these items alone.
    #[must_use]
    pub fn among(mut self, keys: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.only = Some(keys.into_iter().map(Into::into).collect());
        self
    }
}

/// The options of one call in internal ids.
pub(super) struct Wanted<'a> {
    k: usize,
    include_seen: bool,
    /// Ascending.
    excluded: Vec<u32>,
    /// Ascending, none of them excluded.
    only: Option<Vec<u32>>,
    reranker: Option<Reranker<'a>>,
    /// How many reasons each place has at most, where it has any.
    pub(super) reasons: Option<usize>,
    /// Items that no reason names, ascending.
    pub(super) withdrawn: Arc<Vec<u32>>,
}

impl<'a> Wanted<'a> {
    /// # Errors
    /// `k` of 0; `only` without a known key; a category that no item has; a re-ranking that cannot be.
    pub(super) fn new(
        options: &ListOptions,
        known: &'a Recommender,
    ) -> Result<Self, RecommenderError> {
        check_k(options.k)?;
        let items = known.items();
        let mut excluded = ids(&options.exclude, items);
        if !options.withdrawn.is_empty() {
            excluded.extend(&*options.withdrawn);
            excluded.sort_unstable();
            excluded.dedup();
        }
        let only = options.only.as_ref().map(|keys| match keys.first() {
            Some(first) if keys.iter().all(|key| items.id(key).is_none()) => {
                Err(UnknownKeys::items().error(first, items))
            }
            _ => Ok(ids(keys, items)),
        });
        let mut only = only.transpose()?;
        if let Some(name) = &options.category {
            let mut of_category = items_of(name, known)?;
            if let Some(only) = &only {
                of_category.retain(|item| only.binary_search(item).is_ok());
            }
            only = Some(of_category);
        }
        if let Some(only) = &mut only {
            only.retain(|item| excluded.binary_search(item).is_err());
        }
        Ok(Self {
            k: options.k,
            include_seen: options.include_seen,
            excluded,
            only,
            reranker: known.reranker(options.rerank)?,
            reasons: options.reasons,
            withdrawn: Arc::clone(&options.withdrawn),
        })
    }

    /// The items of the catalogue that no list holds, ascending.
    pub(super) fn hidden(&self, n_items: usize) -> Vec<u32> {
        let Some(only) = &self.only else {
            return self.excluded.clone();
        };
        let mut hidden: Vec<u32> = (0..n_items as u32).collect();
        hidden.retain(|item| only.binary_search(item).is_err());
        hidden
    }

    /// The lists of some users of a source, who have seen the items of `seen`.
    pub(super) fn lists(
        &self,
        source: &dyn ScoreSource,
        users: &[u32],
        seen: &ItemLists,
    ) -> Result<Vec<Vec<Ranked>>, RankError> {
        let seen = (!self.include_seen).then_some(seen);
        let best = |users: &[u32], k: usize| match &self.only {
            Some(items) => top_k_among(source, users, k, seen, items),
            None => top_k_without(source, users, k, seen, &self.excluded),
        };
        match &self.reranker {
            Some(reranker) => reranker.lists(users, self.k, &best),
            None => best(users, self.k),
        }
    }
}

/// The items of a category, ascending.
fn items_of(name: &str, known: &Recommender) -> Result<Vec<u32>, RecommenderError> {
    const SHOWN: usize = 20;
    let categories = known.categories.as_ref();
    let categories = categories.ok_or(RecommenderError::NoCategories)?;
    categories.items_of(name).ok_or_else(|| {
        let names = categories.names();
        let more = if names.len() > SHOWN { ", …" } else { "" };
        RecommenderError::UnknownCategory {
            name: name.to_owned(),
            known: format!("{}{more}", names[..names.len().min(SHOWN)].join(", ")),
        }
    })
}

/// The ids of the keys that are known, ascending and each once.
fn ids(keys: &[String], items: &IdMap) -> Vec<u32> {
    let mut ids: Vec<u32> = keys.iter().filter_map(|key| items.id(key)).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}
