//! The training set: a type that only the split can make, so that leaking the test set does not compile.

use crate::data::{Interactions, ItemLists};

/// The interactions models learn from. Graphs and samplers take nothing else.
#[derive(Debug, Clone)]
pub struct TrainSet {
    positives: ItemLists,
    n_items: usize,
    /// See [`TrainSet::before`]; empty where nobody asked for it.
    before: Vec<u32>,
}

impl TrainSet {
    /// In place of an item before the first.
    pub const NONE: u32 = u32::MAX;

    pub(super) fn new(positives: ItemLists, n_items: usize) -> Self {
        Self {
            positives,
            n_items,
            before: Vec::new(),
        }
    }

    /// The same set under other ids: user `i` of the result is user `users[i]`, and item `j` becomes `new_items[j]`.
    pub(super) fn reordered(self, users: &[u32], new_items: &[u32]) -> Self {
        let mut before = Vec::with_capacity(self.before.len());
        if !self.before.is_empty() {
            for &old in users {
                let start = self.positives.row_ptr()[old as usize];
                let mut row: Vec<(u32, u32)> = (start..)
                    .zip(self.positives.of(old))
                    .map(|(at, &item)| {
                        let last = self.before[at];
                        let last = new_items.get(last as usize).copied();
                        (new_items[item as usize], last.unwrap_or(Self::NONE))
                    })
                    .collect();
                row.sort_unstable();
                before.extend(row.into_iter().map(|(_, last)| last));
            }
        }
        let positives = super::reorder::reordered(&self.positives, users, new_items);
        Self {
            before,
            ..Self::new(positives, self.n_items)
        }
    }

    /// Remembers which training item each user had before each other one; `false` where the log has no timestamps.
    pub fn remember_previous(&mut self, log: &Interactions) -> bool {
        let Some(times) = &log.timestamps else {
            return false;
        };
        let mut before = vec![Self::NONE; self.positives.n_pairs()];
        let mut at = 0;
        let rows = log.users.iter().zip(&log.items).zip(times);
        // Both are sorted by user and then by item.
        let mut times_of = Vec::with_capacity(before.len());
        let mut pairs = self.positives.pairs().peekable();
        for ((&user, &item), &time) in rows {
            if pairs.next_if_eq(&(user, item)).is_some() {
                times_of.push(time);
            }
        }
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
}
