//! Which users and items of a run stay, and what stays of its lists and tables.

use std::path::Path;

use super::OpenRun;
use crate::data::{AlsoSeen, Csr, IdMap, ItemLists, PairColumns};
use crate::error::{Result, Usage};
use crate::run::{HostTensor, StoredTable};

/// Who and what stays, by the ids of before; ids move up and keep their order.
pub(super) struct Keep {
    /// Ascending.
    pub(super) users: Vec<u32>,
    /// Ascending.
    pub(super) items: Vec<u32>,
    /// The new id of each item; `None` where it goes.
    new_items: Vec<Option<u32>>,
    n_users: usize,
}

impl Keep {
    /// All but those for which a key goes.
    pub(super) fn new(
        run: &OpenRun,
        user_goes: impl Fn(&str) -> bool,
        item_goes: impl Fn(&str) -> bool,
    ) -> Self {
        let (users, items) = (run.recommender.users(), run.recommender.items());
        Self::of(
            users.len(),
            items.len(),
            |user| !user_goes(users.key(user)),
            |item| !item_goes(items.key(item)),
        )
    }

    fn of(
        n_users: usize,
        n_items: usize,
        keeps_user: impl Fn(u32) -> bool,
        keeps_item: impl Fn(u32) -> bool,
    ) -> Self {
        let users = (0..n_users as u32)
            .filter(|&user| keeps_user(user))
            .collect();
        let items: Vec<u32> = (0..n_items as u32)
            .filter(|&item| keeps_item(item))
            .collect();
        let mut new_items = vec![None; n_items];
        for (new, &old) in (0..).zip(&items) {
            new_items[old as usize] = Some(new);
        }
        Self {
            users,
            items,
            new_items,
            n_users,
        }
    }

    pub(super) fn n_gone_users(&self) -> usize {
        self.n_users - self.users.len()
    }

    pub(super) fn n_gone_items(&self) -> usize {
        self.new_items.len() - self.items.len()
    }

    /// Refuses to leave nothing of a run.
    pub(super) fn check(&self, run: &Path) -> Result<()> {
        match self.users.is_empty() || self.items.is_empty() {
            false => Ok(()),
            true => Err(Usage(format!(
                "{}: no user, or no item, would be left of this run: remove its directory instead",
                run.display()
            ))
            .into()),
        }
    }

    /// The new id of an item; `None` where it goes.
    pub(super) fn new_item(&self, item: u32) -> Option<u32> {
        self.new_items[item as usize]
    }

    /// How many of the first `n` users stay.
    pub(super) fn n_first_users(&self, n: usize) -> usize {
        self.users.partition_point(|&user| (user as usize) < n)
    }

    /// How many of the first `n` items stay.
    pub(super) fn n_first_items(&self, n: usize) -> usize {
        self.items.partition_point(|&item| (item as usize) < n)
    }

    /// What stays of lists by user.
    pub(super) fn lists(&self, lists: &ItemLists) -> ItemLists {
        let of_user = |(new, &old): (u32, &u32)| {
            let items = lists.of(old).iter();
            let kept = items.filter_map(|&item| self.new_item(item));
            kept.map(move |item| (new, item))
        };
        let pairs: Vec<(u32, u32)> = (0..).zip(&self.users).flat_map(of_user).collect();
        ItemLists::from_pairs(self.users.len(), pairs.iter().copied())
    }

    /// What stays of lists of pairs that no list may hold.
    pub(super) fn also_seen(&self, also: AlsoSeen) -> AlsoSeen {
        also.map(|lists| self.lists(&lists))
    }

    /// What stays of the columns beside the pairs of `lists`.
    pub(super) fn columns(&self, lists: &ItemLists, columns: &PairColumns) -> PairColumns {
        PairColumns {
            weights: self.column(lists, &columns.weights),
            times: self.column(lists, &columns.times),
        }
    }

    fn column<T: Copy>(&self, lists: &ItemLists, column: &[T]) -> Vec<T> {
        if column.is_empty() {
            return Vec::new();
        }
        let of_user = |&user: &u32| {
            let start = lists.row_ptr()[user as usize];
            let items = lists.of(user).iter().zip(&column[start..]);
            items.filter_map(|(&item, &value)| self.new_item(item).map(|_| value))
        };
        self.users.iter().flat_map(of_user).collect()
    }

    /// The keys that stay.
    pub(super) fn keys(&self, users: &IdMap, items: &IdMap) -> (IdMap, IdMap) {
        let kept = |map: &IdMap, ids: &[u32]| {
            let keys = ids.iter().map(|&id| map.keys()[id as usize].clone());
            IdMap::from_ordered_keys(keys.collect())
                .unwrap_or_else(|| unreachable!("keys of a map"))
        };
        (kept(users, &self.users), kept(items, &self.items))
    }

    /// A value of each item, for those that stay.
    pub(super) fn of_items<T: Clone>(&self, values: &[T]) -> Vec<T> {
        let value = |&item: &u32| values[item as usize].clone();
        self.items.iter().map(value).collect()
    }

