//! How often users have two items together: every two items are counted once, a row at a time.

use std::ops::AddAssign;

use crate::data::{Csr, ItemLists};

/// A row is counted with a list of what it touched where it touches less than one in so many of its places.
const SPARSE: usize = 8;

/// What a pair of items adds up to: a number of users, or the sum of the products of both weights.
pub(super) trait Amount: Copy + Default + PartialEq + AddAssign + Send {
    /// What users say of the pairs they have: nothing, or a weight for each of their items.
    type Weight: Copy + Default + Sync;
    /// What a user who has both adds.
    fn of(one: Self::Weight, other: Self::Weight) -> Self;
    /// As a number.
    fn value(self) -> f64;
}

impl Amount for u32 {
    type Weight = ();
    fn of((): (), (): ()) -> Self {
        1
    }
    fn value(self) -> f64 {
        f64::from(self)
    }
}

impl Amount for f32 {
    type Weight = f32;
    fn of(one: f32, other: f32) -> Self {
        one * other
    }
    fn value(self) -> f64 {
        f64::from(self)
    }
}

/// The items in the order of their ranks. A row of sums is that of an item with the items of lower rank.
pub(super) struct ItemPairs<A: Amount> {
    /// The item of each rank.
    items: Vec<u32>,
    /// The ranks of each user's items, ascending.
    by_user: Csr<A::Weight>,
    /// The users of each rank, ascending, and how many of the user's items have lower ranks.
    by_rank: Csr<u32>,
}

impl<A: Amount> ItemPairs<A> {
    /// The pairs of these lists, items with more users first: the numbers that are added to most lie together at the
    /// beginning of a row. `weights` are in the order of the lists.
    ///
    /// # Panics
    /// When an item is not below `n_items`.
    pub(super) fn by_popularity(lists: &ItemLists, weights: &[A::Weight], n_items: usize) -> Self {
        let counts = lists.counts_by_item(n_items);
        let mut items: Vec<u32> = (0..n_items as u32).collect();
        items.sort_by_key(|&item| std::cmp::Reverse(counts[item as usize]));
        Self::new(lists, weights, items)
    }

    /// The pairs of these lists, with the item of each rank; `weights` are in the order of the lists.
    ///
    /// # Panics
    /// When an item of the lists has no rank.
    pub(super) fn new(lists: &ItemLists, weights: &[A::Weight], items: Vec<u32>) -> Self {
        let n_items = items.len();
        let mut ranks = vec![0; n_items];
        for (rank, &item) in (0..).zip(&items) {
            ranks[item as usize] = rank;
        }
        let weight = |at: usize| weights.get(at).copied().unwrap_or_default();
        let entries = lists.pairs().enumerate();
        let entries = entries.map(|(at, (user, item))| (ranks[item as usize], user, weight(at)));
        // By rank first, so that the ranks of a user ascend.
        let by_user = Csr::from_entries(n_items, entries).transposed(lists.n_users());
        let places = (0..lists.n_users() as u32).flat_map(|user| {
            let ranks = by_user.row(user).iter().zip(0u32..);
            ranks.map(move |(&rank, before)| (rank, user, before))
        });
        let by_rank = Csr::from_entries(n_items, places);
        Self {
            items,
            by_user,
            by_rank,
        }
    }

    /// How many ranks there are.
    pub(super) fn len(&self) -> usize {
        self.items.len()
    }

    /// The item of a rank.
    pub(super) fn item(&self, rank: u32) -> u32 {
        self.items[rank as usize]
    }

    /// What the item of each rank adds up to with itself.
    pub(super) fn of_each(&self) -> Vec<f64> {
        let mut sums = vec![0.0; self.len()];
        for user in 0..self.by_user.n_rows() as u32 {
            let (ranks, weights) = self.by_user.weighted_row(user);
            for (&rank, &weight) in ranks.iter().zip(weights) {
                sums[rank as usize] += A::of(weight, weight).value();
            }
        }
        sums
    }

