//! The training set: a type that only the split can make, so that leaking the test set does not compile.

use crate::data::{ItemLists, PairColumns};

/// The interactions models learn from. Graphs and samplers take nothing else.
#[derive(Debug, Clone)]
pub struct TrainSet {
    positives: ItemLists,
    n_items: usize,
    columns: PairColumns,
}

impl TrainSet {
    /// In place of an item before the first.
    pub const NONE: u32 = u32::MAX;

    pub(super) fn new(positives: ItemLists, n_items: usize) -> Self {
        Self {
            positives,
            n_items,
            columns: PairColumns::default(),
        }
    }

    /// The same set under other ids: user `i` of the result is user `users[i]`, and item `j` becomes `new_items[j]`.
    pub(super) fn reordered(self, users: &[u32], new_items: &[u32]) -> Self {
        Self {
            columns: self.columns.reordered(&self.positives, users, new_items),
            positives: super::reorder::reordered(&self.positives, users, new_items),
            n_items: self.n_items,
        }
    }

    pub(super) fn columns_mut(&mut self) -> &mut PairColumns {
        &mut self.columns
    }

    /// This set and more interactions, with what is known of them.
    pub(super) fn joined_with(&self, more: &ItemLists, columns: &PairColumns) -> Self {
        Self {
            positives: self.positives.union(more),
            n_items: self.n_items,
            columns: PairColumns::of_union([&self.positives, more], [&self.columns, columns]),
        }
    }

    /// What is known of each of [`TrainSet::positives`], user after user.
    pub fn columns(&self) -> &PairColumns {
        &self.columns
    }

    /// Of each of [`TrainSet::positives`], user after user, its weight; empty where that was not remembered.
    pub fn weights(&self) -> &[f32] {
        &self.columns.weights
    }

    /// Of each of [`TrainSet::positives`], user after user, when it was, in seconds since 1970; empty where that was not
    /// remembered.
    pub fn times(&self) -> &[i64] {
        &self.columns.times
    }

    /// What each of [`TrainSet::positives`] counts in one use, user after user, as [`PairColumns::counting`] says; empty
    /// where all count 1.
    ///
    /// # Panics
    /// When weights or times are asked for that were not remembered.
    #[must_use]
    pub fn counting(&self, weighted: bool, half_life_days: Option<f64>) -> Vec<f32> {
        let counting = self.columns.counting(weighted, half_life_days);
        let is_asked = weighted || half_life_days.is_some();
        let expected = if is_asked { self.n_interactions() } else { 0 };
        assert_eq!(counting.len(), expected, "what each interaction counts");
        counting
    }

    /// Of each of [`TrainSet::positives`], user after user, the item its user had before it, or [`TrainSet::NONE`];
    /// equal times go by item. Empty where the times were not remembered.
    #[must_use]
    pub fn previous(&self) -> Vec<u32> {
        let times = self.times();
        if times.is_empty() {
            return Vec::new();
        }
        let mut before = vec![Self::NONE; self.positives.n_pairs()];
        let mut at = 0;
        for user in 0..self.positives.n_users() as u32 {
            let items = self.positives.of(user);
            let mut order: Vec<usize> = (0..items.len()).collect();
            order.sort_by_key(|&place| (times[at + place], items[place]));
            for pair in order.windows(2) {
                before[at + pair[1]] = items[pair[0]];
            }
            at += items.len();
        }
        before
    }

    /// How many users the data set has, those without a training interaction included.
    pub fn n_users(&self) -> usize {
        self.positives.n_users()
    }

    /// How many items the data set has, those without a training interaction included.
    pub fn n_items(&self) -> usize {
        self.n_items
    }

    /// How many training interactions there are.
    pub fn n_interactions(&self) -> usize {
        self.positives.n_pairs()
    }

    /// Each user's training items.
    pub fn positives(&self) -> &ItemLists {
        &self.positives
    }

    /// What a run stored of what it trained on, which is of a split; with what it kept of each interaction.
    pub(crate) fn restored(positives: ItemLists, columns: PairColumns, n_items: usize) -> Self {
        Self {
            columns,
            ..Self::new(positives, n_items)
        }
    }

    /// The same set with these weights.
    #[cfg(test)]
    pub(crate) fn weighing(self, weights: &[f32]) -> Self {
        assert_eq!(weights.len(), self.n_interactions());
        let columns = PairColumns {
            weights: weights.to_vec(),
            ..self.columns
        };
        Self { columns, ..self }
    }

    /// A training set for tests of other modules.
    #[cfg(test)]
    pub(crate) fn of_pairs(n_users: usize, n_items: usize, pairs: &[(u32, u32)]) -> Self {
        Self::new(
            ItemLists::from_pairs(n_users, pairs.iter().copied()),
            n_items,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_item_before_is_the_last_one_by_time_under_any_ids() {
        let mut train = TrainSet::of_pairs(2, 5, &[(0, 0), (0, 2), (0, 4), (1, 1)]);
        train.columns.times = vec![30, 10, 20, 5];
        let none = TrainSet::NONE;
        assert_eq!(train.previous(), [4, none, 2, none]);
        // Users change places; items 0, 1, 2, 3, 4 become 4, 3, 2, 1, 0.
        let moved = train.reordered(&[1, 0], &[4, 3, 2, 1, 0]);
        assert_eq!(moved.positives().items(), [3, 0, 2, 4]);
        assert_eq!(moved.times(), [5, 20, 10, 30]);
        assert_eq!(moved.previous(), [none, 2, none, 0]);
        let untimed = TrainSet::of_pairs(1, 2, &[(0, 0), (0, 1)]);
        assert!(untimed.previous().is_empty());
    }
}
