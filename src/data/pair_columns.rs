//! What a log tells of each pair of some lists, beside the pair itself: weights and times.

use super::{Interactions, ItemLists, decays, moment_of};

/// Columns beside the pairs of [`ItemLists`], user after user in the order of their items. A column is empty where
/// nobody asked for it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PairColumns {
    /// The weight of each interaction.
    pub weights: Vec<f32>,
    /// When each interaction was, in seconds since 1970.
    pub times: Vec<i64>,
}

/// What a pair counts at least, however long ago it was: what is divided by sums of these stays a number.
const LEAST: f64 = 1e-30;

impl PairColumns {
    /// What each pair counts in one use: its weight where the use is `weighted`, times the decay by the half-life of the
    /// use, as of the newest pair. Empty where all count 1.
    ///
    /// # Panics
    /// When the column that is asked for is not there.
    #[must_use]
    pub fn counting(&self, weighted: bool, half_life_days: Option<f64>) -> Vec<f32> {
        let n = self.times.len().max(self.weights.len());
        let weights = match weighted {
            true => &self.weights[..],
            false => &[],
        };
        assert!(!weighted || weights.len() == n, "a weight a pair");
        let Some(half_life) = half_life_days else {
            return weights.to_vec();
        };
        assert_eq!(self.times.len(), n, "a time a pair");
        let moment = moment_of(&self.times).unwrap_or_default();
        let weight = |at: usize| weights.get(at).map_or(1.0, |&weight| f64::from(weight));
        let decays = decays(&self.times, moment, half_life).enumerate();
        decays
            .map(|(at, decay)| (decay * weight(at)).max(LEAST) as f32)
            .collect()
    }

    /// The same columns when the pairs of `lists` get other ids: user `i` of the result is user `users[i]`, and item `j`
    /// becomes `new_items[j]`.
    pub(crate) fn reordered(&self, lists: &ItemLists, users: &[u32], new_items: &[u32]) -> Self {
        Self {
            weights: moved(&self.weights, lists, users, new_items),
            times: moved(&self.times, lists, users, new_items),
        }
    }

    /// The columns of the union of two lists, whose own columns these are. A pair that stands in both keeps what the
    /// first says of it.
    pub(crate) fn of_union(lists: [&ItemLists; 2], columns: [&Self; 2]) -> Self {
        Self {
            weights: joined(lists, columns.map(|columns| &columns.weights[..])),
            times: joined(lists, columns.map(|columns| &columns.times[..])),
        }
    }
}

/// What a column of the log holds for each pair of `lists`. Both are sorted by user and then by item.
pub(crate) fn beside_pairs<T: Copy>(lists: &ItemLists, log: &Interactions, column: &[T]) -> Vec<T> {
    let mut beside = Vec::with_capacity(lists.n_pairs());
    let mut pairs = lists.pairs().peekable();
    let rows = log.users.iter().zip(&log.items).zip(column);
    for ((&user, &item), &value) in rows {
        if pairs.next_if_eq(&(user, item)).is_some() {
            beside.push(value);
        }
    }
    beside
}

/// A column in the order that its pairs have under other ids.
fn moved<T: Copy>(beside: &[T], lists: &ItemLists, users: &[u32], new_items: &[u32]) -> Vec<T> {
    let mut moved = Vec::with_capacity(beside.len());
    if beside.is_empty() {
        return moved;
    }
    let mut row: Vec<(u32, T)> = Vec::new();
    for &old in users {
        let start = lists.row_ptr()[old as usize];
        let items = lists.of(old).iter();
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

/// A column of the union of two lists; empty where one of two lists with pairs has none.
fn joined<T: Copy>(lists: [&ItemLists; 2], columns: [&[T]; 2]) -> Vec<T> {
    let is_whole = |at: usize| columns[at].len() == lists[at].n_pairs();
    if !is_whole(0) || !is_whole(1) {
        return Vec::new();
    }
    let mut all = Vec::with_capacity(lists[0].n_pairs() + lists[1].n_pairs());
    let row = |at: usize, user: u32| {
        let start = lists[at].row_ptr()[user as usize];
        let items = lists[at].of(user);
        items
            .iter()
            .copied()
            .zip(columns[at][start..].iter().copied())
    };
    let mut both: Vec<(u32, T)> = Vec::new();
    for user in 0..lists[0].n_users() as u32 {
        both.clear();
        both.extend(row(0, user));
        both.extend(row(1, user));
        // Stable, so that the first list comes first.
        both.sort_by_key(|entry| entry.0);
        both.dedup_by_key(|entry| entry.0);
        all.extend(both.iter().map(|entry| entry.1));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_count_by_weight_and_by_age() {
        let day = 86_400;
        let columns = PairColumns {
            weights: vec![2.0, 6.0, 1.0],
            times: vec![10 * day, 7 * day, 10 * day - 3_000_000_000],
        };
        assert!(columns.counting(false, None).is_empty());
        assert_eq!(columns.counting(true, None), [2.0, 6.0, 1.0]);
        // 3 days are a half-life; 95 years are 11,000 of them, and still count.
        let least = 1e-30;
        assert_eq!(columns.counting(false, Some(3.0)), [1.0, 0.5, least]);
        assert_eq!(columns.counting(true, Some(3.0)), [2.0, 3.0, least]);
        // All at one moment.
        let still = PairColumns {
            times: vec![day; 3],
            ..columns
        };
        assert_eq!(still.counting(false, Some(0.5)), [1.0; 3]);
        assert_eq!(still.counting(true, Some(0.5)), still.weights);
        assert!(PairColumns::default().counting(false, Some(1.0)).is_empty());
    }

    #[test]
    fn the_union_of_two_lists_keeps_what_is_known_of_each_pair() {
        let lists = |pairs: &[(u32, u32)]| ItemLists::from_pairs(2, pairs.iter().copied());
        let (a, b) = (
            lists(&[(0, 1), (0, 4), (1, 2)]),
            lists(&[(0, 0), (0, 2), (1, 2), (1, 3)]),
        );
        let of = |times: &[i64]| PairColumns {
            times: times.to_vec(),
            ..PairColumns::default()
        };
        let (times_a, times_b) = (of(&[10, 40, 120]), of(&[0, 20, -1, 130]));
        let joined = PairColumns::of_union([&a, &b], [&times_a, &times_b]);
        assert_eq!(a.union(&b).items(), [0, 1, 2, 4, 2, 3]);
        assert_eq!(joined, of(&[0, 10, 20, 40, 120, 130]));
        // Where one of them knows nothing, nothing is known of all.
        let none = PairColumns::default();
        assert_eq!(PairColumns::of_union([&a, &b], [&times_a, &none]), none);
        // Nobody has anything in an empty list, so nothing is missing.
        let nobody = lists(&[]);
        assert_eq!(
            PairColumns::of_union([&a, &nobody], [&times_a, &none]),
            times_a
        );
    }
}
