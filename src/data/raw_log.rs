//! Interactions as they come, in provisional ids, until they are merged into canonical order.

use std::collections::HashSet;
use std::ops::Range;

use super::Interactions;
use super::error::Role;
use super::merge::{BLOCK_ROWS, MergeRule, merge};
use super::times::TimeColumn;
use super::unit::Unit;
use crate::config::Repeats;

/// Above this many rows, repeated pairs are merged while reading, so that a log (or a bomb) of
/// repetitions takes no more memory than its distinct pairs.
const FIRST_COMPACTION_ROWS: usize = 1 << 24;

/// Rows in columns, in any order, pairs possibly repeated.
pub(super) struct RawLog {
    /// Blocks of [`BLOCK_ROWS`].
    full: Vec<Interactions>,
    open: Interactions,
    compact_at: usize,
    merged: u64,
    times: TimeColumn,
    rule: MergeRule,
    /// Whether rows have no weights of their own, and each counts 1.
    counts_rows: bool,
    /// Whether the weights are of a column that may be something else.
    weights_are_likely: bool,
}

impl RawLog {
    pub(super) fn new() -> Self {
        Self {
            full: Vec::new(),
            open: block(false, false),
            compact_at: FIRST_COMPACTION_ROWS,
            merged: 0,
            times: TimeColumn::new(),
            rule: MergeRule::LATEST,
            counts_rows: false,
            weights_are_likely: false,
        }
    }

    /// Merges repeated pairs by a rule; before the first row.
    pub(super) fn merging(self, rule: MergeRule) -> Self {
        Self { rule, ..self }
    }

    /// Opens the optional columns of an empty log; they hold for every row.
    pub(super) fn set_columns(&mut self, weights: bool, timestamps: bool) {
        self.counts_rows = !weights && self.rule.repeats == Repeats::Sum;
        self.open = block(weights || self.counts_rows, timestamps);
    }

    /// Whether rows have weights of their own.
    pub(super) fn has_weights(&self) -> bool {
        self.open.weights.is_some() && !self.counts_rows
    }

    pub(super) fn set_weights_are_likely(&mut self, are_likely: bool) {
        self.weights_are_likely = are_likely;
    }

    pub(super) fn weights_are_likely(&self) -> bool {
        self.weights_are_likely
    }

    /// Drops the weights of all rows, those to come as well.
    pub(super) fn forget_weights(&mut self) {
        self.counts_rows = self.rule.repeats == Repeats::Sum;
        let blocks = self.full.iter_mut().chain([&mut self.open]);
        for block in blocks {
            block.weights = self.counts_rows.then(|| vec![1.0; block.users.len()]);
        }
    }

    pub(super) fn has_timestamps(&self) -> bool {
        self.open.timestamps.is_some()
    }

    /// The times so far, their timestamps as they are written until [`settle`](Self::settle).
    pub(super) fn times(&self) -> &TimeColumn {
        &self.times
    }

    pub(super) fn times_mut(&mut self) -> &mut TimeColumn {
        &mut self.times
    }

    /// Hands over every timestamp that says no unit.
    pub(super) fn each_number(&self, take: &mut dyn FnMut(i64)) {
        let blocks = self.full.iter().chain([&self.open]);
        for (block, start) in blocks.zip((0..).step_by(BLOCK_ROWS)) {
            for rows in self.times.numbers(self.len()) {
                let times = block.timestamps.as_deref().unwrap_or_default();
                let rows = within(&rows, start, times.len());
                times[rows].iter().for_each(|&time| take(time));
            }
        }
    }

    /// Makes seconds of the timestamps that say no unit, which is this.
    pub(super) fn settle(&mut self, unit: Unit) {
        if unit == Unit::Seconds {
            return;
        }
        let n_rows = self.len();
        let blocks = self.full.iter_mut().chain([&mut self.open]);
        for (block, start) in blocks.zip((0..).step_by(BLOCK_ROWS)) {
            for rows in self.times.numbers(n_rows) {
                let times = block.timestamps.as_deref_mut().unwrap_or_default();
                let rows = within(&rows, start, times.len());
                let times = times[rows].iter_mut();
                times.for_each(|time| *time = unit.seconds(*time));
            }
        }
    }

    /// How many rows there are.
    pub(super) fn len(&self) -> usize {
        self.full.len() * BLOCK_ROWS + self.open.len()
    }

    /// Appends a row. What a column was not opened for is dropped; what an open column lacks is 0.
    #[inline]
    pub(super) fn push(&mut self, user: u32, item: u32, weight: f32, timestamp: i64) {
        self.open.users.push(user);
        self.open.items.push(item);
        if let Some(weights) = &mut self.open.weights {
            weights.push(if self.counts_rows { 1.0 } else { weight });
        }
        if let Some(timestamps) = &mut self.open.timestamps {
            timestamps.push(timestamp);
        }
        if self.open.len() == BLOCK_ROWS {
            self.close_block();
        }
    }

    fn close_block(&mut self) {
        let next = block(self.open.weights.is_some(), self.has_timestamps());
        self.full.push(std::mem::replace(&mut self.open, next));
        // Numbers in a unit that is not known yet do not compare with seconds.
        let comparable = self.times.is_one_scale();
        if self.len() >= self.compact_at && u32::try_from(self.len()).is_ok() && comparable {
            self.compact();
        }
    }

