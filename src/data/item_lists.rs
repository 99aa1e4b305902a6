//! One sorted list of items per user: the currency of training sets, held-out sets and seen masks.

use super::Csr;

/// Items by user; those of a user are ascending and distinct.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemLists(Csr);

impl ItemLists {
    /// Builds the lists from (user, item) pairs in any order; repeated pairs count once.
    ///
    /// # Panics
    /// When a user is not below `n_users`: ids come from an [`IdMap`](super::IdMap).
    pub fn from_pairs(n_users: usize, pairs: impl Iterator<Item = (u32, u32)> + Clone) -> Self {
        let mut rows = Csr::from_entries(n_users, pairs.map(|(user, item)| (user, item, ())));
        rows.sort_and_deduplicate();
        Self(rows)
    }

    /// Rebuilds lists from their raw parts; `None` unless the parts hold the invariants of the type
    /// (row pointers from 0, ascending, ending at `items.len()`; each row strictly ascending).
    pub fn from_raw(row_ptr: Vec<usize>, items: Vec<u32>) -> Option<Self> {
        Csr::from_raw(row_ptr, items).and_then(Self::of_ascending)
    }

    /// Lists of these rows; `None` unless each is strictly ascending.
    pub fn of_ascending(rows: Csr) -> Option<Self> {
        let is_strict = |row: u32| rows.row(row).is_sorted_by(|a, b| a < b);
        (0..rows.n_rows() as u32)
            .all(is_strict)
            .then_some(Self(rows))
    }

    /// The rows themselves.
    pub fn rows(&self) -> &Csr {
        &self.0
    }

    /// The users of each of `n_items` items, ascending.
    ///
    /// # Panics
    /// When an item is not below `n_items`.
    #[must_use]
    pub fn users_by_item(&self, n_items: usize) -> Csr {
        self.0.transposed(n_items)
    }

    /// The users of each of `n_items` items, as lists: what [`users_by_item`](Self::users_by_item) has.
    ///
    /// # Panics
    /// When an item is not below `n_items`.
    #[must_use]
    pub fn turned(&self, n_items: usize) -> Self {
        Self(self.users_by_item(n_items))
    }

    /// How many users there are, those with empty lists included.
    pub fn n_users(&self) -> usize {
        self.0.n_rows()
    }

    /// How many (user, item) pairs there are.
    pub fn n_pairs(&self) -> usize {
        self.0.n_entries()
    }

    /// Asserts that every item is below the number of items.
    pub(crate) fn assert_below(&self, n_items: usize) {
        let known = |&item: &u32| (item as usize) < n_items;
        assert!(self.items().iter().all(known), "items of the catalogue");
    }

    /// The items of one user, ascending.
    pub fn of(&self, user: u32) -> &[u32] {
        self.0.row(user)
    }

    /// Whether the user has the item.
    pub fn contains(&self, user: u32, item: u32) -> bool {
        self.of(user).binary_search(&item).is_ok()
    }

    /// All pairs, by user and then by item.
    pub fn pairs(&self) -> impl Iterator<Item = (u32, u32)> + Clone + '_ {
        self.0.pairs()
    }

    /// Row pointers, `n_users + 1` of them.
    pub fn row_ptr(&self) -> &[usize] {
        self.0.row_ptr()
    }

    /// All items, row after row.
    pub fn items(&self) -> &[u32] {
        self.0.columns()
    }

    /// How many users have each of `n_items` items.
    ///
    /// # Panics
    /// When an item is not below `n_items`.
    pub fn counts_by_item(&self, n_items: usize) -> Vec<u32> {
        let mut counts = vec![0; n_items];
        for &item in self.items() {
            counts[item as usize] += 1;
        }
        counts
    }

    /// The sum for each of `n_items` items of the weights of its pairs; a weight for each of [`items`](Self::items).
    ///
    /// # Panics
    /// When an item is not below `n_items`.
    pub fn sums_by_item(&self, weights: &[f32], n_items: usize) -> Vec<f64> {
        let mut sums = vec![0.0; n_items];
        for (&item, &weight) in self.items().iter().zip(weights) {
            sums[item as usize] += f64::from(weight);
        }
        sums
    }

    /// The union of both, user by user.
    ///
    /// # Panics
    /// When the two do not cover the same number of users.
    pub fn union(&self, other: &Self) -> Self {
        assert_eq!(self.n_users(), other.n_users(), "lists over the same users");
        Self::from_pairs(self.n_users(), self.pairs().chain(other.pairs()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_come_back_sorted_and_once() {
        let pairs = [(2, 5), (0, 9), (2, 1), (2, 5), (0, 9)];
        let lists = ItemLists::from_pairs(3, pairs.into_iter());
        assert_eq!(lists.pairs().collect::<Vec<_>>(), [(0, 9), (2, 1), (2, 5)]);
        assert_eq!(lists.of(1), &[] as &[u32]);
        assert!(lists.contains(2, 5) && !lists.contains(2, 2));
    }

    #[test]
    fn raw_parts_that_break_an_invariant_are_refused() {
        assert!(ItemLists::from_raw(vec![0, 2], vec![1, 2]).is_some());
        assert!(ItemLists::from_raw(vec![0, 2], vec![2, 1]).is_none());
        assert!(ItemLists::from_raw(vec![0, 3, 2], vec![1, 2]).is_none());
        assert!(ItemLists::from_raw(vec![], vec![]).is_none());
    }
}
