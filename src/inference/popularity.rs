//! The most popular items for everybody: a baseline, and the lists of those of whom training knew nothing.

use std::ops::Range;
use std::sync::Arc;

use super::rank_error::RankError;
use super::score_source::ScoreSource;
use super::selection::{Ranked, Selection, best_first};
use super::top_k::check_k;
use crate::data::{ItemLists, decays};

/// Scores an item by the number of its train users, the same for everybody.
#[derive(Debug, Clone)]
pub struct Popularity {
    n_users: usize,
    /// Shared with those for other people.
    counts: Arc<[f32]>,
    /// All items, best first.
    ranking: Arc<[Ranked]>,
}

impl Popularity {
    /// Counts the train users of each item.
    ///
    /// # Panics
    /// When an item is not below `n_items`.
    pub fn new(train: &ItemLists, n_items: usize) -> Self {
        let counts = train.counts_by_item(n_items);
        let counts = counts.into_iter().map(|count| count as f32).collect();
        Self::of_counts(train.n_users(), counts)
    }

    /// Adds up the weights of each item's training interactions, which are in the order of `train`.
    ///
    /// # Panics
    /// When an item is not below `n_items`.
    pub fn weighted(train: &ItemLists, weights: &[f32], n_items: usize) -> Self {
        let sums = train.sums_by_item(weights, n_items);
        let sums = sums.into_iter().map(|sum| sum as f32).collect();
        Self::of_counts(train.n_users(), sums)
    }

    /// Adds up how much each item's training interactions still count at `moment`, by a half-life; `times` are in the
    /// order of `train`.
    ///
    /// # Panics
    /// When an item is not below `n_items`, or a time lies after the moment.
    pub fn recent(
        train: &ItemLists,
        times: &[i64],
        moment: i64,
        half_life_days: f64,
        n_items: usize,
    ) -> Self {
        let mut sums = vec![0.0f64; n_items];
        for (&item, decay) in train
            .items()
            .iter()
            .zip(decays(times, moment, half_life_days))
        {
            sums[item as usize] += decay;
        }
        let sums = sums.into_iter().map(|sum| sum as f32).collect();
        Self::of_counts(train.n_users(), sums)
    }

    /// Of these numbers of train users, or of what they count, one an item, for so many users.
    pub fn of_counts(n_users: usize, counts: Vec<f32>) -> Self {
        let places = (0..).zip(&counts);
        let mut ranking: Vec<Ranked> = places
            .map(|(item, &score)| Ranked { item, score })
            .collect();
        ranking.sort_unstable_by(best_first);
        Self {
            n_users,
            counts: counts.into(),
            ranking: ranking.into(),
        }
    }
}

impl Popularity {
    /// The same for so many other people; nothing is copied.
    #[must_use]
    pub(super) fn for_others(&self, n_users: usize) -> Self {
        Self {
            n_users,
            ..self.clone()
        }
    }

    /// The `k` most popular items, the `hidden` ones (ascending) left out.
    ///
    /// # Errors
    /// `k` of 0.
    pub(super) fn best(&self, k: usize, hidden: &[u32]) -> Result<Vec<Ranked>, RankError> {
        check_k(k)?;
        let mut selection = Selection::new(k.min(self.counts.len()), hidden);
        self.offer(&mut selection);
        selection
            .finish()
            .map_err(|item| RankError::VectorNotANumber { item })
    }

    /// The number of train users of each item, or what they count.
    pub fn counts(&self) -> &[f32] {
        &self.counts
    }

    /// Offers the most popular items to one selection.
    pub(super) fn offer(&self, selection: &mut Selection<'_>) {
        let seen = selection.seen();
        let unseen = |place: &&Ranked| seen.binary_search(&place.item).is_err();
        for place in self.ranking.iter().filter(unseen).take(selection.k()) {
            selection.push(place.item, place.score);
        }
    }
}

impl ScoreSource for Popularity {
    fn n_users(&self) -> usize {
        self.n_users
    }

    fn n_items(&self) -> usize {
        self.counts.len()
    }

    fn score_tile(&self, users: &[u32], items: Range<usize>, out: &mut [f32]) {
        let width = items.len();
        assert_eq!(out.len(), users.len() * width, "one score a user and item");
        for row in out.chunks_exact_mut(width.max(1)) {
            row.copy_from_slice(&self.counts[items.clone()]);
        }
    }

    fn offer_all(&self, _users: &[u32], selections: &mut [Selection<'_>]) {
        selections
            .iter_mut()
            .for_each(|selection| self.offer(selection));
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::inference::top_k;

    #[test]
    fn what_is_popular_now_comes_before_what_was() {
        // Item 0 had three users ten days ago, item 1 one user now.
        let train = ItemLists::from_pairs(4, [(0, 0), (1, 0), (2, 0), (3, 1)].into_iter());
        let day = 86_400;
        let times = [0, 0, 0, 10 * day];
        let recent = |half_life| Popularity::recent(&train, &times, 10 * day, half_life, 2).counts;
        assert_eq!(*recent(5.0), [0.75, 1.0]);
        assert_eq!(*recent(10.0), [1.5, 1.0]);
        assert_eq!(*recent(f64::INFINITY), [3.0, 1.0]);
    }

    #[test]
    fn everybody_gets_the_most_popular_unseen() {
        let pairs = [(0, 2), (1, 2), (2, 2), (0, 1), (1, 1), (2, 3)];
        let train = ItemLists::from_pairs(3, pairs.into_iter());
        let lists = top_k(&Popularity::new(&train, 4), &[2, 0], 2, Some(&train)).unwrap();
        let items: Vec<Vec<u32>> = lists
            .iter()
            .map(|list| list.iter().map(|r| r.item).collect())
            .collect();
        assert_eq!(items, [[1, 0], [3, 0]]);
    }
}
