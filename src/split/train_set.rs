//! The training set: a type that only the split can make, so that leaking the test set does not compile.

use super::SplitError;
use crate::data::{Interactions, ItemLists};

/// The interactions models learn from. Graphs and samplers take nothing else.
#[derive(Debug, Clone)]
pub struct TrainSet {
    positives: ItemLists,
    n_items: usize,
    /// See [`TrainSet::before`]; empty where nobody asked for it.
    before: Vec<u32>,
    /// See [`TrainSet::weights`]; empty where nobody asked for them.
    weights: Vec<f32>,
}

impl TrainSet {
    /// In place of an item before the first.
    pub const NONE: u32 = u32::MAX;

    pub(super) fn new(positives: ItemLists, n_items: usize) -> Self {
        Self {
            positives,
            n_items,
            before: Vec::new(),
            weights: Vec::new(),
        }
    }

    /// The same set under other ids: user `i` of the result is user `users[i]`, and item `j` becomes `new_items[j]`.
    pub(super) fn reordered(self, users: &[u32], new_items: &[u32]) -> Self {
        let new_item = |old: u32| new_items.get(old as usize).copied();
        let before = self.moved(&self.before, users, new_items);
        let before = before
            .into_iter()
            .map(|old| new_item(old).unwrap_or(Self::NONE));
        let weights = self.moved(&self.weights, users, new_items);
        let positives = super::reorder::reordered(&self.positives, users, new_items);
        Self {
            before: before.collect(),
            weights,
            ..Self::new(positives, self.n_items)
        }
    }

    /// What stands beside each positive, in the order that the positives have under other ids; nothing where nothing
    /// stands there.
    fn moved<T: Copy>(&self, beside: &[T], users: &[u32], new_items: &[u32]) -> Vec<T> {
        let mut moved = Vec::with_capacity(beside.len());
        if beside.is_empty() {
            return moved;
        }
        let mut row: Vec<(u32, T)> = Vec::new();
        for &old in users {
            let start = self.positives.row_ptr()[old as usize];
            let items = self.positives.of(old).iter();
            row.clear();
            row.extend(
                items
                    .zip(&beside[start..])
                    .map(|(&item, &value)| (new_items[item as usize], value)),
            );
            row.sort_unstable_by_key(|entry| entry.0);
            moved.extend(row.iter().map(|entry| entry.1));
        }
        moved
    }

    /// What a column of the log holds for each positive.
    fn beside_positives<T: Copy>(&self, log: &Interactions, column: &[T]) -> Vec<T> {
        let mut beside = Vec::with_capacity(self.positives.n_pairs());
        // Both are sorted by user and then by item.
        let mut pairs = self.positives.pairs().peekable();
        let rows = log.users.iter().zip(&log.items).zip(column);
        for ((&user, &item), &value) in rows {
            if pairs.next_if_eq(&(user, item)).is_some() {
                beside.push(value);
            }
        }
        beside
    }

    /// Remembers the weight of each training interaction; `false` where the log has none. All of them are above 0, or
    /// the first that is not is the error.
    ///
    /// # Errors
    /// A weight of 0 or less.
    pub fn remember_weights(&mut self, log: &Interactions) -> Result<bool, SplitError> {
        let Some(all) = &log.weights else {
            return Ok(false);
        };
        let weights = self.beside_positives(log, all);
        if let Some(weight) = weights.iter().find(|&&weight| weight <= 0.0) {
            let weight = weight.to_string();
            return Err(SplitError::WeightNotPositive { weight });
        }
        self.weights = weights;
        Ok(true)
    }

    /// Of each of [`TrainSet::positives`], user after user, its weight; empty where that was not remembered.
    pub fn weights(&self) -> &[f32] {
        &self.weights
    }

    /// Remembers which training item each user had before each other one; `false` where the log has no timestamps.
    pub fn remember_previous(&mut self, log: &Interactions) -> bool {
        let Some(times) = &log.timestamps else {
            return false;
        };
        let mut before = vec![Self::NONE; self.positives.n_pairs()];
        let mut at = 0;
        let times_of = self.beside_positives(log, times);
        for user in 0..self.positives.n_users() as u32 {
            let items = self.positives.of(user);
            let mut order: Vec<usize> = (0..items.len()).collect();
            order.sort_by_key(|&place| (times_of[at + place], items[place]));
            for pair in order.windows(2) {
                before[at + pair[1]] = items[pair[0]];
            }
            at += items.len();
        }
        self.before = before;
        true
    }

    /// Of each of [`TrainSet::positives`], user after user, the item its user had before it, or [`TrainSet::NONE`];
    /// empty where that was not remembered.
    pub fn before(&self) -> &[u32] {
        &self.before
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

    /// The training part a run stored, which is one that a split made.
    pub(crate) fn restored(positives: ItemLists, n_items: usize) -> Self {
        Self::new(positives, n_items)
    }

    /// The same set with these weights.
    #[cfg(test)]
    pub(crate) fn weighing(self, weights: &[f32]) -> Self {
        assert_eq!(weights.len(), self.n_interactions());
        let weights = weights.to_vec();
        Self { weights, ..self }
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
        // Item 3 of user 0 is in the test part.
        let log = Interactions {
            users: vec![0, 0, 0, 0, 1],
            items: vec![0, 2, 3, 4, 1],
            timestamps: Some(vec![30, 10, 15, 20, 5]),
            ..Interactions::default()
        };
        assert!(train.remember_previous(&log));
        let none = TrainSet::NONE;
        assert_eq!(train.before(), [4, none, 2, none]);
        // Users change places; items 0, 1, 2, 3, 4 become 4, 3, 2, 1, 0.
        let moved = train.clone().reordered(&[1, 0], &[4, 3, 2, 1, 0]);
        assert_eq!(moved.positives().items(), [3, 0, 2, 4]);
        assert_eq!(moved.before(), [none, 2, none, 0]);
        let untimed = Interactions {
            timestamps: None,
            ..log
        };
        assert!(!train.remember_previous(&untimed));
    }
    #[test]
    fn weights_follow_their_interactions_under_any_ids() {
        let mut train = TrainSet::of_pairs(2, 5, &[(0, 0), (0, 2), (0, 4), (1, 1)]);
        let log = Interactions {
            users: vec![0, 0, 0, 0, 1],
            items: vec![0, 2, 3, 4, 1],
            weights: Some(vec![1.0, 2.0, -9.0, 3.0, 4.0]),
            ..Interactions::default()
        };
        assert_eq!(train.remember_weights(&log), Ok(true));
        assert_eq!(train.weights(), [1.0, 2.0, 3.0, 4.0]);
        let moved = train.clone().reordered(&[1, 0], &[4, 3, 2, 1, 0]);
        assert_eq!(moved.weights(), [4.0, 3.0, 2.0, 1.0]);
        let none = Interactions {
            weights: Some(vec![1.0, 0.0, 1.0, 1.0, 1.0]),
            ..log
        };
        let refused = train.remember_weights(&none).err();
        assert!(refused.is_some_and(|error| error.to_string().contains("--min-rating")));
    }
}
