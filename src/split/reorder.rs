//! Renumbers a split with other internal ids.

use super::Split;
use crate::data::ItemLists;

impl Split {
    /// The same split with the ids in another order: user `i` of the result is user `users[i]` of
    /// this one, and likewise for items.
    ///
    /// # Panics
    /// When `users` or `items` does not hold every id once.
    #[must_use]
    pub fn reordered(self, users: &[u32], items: &[u32]) -> Self {
        assert_eq!(users.len(), self.train.n_users(), "an order of all users");
        assert_eq!(items.len(), self.train.n_items(), "an order of all items");
        let new_items = &inverse(items);
        inverse(users);
        // Each part's old lists go when its new ones are there.
        let moved = |lists: ItemLists| reordered(&lists, users, new_items);
        Self {
            method: self.method,
            train: self.train.reordered(users, new_items),
            validation_columns: self.validation_columns.reordered(
                &self.validation,
                users,
                new_items,
            ),
            validation: moved(self.validation),
            test_columns: self.test_columns.reordered(&self.test, users, new_items),
            test: moved(self.test),
            also_seen: self.also_seen.map(|also| also.map(moved)),
            summary: self.summary,
        }
    }
}

/// Lists under other ids: user `i` of the result is user `users[i]`, and item `j` becomes `new_items[j]`.
pub(super) fn reordered(lists: &ItemLists, users: &[u32], new_items: &[u32]) -> ItemLists {
    let row = |(new, &old): (u32, &u32)| {
        let items = lists.of(old).iter();
        items.map(move |&item| (new, new_items[item as usize]))
    };
    ItemLists::from_pairs(users.len(), (0..).zip(users).flat_map(row))
}

/// The new id of each old one.
fn inverse(order: &[u32]) -> Vec<u32> {
    let mut new = vec![u32::MAX; order.len()];
    for (id, &old) in (0..).zip(order) {
        new[old as usize] = id;
    }
    assert!(!new.contains(&u32::MAX), "an order holds every id once");
    new
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::TrainSet;
    use super::*;
    use crate::config::SplitMethod;
    use crate::data::{AlsoSeen, PairColumns};
    use crate::split::SplitSummary;

    fn lists(pairs: &[(u32, u32)]) -> ItemLists {
        ItemLists::from_pairs(3, pairs.iter().copied())
    }

    fn split() -> Split {
        Split {
            method: SplitMethod::Random,
            train: TrainSet::new(lists(&[(0, 1), (0, 3), (2, 0)]), 4),
            validation: lists(&[(0, 2)]),
            validation_columns: PairColumns::default(),
            test: lists(&[(2, 3)]),
            test_columns: PairColumns::default(),
            also_seen: Some(AlsoSeen {
                before_validation: lists(&[(1, 0)]),
                before_test: lists(&[]),
                later: lists(&[(2, 2)]),
            }),
            summary: SplitSummary::new(
                SplitMethod::Random,
                [&lists(&[]), &lists(&[]), &lists(&[])],
                4,
                0,
                Default::default(),
            ),
        }
    }

    #[test]
    fn every_part_moves_alike() {
        // Users 0, 1, 2 become 1, 2, 0; items 0, 1, 2, 3 become 3, 2, 0, 1.
        let new = split().reordered(&[2, 0, 1], &[2, 3, 1, 0]);
        assert_eq!(*new.train.positives(), lists(&[(1, 1), (1, 2), (0, 3)]));
        assert_eq!(new.train.n_items(), 4);
        assert_eq!(new.validation, lists(&[(1, 0)]));
        assert_eq!(new.test, lists(&[(0, 1)]));
        let also = new.also_seen.unwrap();
        assert_eq!(also.all(), lists(&[(2, 3), (0, 0)]));
        assert_eq!(also.when_testing(), lists(&[(2, 3)]));
    }

    #[test]
    #[should_panic(expected = "every id once")]
    fn an_id_that_is_lost_is_our_mistake() {
        let _ = split().reordered(&[2, 0, 0], &[2, 3, 1, 0]);
    }
}