    fn compact(&mut self) {
        let before = self.len();
        let same_ids = |column: fn(&Interactions) -> &Vec<u32>| -> Vec<u32> {
            let largest = self.full.iter().flat_map(column).max();
            (0..=largest.copied().unwrap_or(0)).collect()
        };
        let (users, items) = (
            same_ids(|block| &block.users),
            same_ids(|block| &block.items),
        );
        let unit = self.times.unit_so_far();
        let rows = merge(
            std::mem::take(&mut self.full),
            &users,
            &items,
            unit,
            self.rule,
        );
        let counts_rows = std::mem::take(&mut self.counts_rows);
        self.merged += (before - rows.len()) as u64;
        self.compact_at = FIRST_COMPACTION_ROWS.max(2 * rows.len());
        for row in 0..rows.len() {
            let weight = rows.weights.as_ref().map_or(0.0, |all| all[row]);
            let timestamp = rows.timestamps.as_ref().map_or(0, |all| all[row]);
            self.push(rows.users[row], rows.items[row], weight, timestamp);
        }
        self.counts_rows = counts_rows;
    }

    /// Renames provisional ids: `users[old]` is the new id of a user, likewise items.
    pub(super) fn rename(&mut self, users: Option<&[u32]>, items: Option<&[u32]>) {
        let rename = |column: &mut [u32], new: Option<&[u32]>| {
            if let Some(new) = new {
                column.iter_mut().for_each(|id| *id = new[*id as usize]);
            }
        };
        for block in self.full.iter_mut().chain([&mut self.open]) {
            rename(&mut block.users, users);
            rename(&mut block.items, items);
        }
    }

    /// Whether a user, or an item, is also one of another log.
    pub(super) fn shares(&self, role: Role, other: &Self) -> bool {
        let ids = |log: &Self| -> HashSet<u32> {
            let blocks = log.full.iter().chain([&log.open]);
            let ids = blocks.flat_map(|block| match role {
                Role::User => &block.users,
                _ => &block.items,
            });
            ids.copied().collect()
        };
        !ids(self).is_disjoint(&ids(other))
    }

    /// The rows sorted by user and item, each pair once: unless the rule says otherwise the row with the latest
    /// timestamp, among equals the greatest weight. The result does not depend on the order of the rows.
    /// `users[provisional]` is the id of a user in it, likewise for items. The second value is how many rows
    /// were merged into others.
    pub(super) fn into_merged(mut self, users: &[u32], items: &[u32]) -> (Interactions, u64) {
        let before = self.len();
        self.full.push(self.open);
        let rows = merge(self.full, users, items, Unit::Seconds, self.rule);
        let merged = self.merged + (before - rows.len()) as u64;
        (rows, merged)
    }
}

/// Which rows of a block are among these rows of the log.
fn within(rows: &Range<usize>, block_start: usize, block_len: usize) -> Range<usize> {
    let of_block = |row: usize| row.saturating_sub(block_start).min(block_len);
    of_block(rows.start)..of_block(rows.end)
}

fn block(weights: bool, timestamps: bool) -> Interactions {
    Interactions {
        users: Vec::with_capacity(BLOCK_ROWS),
        items: Vec::with_capacity(BLOCK_ROWS),
        weights: weights.then(|| Vec::with_capacity(BLOCK_ROWS)),
        timestamps: timestamps.then(|| Vec::with_capacity(BLOCK_ROWS)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::times::TimeKind;

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
        let items: Vec<u32> = (0..8).collect();
        for rows in [&rows[..], &reversed] {
            let (rows, merged) = log(rows).into_merged(&[0, 1], &items);
            assert_eq!(merged, 2);
            assert_eq!(
                (&rows.users[..], &rows.items[..]),
                (&[0, 1][..], &[7, 0][..])
            );
            assert_eq!(rows.weights, Some(vec![1.0, 4.0]));
            assert_eq!(rows.timestamps, Some(vec![3, 20]));
        }
    }

    #[test]
    fn numbers_become_seconds_and_what_is_in_seconds_stays() {
        let mut log = log(&[]);
        let n = BLOCK_ROWS as u32 + 10;
        for user in 0..n {
            match user {
                3 => log.times_mut().begin(TimeKind::Numbers, 3),
                _ if user == n - 2 => log.times_mut().begin(TimeKind::Dates, user as usize),
                0 => log.times_mut().begin(TimeKind::Typed, 0),
                _ => {}
            }
            log.push(user, 0, 1.0, 5_999);
        }
        let mut n_numbers = 0;
        log.each_number(&mut |number| n_numbers += u32::from(number == 5_999));
        assert_eq!(n_numbers, n - 5);
        log.settle(Unit::Milliseconds);
        let users: Vec<u32> = (0..n).collect();
        let times = log
            .into_merged(&users, &[0])
            .0
            .timestamps
            .unwrap_or_default();
        let expected = (0..n).map(|user| if (3..n - 2).contains(&user) { 5 } else { 5_999 });
        assert!(times.into_iter().eq(expected));
    }

    #[test]
    fn repetitions_are_merged_while_they_come() {
        let mut log = log(&[]);
        log.compact_at = BLOCK_ROWS;
        (0..BLOCK_ROWS as i64).for_each(|time| log.push(3, 3, 1.0, time));
        assert_eq!((log.len(), log.merged), (1, BLOCK_ROWS as u64 - 1));
        let (rows, _) = log.into_merged(&[0, 1, 2, 3], &[3, 2, 1, 0]);
        assert_eq!((rows.users, rows.items), (vec![3], vec![0]));
        assert_eq!(rows.timestamps, Some(vec![BLOCK_ROWS as i64 - 1]));
    }
}
