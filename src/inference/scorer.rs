//! The scorer of a finished run: the tables of a model with vectors, or a model that scores users' histories.

use sagebrush_model::mean_vectors;

use super::ease::Ease;
use super::filter::GraphFilter;
use super::fold_in::{FoldIn, FoldInError};
use super::item_knn::ItemKnn;
use super::popularity::Popularity;
use super::rank_error::RankError;
use super::score_source::ScoreSource;
use super::selection::Ranked;
use super::similar::similar_items;
use super::tables::{Tables, TablesError};
use crate::data::ItemLists;

/// Every kind of model that can be served.
// One lives at a time, so the width of the largest variant costs nothing.
#[allow(clippy::large_enum_variant)]
#[derive(Debug)]
pub enum Scorer {
    /// Final user and item tables, and the map that gives a new user a vector.
    Embeddings(Tables, FoldIn),
    /// Final tables of a model whose users are the normalised means of their items.
    ItemMeans(Tables),
    /// A filter over users' histories.
    Filter(GraphFilter),
    /// The neighbours of items, over users' histories.
    ItemKnn(ItemKnn),
    /// The weights of items for each other, over users' histories.
    Ease(Ease),
    /// The most popular items, for everybody.
    Popularity(Popularity),
}

impl Scorer {
    /// The scores of every user of the log.
    pub fn source(&self) -> &dyn ScoreSource {
        match self {
            Self::Embeddings(tables, _) | Self::ItemMeans(tables) => tables,
            Self::Filter(filter) => filter,
            Self::ItemKnn(knn) => knn,
            Self::Ease(ease) => ease,
            Self::Popularity(popularity) => popularity,
        }
    }

    /// The tables; `None` for a model without vectors.
    pub fn tables(&self) -> Option<&Tables> {
        match self {
            Self::Embeddings(tables, _) | Self::ItemMeans(tables) => Some(tables),
            Self::Filter(_) | Self::ItemKnn(_) | Self::Ease(_) | Self::Popularity(_) => None,
        }
    }

    /// The same scores for other people, a user for each of `histories`: exact for models of histories and for means of
    /// items, for other tables by least squares over the known users ([`FoldIn`]). Tables are shared, not copied.
    ///
    /// # Errors
    /// When the tables hold nothing to go by.
    ///
    /// # Panics
    /// When an item is not below the number of items.
    pub fn fold_in(&self, histories: &ItemLists) -> Result<Box<dyn ScoreSource>, FoldInError> {
        self.fold_in_weighing(histories, &[])
    }

    /// [`fold_in`](Self::fold_in), where a filter over weighted histories takes these weights of the items, user after
    /// user. Without weights, and elsewhere, each item counts 1.
    ///
    /// # Errors
    /// When the tables hold nothing to go by.
    ///
    /// # Panics
    /// When an item is not below the number of items, or there are weights and not one an item.
    pub fn fold_in_weighing(
        &self,
        histories: &ItemLists,
        weights: &[f32],
    ) -> Result<Box<dyn ScoreSource>, FoldInError> {
        Ok(match self {
            Self::Embeddings(tables, fold_in) => Box::new(fold_in.place(tables, histories)?),
            Self::ItemMeans(tables) => Box::new(means_of(tables, histories)),
            Self::Filter(filter) => {
                let others = filter.with_histories(histories.clone());
                Box::new(match filter.weighs() && !weights.is_empty() {
                    true => others.weighing(weights.to_vec()),
                    false => others,
                })
            }
            Self::ItemKnn(knn) => Box::new(knn.with_histories(histories.clone())),
            Self::Ease(ease) => Box::new(ease.with_histories(histories.clone())),
            Self::Popularity(popularity) => Box::new(popularity.for_others(histories.n_users())),
        })
    }

    /// Whether the vector of every user is a function of the user's items.
    pub(crate) fn places_all(&self) -> bool {
        match self {
            Self::ItemMeans(_) => true,
            Self::Embeddings(_, fold_in) => fold_in.is_exact(),
            _ => false,
        }
    }

