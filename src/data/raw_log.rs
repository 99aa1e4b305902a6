//! Interactions as they come, in provisional ids, and their merging into canonical order.

use super::Interactions;

/// Above this many rows, repeated pairs are merged while reading, so that a log (or a bomb) of
/// repetitions takes no more memory than its distinct pairs.
const FIRST_COMPACTION_ROWS: usize = 1 << 24;

/// Rows in columns, in any order, pairs possibly repeated.
pub(super) struct RawLog {
    pub(super) rows: Interactions,
    compact_at: usize,
    merged: u64,
}

impl RawLog {
    pub(super) fn new() -> Self {
        Self {
            rows: Interactions::default(),
            compact_at: FIRST_COMPACTION_ROWS,
            merged: 0,
        }
    }

    /// Opens the optional columns; they hold for every row.
    pub(super) fn set_columns(&mut self, weights: bool, timestamps: bool) {
        self.rows.weights = weights.then(Vec::new);
        self.rows.timestamps = timestamps.then(Vec::new);
    }

    /// Appends a row. What a column was not opened for is dropped; what an open column lacks is 0.
    pub(super) fn push(&mut self, user: u32, item: u32, weight: f32, timestamp: i64) {
        self.rows.users.push(user);
        self.rows.items.push(item);
        if let Some(weights) = &mut self.rows.weights {
            weights.push(weight);
        }
        if let Some(timestamps) = &mut self.rows.timestamps {
            timestamps.push(timestamp);
        }
        if self.rows.len() >= self.compact_at {
            self.merge();
            self.compact_at = FIRST_COMPACTION_ROWS.max(2 * self.rows.len());
        }
    }

    /// Renames ids: `users[old]` is the new id of a user, likewise items.
    pub(super) fn rename(&mut self, users: &[u32], items: &[u32]) {
        self.rows
            .users
            .iter_mut()
            .for_each(|id| *id = users[*id as usize]);
        self.rows
            .items
            .iter_mut()
            .for_each(|id| *id = items[*id as usize]);
    }

    /// Sorts by user and item and keeps one row a pair: the one with the latest timestamp, among
    /// equals the greatest weight. The result does not depend on the order of the rows.
    pub(super) fn merge(&mut self) {
        let before = self.rows.len();
        let order = merged_order(&self.rows);
        self.rows = select(&self.rows, &order);
        self.merged += (before - order.len()) as u64;
    }

    /// Rows merged into others so far.
    pub(super) fn merged(&self) -> u64 {
        self.merged
    }

    /// Keeps the rows for which `keep` says so by position; returns how many went.
    pub(super) fn retain(&mut self, keep: impl Fn(&Interactions, usize) -> bool) -> u64 {
        let order: Vec<u32> = (0..self.rows.len())
            .filter(|&i| keep(&self.rows, i))
            .map(|i| i as u32)
            .collect();
        let removed = self.rows.len() - order.len();
        if removed > 0 {
            self.rows = select(&self.rows, &order);
        }
        removed as u64
    }
}

/// Positions of the rows to keep, in order: a counting sort by user, then each user by item.
fn merged_order(rows: &Interactions) -> Vec<u32> {
    let n_users = rows.users.iter().max().map_or(0, |&user| user as usize + 1);
    let mut next = vec![0usize; n_users + 1];
    for &user in &rows.users {
        next[user as usize + 1] += 1;
    }
    for user in 0..n_users {
        next[user + 1] += next[user];
    }
    let starts = next.clone();
    let mut order = vec![0u32; rows.len()];
    for (position, &user) in (0u32..).zip(&rows.users) {
        order[next[user as usize]] = position;
        next[user as usize] += 1;
    }
    let timestamp = |i: u32| rows.timestamps.as_ref().map(|all| all[i as usize]);
    let weight = |i: u32| rows.weights.as_ref().map_or(0.0, |all| all[i as usize]);
    for bounds in starts.windows(2) {
        order[bounds[0]..bounds[1]].sort_unstable_by(|&a, &b| {
            let by_item = rows.items[a as usize].cmp(&rows.items[b as usize]);
            let latest = || timestamp(b).cmp(&timestamp(a));
            by_item
                .then_with(latest)
                .then_with(|| weight(b).total_cmp(&weight(a)))
        });
    }
    let pair = |i: u32| (rows.users[i as usize], rows.items[i as usize]);
    order.dedup_by_key(|i| pair(*i));
    order
}

fn select(rows: &Interactions, order: &[u32]) -> Interactions {
    fn pick<T: Copy>(column: &[T], order: &[u32]) -> Vec<T> {
        order.iter().map(|&i| column[i as usize]).collect()
    }
    Interactions {
        users: pick(&rows.users, order),
        items: pick(&rows.items, order),
        weights: rows.weights.as_ref().map(|column| pick(column, order)),
        timestamps: rows.timestamps.as_ref().map(|column| pick(column, order)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(rows: &[(u32, u32, f32, i64)]) -> RawLog {
        let mut log = RawLog::new();
        log.set_columns(true, true);
        rows.iter()
            .for_each(|&(user, item, weight, time)| log.push(user, item, weight, time));
        log
    }

    #[test]
    fn the_latest_of_a_repeated_pair_stays_whatever_the_order() {
        let rows = [
            (1, 0, 5.0, 10),
            (0, 7, 1.0, 3),
            (1, 0, 2.0, 20),
            (1, 0, 4.0, 20),
        ];
        let reversed: Vec<_> = rows.iter().rev().copied().collect();
        for rows in [&rows[..], &reversed] {
            let mut log = log(rows);
            log.merge();
            assert_eq!(log.merged(), 2);
            assert_eq!(
                (&log.rows.users[..], &log.rows.items[..]),
                (&[0, 1][..], &[7, 0][..])
            );
            assert_eq!(log.rows.weights, Some(vec![1.0, 4.0]));
            assert_eq!(log.rows.timestamps, Some(vec![3, 20]));
        }
    }

    #[test]
    fn repetitions_are_merged_while_they_come() {
        let mut log = log(&[]);
        log.compact_at = 8;
        (0..8).for_each(|time| log.push(3, 3, 1.0, time));
        assert_eq!((log.rows.len(), log.merged()), (1, 7));
        assert_eq!(log.rows.timestamps, Some(vec![7]));
    }
}