    /// Calls `take` with each lower rank that the item of `rank` has users in common with, and what they add up to:
    /// summed in the order of users, told in any order.
    pub(super) fn row(&self, rank: u32, sums: &mut Sums<A>, mut take: impl FnMut(u32, A)) {
        let (users, before) = self.by_rank.weighted_row(rank);
        let n_added: usize = before.iter().map(|&n| n as usize).sum();
        let Sums { sums, touched } = sums;
        let row = &mut sums[..rank as usize];
        if n_added < row.len() / SPARSE {
            let mut n_touched = 0;
            self.add(users, before, |other, amount| {
                let sum = &mut row[other as usize];
                touched[n_touched] = other;
                n_touched += usize::from(*sum == A::default());
                *sum += amount;
            });
            for &other in &touched[..n_touched] {
                take(other, std::mem::take(&mut row[other as usize]));
            }
        } else {
            self.add(users, before, |other, amount| row[other as usize] += amount);
            for (other, sum) in (0..).zip(row) {
                if *sum != A::default() {
                    take(other, std::mem::take(sum));
                }
            }
        }
    }

    #[inline(always)]
    fn add(&self, users: &[u32], before: &[u32], mut add: impl FnMut(u32, A)) {
        for (&user, &before) in users.iter().zip(before) {
            let (ranks, weights) = self.by_user.weighted_row(user);
            let own = weights[before as usize];
            let lower = &ranks[..before as usize];
            for (&other, &weight) in lower.iter().zip(weights) {
                add(other, A::of(own, weight));
            }
        }
    }
}

/// The sums of one row, reused from row to row.
pub(super) struct Sums<A> {
    sums: Vec<A>,
    /// One longer than a sparse row touches, so that a rank can be written before it is known to be new: a branch would
    /// be mispredicted half of the time.
    touched: Vec<u32>,
}

impl<A: Amount> Sums<A> {
    pub(super) fn new(n_items: usize) -> Self {
        Self {
            sums: vec![A::default(); n_items],
            touched: vec![0; n_items / SPARSE + 1],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every two of 40 items, few of them in the lists of 12 users, so that rows are sparse and dense.
    #[test]
    fn every_pair_is_told_once_with_its_sum() {
        let n_items = 40;
        let has =
            |user: u32, item: u32| (user * 7 + item * item * 3 + user * item) % (1 + item) < 2;
        let pairs = (0..12).flat_map(|u| (0..n_items).map(move |i| (u, i)));
        let pairs: Vec<(u32, u32)> = pairs.filter(|&(u, i)| has(u, i)).collect();
        let lists = ItemLists::from_pairs(12, pairs.iter().copied());
        let weights: Vec<f32> = pairs
            .iter()
            .map(|&(u, i)| (1 + u + i) as f32 / 8.0)
            .collect();
        let weight = |u: u32, i: u32| has(u, i).then_some((1 + u + i) as f32 / 8.0);
        let counted = ItemPairs::<u32>::by_popularity(&lists, &[], n_items as usize);
        let weighed = ItemPairs::<f32>::by_popularity(&lists, &weights, n_items as usize);
        let (mut n, mut expected_n) = (0, 0);
        let (mut counts, mut sums) = (Sums::new(n_items as usize), Sums::new(n_items as usize));
        for rank in 0..n_items {
            let item = counted.item(rank);
            assert_eq!(item, weighed.item(rank));
            counted.row(rank, &mut counts, |other, count| {
                let other = counted.item(other);
                let both = (0..12).filter(|&user| has(user, item) && has(user, other));
                assert_eq!(count as usize, both.count(), "{item} and {other}");
                n += 1;
            });
            weighed.row(rank, &mut sums, |other, sum| {
                let other = weighed.item(other);
                let both = |user| Some(weight(user, item)? * weight(user, other)?);
                assert_eq!(sum, (0..12).filter_map(both).sum::<f32>());
            });
            for other in 0..item {
                expected_n += usize::from((0..12).any(|user| has(user, item) && has(user, other)));
            }
            let own: f32 = (0..12)
                .filter_map(|user| Some(weight(user, item)?.powi(2)))
                .sum();
            assert_eq!(weighed.of_each()[rank as usize], f64::from(own));
        }
        assert!(n > 100 && n == expected_n, "{n}, {expected_n}");
    }
}