    /// The vectors of people with these histories, without the prior; `None` for a filter, which has none. `items` are the
    /// items' own vectors, of which a model whose users are means may have more than the run; weights are what each item
    /// of the histories counts in such a mean, none for 1 each.
    ///
    /// # Errors
    /// When the tables hold nothing to go by.
    pub(crate) fn vectors_of(
        &self,
        items: &[f32],
        histories: &ItemLists,
        weights: &[f32],
    ) -> Result<Option<Vec<f32>>, FoldInError> {
        Ok(match self {
            Self::Embeddings(tables, fold_in) => {
                let is_known = |pair: &(u32, u32)| (pair.1 as usize) < tables.n_items();
                let pairs = histories.pairs().filter(is_known);
                let known = ItemLists::from_pairs(histories.n_users(), pairs);
                Some(fold_in.place(tables, &known)?.own_users().into_owned())
            }
            Self::ItemMeans(tables) => {
                let lists = (0..histories.n_users() as u32).map(|user| {
                    let range = histories.row_ptr()[user as usize]..;
                    let list = histories.of(user);
                    let counting = weights
                        .get(range)
                        .map(|all| &all[..list.len().min(all.len())]);
                    (list, counting.unwrap_or_default())
                });
                Some(mean_vectors(items, tables.own_dim(), lists))
            }
            _ => None,
        })
    }

    /// With more items behind those there are, by their rows `[n, dim]`. The item table is copied once.
    ///
    /// # Errors
    /// Rows of another width; a model without vectors, which knows the items it was fitted on only.
    pub fn with_items(&self, rows: &[f32]) -> Result<Self, TablesError> {
        match self {
            Self::Embeddings(tables, fold_in) => {
                Ok(Self::Embeddings(tables.with_items(rows)?, fold_in.clone()))
            }
            Self::ItemMeans(tables) => tables.with_items(rows).map(Self::ItemMeans),
            Self::Filter(_) | Self::ItemKnn(_) | Self::Ease(_) | Self::Popularity(_) => {
                Err(TablesError {
                    part: "the item table of a model without vectors",
                    found: rows.len(),
                    expected: 0,
                })
            }
        }
    }

    /// The `k` items most like `item`, the `hidden` ones (ascending) left out, among which it usually is itself: by the
    /// cosine of item vectors; for item-kNN its neighbours, for popularity the most popular items; for other models of
    /// histories by the scores of a user who has that item alone.
    ///
    /// # Errors
    /// `k` of 0, or a vector that holds a NaN.
    ///
    /// # Panics
    /// When `item` is not below the number of items.
    pub fn similar(&self, item: u32, k: usize, hidden: &[u32]) -> Result<Vec<Ranked>, RankError> {
        match self {
            Self::Embeddings(tables, _) | Self::ItemMeans(tables) => {
                similar_items(tables, item, k, hidden)
            }
            Self::Filter(filter) => filter.similar(item, k, hidden),
            Self::ItemKnn(knn) => knn.similar(item, k, hidden),
            Self::Ease(ease) => ease.similar(item, k, hidden),
            Self::Popularity(popularity) => popularity.best(k, hidden),
        }
    }

    /// Whether items of histories count by their weights.
    pub fn weighs_histories(&self) -> bool {
        match self {
            Self::Filter(filter) => filter.weighs(),
            _ => false,
        }
    }

    /// How many users the training lists have that a fold-in map is yet to be fitted to.
    pub(super) fn n_training_users(&self) -> Option<usize> {
        match self {
            Self::Embeddings(_, fold_in) => fold_in.n_training_users(),
            _ => None,
        }
    }
}

/// The same items with a user for each of `histories`: the normalised mean of the user's items, as in training. Only the
/// rows of these items are looked at, however large the catalogue is.
fn means_of(tables: &Tables, histories: &ItemLists) -> Tables {
    let row = |&item: &u32| tables.item_side().own_row(item);
    let rows: Vec<f32> = histories.items().iter().flat_map(row).copied().collect();
    let places: Vec<u32> = (0..histories.n_pairs() as u32).collect();
    let ends = histories.row_ptr().windows(2);
    let lists = ends.map(|ends| (&places[ends[0]..ends[1]], &[][..]));
    tables.with_users(mean_vectors(&rows, tables.own_dim(), lists))
}
