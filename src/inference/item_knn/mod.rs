//! Item neighbourhoods: recommend what is taken together with what the user took (Sarwar et al. 2001,
//! Deshpande and Karypis 2004).

mod neighbours;
#[cfg(test)]
mod tests;

use std::ops::Range;
use std::sync::Arc;

use super::history::History;
use super::item_pairs::ItemPairs;
use super::rank_error::RankError;
use super::score_source::{ScoreSource, rows_of_tile};
use super::selection::{Ranked, Selection};
use super::top_k::check_k;
use crate::data::{Csr, ItemLists};

/// A vote costs as much where its item is remembered as looking at so many items in their order.
const OF_A_TOUCH: usize = 8;

/// How neighbourhoods are made.
#[derive(Debug, Clone, PartialEq)]
pub struct ItemKnnConfig {
    /// Neighbours kept per item.
    pub neighbours: usize,
    /// Added to the denominator of the cosine: pulls similarities that rest on few users towards 0. The default was
    /// the best of 0, 5, 10, 20, 50 and 100 on a tenth of Gowalla's train pairs held out for it.
    pub shrinkage: f32,
}

impl Default for ItemKnnConfig {
    fn default() -> Self {
        Self {
            neighbours: 100,
            shrinkage: 20.0,
        }
    }
}

/// Scores an item by the sum of its similarities to those of its nearest neighbours that the user has:
/// `cos(i, j) = |U_i and U_j| / (sqrt(|U_i| |U_j|) + shrinkage)`. Where interactions have weights `w`, the common users
/// count `w_ui w_uj`, the users of an item `w_ui^2`, and a user's item counts `w_ui` times its similarity.
#[derive(Debug, Clone)]
pub struct ItemKnn {
    core: Arc<Core>,
    histories: ItemLists,
    /// What each item of the histories counts; empty for 1 each.
    weights: Vec<f32>,
}

/// Everything but the histories.
#[derive(Debug)]
struct Core {
    /// By item, its neighbours, nearest first, each with its similarity.
    neighbours: Csr<f32>,
    /// By item, the items that have it among their neighbours, by id, each with its similarity.
    votes: Csr<f32>,
}

impl ItemKnn {
    /// Finds the neighbours of every item. Time grows with the sum over users of their train items squared.
    ///
    /// # Panics
    /// When an item is not below `n_items`.
    pub fn new(train: &ItemLists, n_items: usize, config: &ItemKnnConfig) -> Self {
        let found = Self::fit(train, &[], n_items, config, &|| false);
        found.unwrap_or_else(|| unreachable!("nobody stops it"))
    }

    /// Finds the neighbours of every item, interactions counting by their weights, which are in the order of `train`;
    /// none for 1 each. `None` when `should_stop` says so.
    ///
    /// # Panics
    /// When an item is not below `n_items`, or there is not one weight an interaction.
    pub fn fit(
        train: &ItemLists,
        weights: &[f32],
        n_items: usize,
        config: &ItemKnnConfig,
        should_stop: &(dyn Fn() -> bool + Sync),
    ) -> Option<Self> {
        let neighbours = match weights.is_empty() {
            true => {
                let pairs = ItemPairs::<u32>::by_popularity(train, &[], n_items);
                neighbours::nearest(&pairs, config, should_stop)
            }
            false => {
                let pairs = ItemPairs::<f32>::by_popularity(train, weights, n_items);
                neighbours::nearest(&pairs, config, should_stop)
            }
        };
        Some(Self::of_neighbours(
            neighbours?,
            train.clone(),
            weights.to_vec(),
        ))
    }

    /// Of the neighbours of each item that were found before, over the histories of some users and what each of their
    /// items counts; no weights for 1 each.
    ///
    /// # Panics
    /// When a neighbour or an item of a history is not an item, or there is not one weight an item of the histories.
    pub fn of_neighbours(neighbours: Csr<f32>, histories: ItemLists, weights: Vec<f32>) -> Self {
        let n_items = neighbours.n_rows();
        assert!(weights.is_empty() || weights.len() == histories.n_pairs());
        histories.assert_below(n_items);
        let votes = neighbours.transposed(n_items);
        Self {
            core: Arc::new(Core { neighbours, votes }),
            histories,
            weights,
        }
    }

    /// By item, its neighbours, nearest first, each with its similarity.
    pub fn neighbours(&self) -> &Csr<f32> {
        &self.core.neighbours
    }

    /// The same neighbours for other people, whose items count 1 each. Exact: a history that neighbours were found on
    /// gets the scores of its user, where that user's items count 1 as well.
    ///
    /// # Panics
    /// When an item is not below the number of items.
    #[must_use]
    pub fn with_histories(&self, histories: ItemLists) -> Self {
        histories.assert_below(self.n_items());
        Self {
            core: Arc::clone(&self.core),
            histories,
            weights: Vec::new(),
        }
    }

