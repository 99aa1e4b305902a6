//! The training set: a type that only the split can make, so that leaking the test set does not compile.

use crate::data::ItemLists;

/// The interactions models learn from. Graphs and samplers take nothing else.
#[derive(Debug, Clone)]
pub struct TrainSet {
    positives: ItemLists,
    n_items: usize,
}

impl TrainSet {
    pub(super) fn new(positives: ItemLists, n_items: usize) -> Self {
        Self { positives, n_items }
    }

    pub(super) fn into_positives(self) -> ItemLists {
        self.positives
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

    /// A training set for tests of other rooms.
    #[cfg(test)]
    pub(crate) fn of_pairs(n_users: usize, n_items: usize, pairs: &[(u32, u32)]) -> Self {
        Self::new(
            ItemLists::from_pairs(n_users, pairs.iter().copied()),
            n_items,
        )
    }
}
