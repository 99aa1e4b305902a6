//! One sorted list of items a user, in compressed rows: the currency of training sets, held-out sets and seen masks.

/// Items by user: `items[row_ptr[u]..row_ptr[u + 1]]` are the items of user `u`, ascending and distinct.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemLists {
    row_ptr: Vec<usize>,
    items: Vec<u32>,
}

impl ItemLists {
    /// Builds the lists from (user, item) pairs in any order; repeated pairs count once.
    ///
    /// # Panics
    /// When a user is not below `n_users`: ids come from an [`IdMap`](super::IdMap).
    pub fn from_pairs(n_users: usize, pairs: impl Iterator<Item = (u32, u32)> + Clone) -> Self {
        let mut row_ptr = vec![0usize; n_users + 1];
        for (user, _) in pairs.clone() {
            row_ptr[user as usize + 1] += 1;
        }
        for user in 0..n_users {
            row_ptr[user + 1] += row_ptr[user];
        }
        let mut items = vec![0u32; row_ptr[n_users]];
        let mut next = row_ptr.clone();
        for (user, item) in pairs {
            items[next[user as usize]] = item;
            next[user as usize] += 1;
        }
        let mut lists = Self { row_ptr, items };
        lists.sort_and_deduplicate();
        lists
    }

    /// Rebuilds lists from their raw parts; `None` unless the parts hold the invariants of the type
    /// (row pointers from 0, ascending, ending at `items.len()`; each row strictly ascending).
    pub fn from_raw(row_ptr: Vec<usize>, items: Vec<u32>) -> Option<Self> {
        let bounds = row_ptr.first() == Some(&0)
            && row_ptr.last() == Some(&items.len())
            && row_ptr.is_sorted();
        let sorted = |row: &[usize]| items[row[0]..row[1]].is_sorted_by(|a, b| a < b);
        (bounds && row_ptr.windows(2).all(sorted)).then_some(Self { row_ptr, items })
    }

    fn sort_and_deduplicate(&mut self) {
        let mut write = 0;
        let mut start = 0;
        for user in 0..self.n_users() {
            let end = self.row_ptr[user + 1];
            self.items[start..end].sort_unstable();
            let row_start = write;
            for read in start..end {
                let item = self.items[read];
                if write == row_start || self.items[write - 1] != item {
                    self.items[write] = item;
                    write += 1;
                }
            }
            start = end;
            self.row_ptr[user + 1] = write;
        }
        self.items.truncate(write);
    }

    /// How many users there are, those with empty lists included.
    pub fn n_users(&self) -> usize {
        self.row_ptr.len() - 1
    }

    /// How many (user, item) pairs there are.
    pub fn n_pairs(&self) -> usize {
        self.items.len()
    }

    /// The items of one user, ascending.
    pub fn of(&self, user: u32) -> &[u32] {
        let user = user as usize;
        &self.items[self.row_ptr[user]..self.row_ptr[user + 1]]
    }

    /// Whether the user has the item.
    pub fn contains(&self, user: u32, item: u32) -> bool {
        self.of(user).binary_search(&item).is_ok()
    }

    /// All pairs, by user and then by item.
    pub fn pairs(&self) -> impl Iterator<Item = (u32, u32)> + Clone + '_ {
        (0..self.n_users() as u32)
            .flat_map(|user| self.of(user).iter().map(move |&item| (user, item)))
    }

    /// Row pointers, `n_users + 1` of them.
    pub fn row_ptr(&self) -> &[usize] {
        &self.row_ptr
    }

    /// All items, row after row.
    pub fn items(&self) -> &[u32] {
        &self.items
    }

    /// How many users have each of `n_items` items.
    ///
    /// # Panics
    /// When an item is not below `n_items`.
    pub fn counts_by_item(&self, n_items: usize) -> Vec<u32> {
        let mut counts = vec![0; n_items];
        for &item in &self.items {
            counts[item as usize] += 1;
        }
        counts
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