    /// The same with these weights of the items of the histories, one each.
    ///
    /// # Panics
    /// When there is not one weight an item.
    #[must_use]
    pub fn weighing(self, weights: Vec<f32>) -> Self {
        assert_eq!(weights.len(), self.histories.n_pairs(), "a weight each");
        Self { weights, ..self }
    }

    /// The `k` nearest neighbours of an item that were kept, the `hidden` ones (ascending) left out; items that are none
    /// of them, all of similarity 0, fill up a list that is too short.
    ///
    /// # Errors
    /// `k` of 0.
    ///
    /// # Panics
    /// When `item` is not below the number of items.
    pub fn similar(&self, item: u32, k: usize, hidden: &[u32]) -> Result<Vec<Ranked>, RankError> {
        check_k(k)?;
        let (neighbours, similarities) = self.core.neighbours.weighted_row(item);
        let mut selection = Selection::new(k.min(self.n_items()), hidden);
        let places = neighbours.iter().zip(similarities);
        let mut n = 0;
        for (&neighbour, &similarity) in places {
            if hidden.binary_search(&neighbour).is_err() {
                selection.push(neighbour, similarity);
                n += 1;
            }
        }
        let others = 0..self.n_items() as u32;
        let others = others
            .filter(|other| hidden.binary_search(other).is_err() && !neighbours.contains(other));
        for other in others.take(selection.k().saturating_sub(n)) {
            selection.push(other, 0.0);
        }
        selection
            .finish()
            .map_err(|item| RankError::VectorNotANumber { item })
    }

    /// The items of a user, and what each counts.
    pub(super) fn history(&self, user: u32) -> History<'_> {
        History::of(&self.histories, &self.weights, user)
    }

    /// How many votes there are at most.
    fn n_votes_of(&self, user: u32) -> usize {
        let of_item = |&item: &u32| self.core.votes.degree(item) as usize;
        self.histories.of(user).iter().map(of_item).sum()
    }

    /// The items that a user's items speak for, and how much for each, above 0: item after item.
    fn votes_of(&self, user: u32) -> impl Iterator<Item = (u32, f32)> + '_ {
        self.history(user).entries().flat_map(|(item, weight)| {
            let (items, similarities) = self.core.votes.weighted_row(item);
            let votes = items.iter().zip(similarities);
            let votes = votes.map(move |(&other, similarity)| (other, weight * similarity));
            votes.filter(|&(_, vote)| vote > 0.0)
        })
    }
}

impl ScoreSource for ItemKnn {
    fn n_users(&self) -> usize {
        self.histories.n_users()
    }

    fn n_items(&self) -> usize {
        self.core.neighbours.n_rows()
    }

    fn score_tile(&self, users: &[u32], items: Range<usize>, out: &mut [f32]) {
        out.fill(0.0);
        for (user, row) in rows_of_tile(users, &items, out) {
            for (other, vote) in self.votes_of(user) {
                let at = other as usize;
                if items.contains(&at) {
                    row[at - items.start] += vote;
                }
            }
        }
    }

    /// Looks at all items where most get a vote. Elsewhere only at those that get one; the others, all of score 0, fill up a
    /// list that is too short.
    fn offer_all(&self, users: &[u32], selections: &mut [Selection<'_>]) {
        let mut scores = vec![0f32; self.n_items()];
        let mut touched = vec![0u32; self.n_items() + 1];
        for (&user, selection) in users.iter().zip(selections) {
            if self.n_votes_of(user) * OF_A_TOUCH > self.n_items() {
                for (other, vote) in self.votes_of(user) {
                    scores[other as usize] += vote;
                }
                selection.offer(0, &scores);
                scores.fill(0.0);
                continue;
            }
            let mut n_touched = 0;
            for (other, vote) in self.votes_of(user) {
                let score = &mut scores[other as usize];
                touched[n_touched] = other;
                n_touched += usize::from(*score == 0.0);
                *score += vote;
            }
            let touched = &touched[..n_touched];
            let seen = selection.seen();
            let unseen = |item: u32| seen.binary_search(&item).is_err();
            for &item in touched {
                let score = scores[item as usize];
                if selection.is_open_to(score) && unseen(item) {
                    selection.push(item, score);
                }
            }
            let missing = selection.k().saturating_sub(selection.n_candidates());
            let without_vote = |&item: &u32| scores[item as usize] == 0.0 && unseen(item);
            for item in (0..self.n_items() as u32)
                .filter(without_vote)
                .take(missing)
            {
                selection.push(item, 0.0);
            }
            touched.iter().for_each(|&item| scores[item as usize] = 0.0);
        }
    }
}