    /// The rows of the users that stay, of a table `[n, width]` of the first `n` of them.
    pub(super) fn user_rows(&self, table: &HostTensor) -> HostTensor {
        rows(table, &self.users)
    }

    /// The rows of the items that stay, of a table `[n, width]` of the first `n` of them.
    pub(super) fn item_rows(&self, table: &HostTensor) -> HostTensor {
        rows(table, &self.items)
    }

    /// The vectors of the users that stay.
    pub(super) fn stored_users(&self, table: &StoredTable) -> StoredTable {
        stored_rows(table, &self.users)
    }

    /// The vectors of the items that stay.
    pub(super) fn stored_items(&self, table: &StoredTable) -> StoredTable {
        stored_rows(table, &self.items)
    }

    /// What stays of a square table over the items, `[n_items, n_items]`.
    pub(super) fn square(&self, table: &[f32]) -> Vec<f32> {
        let n_items = self.new_items.len();
        let row = |&item: &u32| self.of_items(&table[item as usize * n_items..][..n_items]);
        self.items.iter().flat_map(row).collect()
    }

    /// What stays of the neighbours of the items.
    pub(super) fn neighbours(&self, of_items: &Csr<f32>) -> Csr<f32> {
        Csr::from_rows(self.items.iter().map(|&item| {
            let (near, values) = of_items.weighted_row(item);
            let entries = near.iter().zip(values);
            entries.filter_map(|(&near, &value)| Some((self.new_item(near)?, value)))
        }))
    }
}

/// Some rows of a table; those beyond its end are passed over.
fn stored_rows(table: &StoredTable, wanted: &[u32]) -> StoredTable {
    let there = wanted
        .iter()
        .take_while(|&&row| (row as usize) < table.rows);
    let row = |&row: &u32| &table.values[row as usize * table.dim..][..table.dim];
    let values: Vec<f32> = there.clone().flat_map(row).copied().collect();
    StoredTable {
        rows: there.count(),
        dim: table.dim,
        values: values.into(),
    }
}

/// The same of a tensor.
fn rows(table: &HostTensor, wanted: &[u32]) -> HostTensor {
    let width: usize = table.shape.iter().skip(1).product();
    let n = table.shape.first().copied().unwrap_or_default();
    let there = wanted.iter().take_while(|&&row| (row as usize) < n);
    let values = there.clone();
    HostTensor {
        shape: [&[there.count()], table.shape.get(1..).unwrap_or_default()].concat(),
        values: values
            .flat_map(|&row| &table.values[row as usize * width..][..width])
            .copied()
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Users 0 to 3 and items 0 to 3, without user 1 and item 2.
    fn keep() -> Keep {
        Keep::of(4, 4, |user| user != 1, |item| item != 2)
    }

    #[test]
    fn lists_and_columns_by_hand() {
        let pairs = [
            (0, 1),
            (0, 2),
            (1, 0),
            (1, 3),
            (2, 2),
            (3, 0),
            (3, 2),
            (3, 3),
        ];
        let lists = ItemLists::from_pairs(4, pairs.into_iter());
        let columns = PairColumns {
            weights: Vec::new(),
            times: (10..18).collect(),
        };
        let kept = keep().lists(&lists);
        assert_eq!(kept.pairs().collect::<Vec<_>>(), [(0, 1), (2, 0), (2, 2)]);
        assert_eq!(kept.n_users(), 3);
        let kept = keep().columns(&lists, &columns);
        assert_eq!((kept.times, kept.weights), (vec![10, 15, 17], Vec::new()));
    }

    #[test]
    fn tables_by_hand() {
        let table = HostTensor {
            shape: vec![3, 2],
            values: vec![0.0, 1.0, 2.0, 3.0, 4.0, 5.0],
        };
        let users = keep().user_rows(&table);
        assert_eq!(
            (users.shape, users.values),
            (vec![2, 2], vec![0.0, 1.0, 4.0, 5.0])
        );
        let items = keep().item_rows(&table);
        assert_eq!(
            (items.shape, items.values),
            (vec![2, 2], vec![0.0, 1.0, 2.0, 3.0])
        );
        let square: Vec<f32> = (0u8..16).map(f32::from).collect();
        let expected = [0.0, 1.0, 3.0, 4.0, 5.0, 7.0, 12.0, 13.0, 15.0];
        assert_eq!(keep().square(&square), expected);
        let near = Csr::from_rows([
            vec![(2, 0.5), (1, 0.25)],
            vec![(2, 1.0)],
            vec![(0, 1.0)],
            vec![(3, 0.75), (0, 0.5)],
        ]);
        let expected = Csr::from_rows([vec![(1, 0.25)], vec![], vec![(2, 0.75), (0, 0.5)]]);
        assert_eq!(keep().neighbours(&near), expected);
        assert_eq!((keep().n_first_users(2), keep().n_first_items(3)), (1, 2));
    }
}
