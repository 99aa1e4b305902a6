//! Blocks of rows into canonical order, each pair once: a counting sort by user, then each user by item.

use super::Interactions;
use super::unit::Unit;
use crate::config::Repeats;

/// What is made of the rows of one pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct MergeRule {
    pub(super) repeats: Repeats,
    /// Whether rows of weight 0 count only where a pair has no others.
    pub(super) zero_is_nothing: bool,
}

impl MergeRule {
    /// The latest row stays.
    pub(super) const LATEST: Self = Self {
        repeats: Repeats::Latest,
        zero_is_nothing: false,
    };
}

/// Rows lie in blocks of this size, so none moves when more come and no memory is held twice.
pub(super) const BLOCK_ROWS: usize = 1 << 16;

/// Sorts the rows of blocks by user and item, under the ids that `user_ids` and `item_ids` give them. Every block but the
/// last holds [`BLOCK_ROWS`] rows, and `u32` can number all rows. Of a repeated pair the row with the latest timestamp
/// stays, `unit` being that of the timestamps; among those of one second, the one with the greatest weight.
/// Where `rule` says so, its weight is the sum or the greatest of the pair's weights.
///
/// Each column is freed as soon as its copy is made, so at most one is in memory twice.
pub(super) fn merge(
    mut blocks: Vec<Interactions>,
    user_ids: &[u32],
    item_ids: &[u32],
    unit: Unit,
    rule: MergeRule,
) -> Interactions {
    let (mut order, mut ends) = by_user(&blocks, user_ids);
    blocks.iter_mut().for_each(|block| block.users = Vec::new());
    let items = blocks
        .iter_mut()
        .map(|block| std::mem::take(&mut block.items));
    let items: Vec<Vec<u32>> = items.collect();
    let weights = column(&mut blocks, |block| block.weights.take());
    let timestamps = column(&mut blocks, |block| block.timestamps.take());
    let by_precedence = |&a: &u32, &b: &u32| {
        let timestamp = |position| {
            let time = timestamps.as_ref().map_or(0, |all| at(all, position));
            unit.seconds(time)
        };
        let weight = |position| weights.as_ref().map_or(0.0, |all| at(all, position));
        let counts = |position| !rule.zero_is_nothing || weight(position) != 0.0;
        let by_time = counts(a).cmp(&counts(b));
        let by_time = by_time.then_with(|| timestamp(a).cmp(&timestamp(b)));
        by_time.then_with(|| weight(a).total_cmp(&weight(b)))
    };
    let mut sorted_items = Vec::with_capacity(order.len());
    let mut combined = match (rule.repeats, &weights) {
        (Repeats::Latest, _) | (_, None) => None,
        (_, Some(_)) => Some(Vec::with_capacity(order.len())),
    };
    // Item and position of each row of a user in one number, so that sorting needs no other memory.
    let mut rows: Vec<u64> = Vec::new();
    let (mut start, mut kept) = (0, 0);
    for end in &mut ends {
        let positions = &order[start..*end as usize];
        let row = |&position: &u32| {
            let item = item_ids[at(&items, position) as usize];
            u64::from(item) << 32 | u64::from(position)
        };
        rows.clear();
        rows.extend(positions.iter().map(row));
        rows.sort_unstable();
        start = *end as usize;
        for same in rows.chunk_by(|a, b| a >> 32 == b >> 32) {
            let first = same[0];
            let last = match same {
                [_] => None,
                _ => same.iter().map(|&row| row as u32).max_by(by_precedence),
            };
            order[kept] = last.unwrap_or(first as u32);
            kept += 1;
            sorted_items.push((first >> 32) as u32);
            if let (Some(combined), Some(weights)) = (&mut combined, &weights) {
                let of_pair = same.iter().map(|&row| at(weights, row as u32));
                combined.push(rule.combined(of_pair));
            }
        }
        *end = kept as u32;
    }
    drop(items);
    order.truncate(kept);
    let weights = combined.or_else(|| weights.map(|blocks| pick(blocks, &order)));
    let timestamps = timestamps.map(|blocks| pick(blocks, &order));
    drop(order);
    let mut users = Vec::with_capacity(kept);
    for (user, &end) in (0u32..).zip(&ends) {
        users.resize(end as usize, user);
    }
    Interactions {
        users,
        items: sorted_items,
        weights,
        timestamps,
    }
}

impl MergeRule {
    /// One weight of those of a pair, whatever their order.
    fn combined(self, weights: impl ExactSizeIterator<Item = f32>) -> f32 {
        let mut weights: Vec<f32> = weights.collect();
        weights.sort_unstable_by(f32::total_cmp);
        match self.repeats {
            Repeats::Sum => {
                let sum = weights.iter().map(|&weight| f64::from(weight)).sum::<f64>();
                (sum as f32).clamp(f32::MIN, f32::MAX)
            }
            Repeats::Latest | Repeats::Max => weights.last().copied().unwrap_or_default(),
        }
    }
}

/// The positions of the rows, user after user, and where those of each user end.
fn by_user(blocks: &[Interactions], user_ids: &[u32]) -> (Vec<u32>, Vec<u32>) {
    let users = || blocks.iter().flat_map(|block| &block.users);
    let mut rows_of = vec![0u32; user_ids.len()];
    users().for_each(|&user| rows_of[user as usize] += 1);
    let mut ends = vec![0; user_ids.len()];
    for (&id, &rows) in user_ids.iter().zip(&rows_of) {
        ends[id as usize] = rows;
    }
    let mut end = 0;
    for rows in &mut ends {
        end += *rows;
        *rows = end;
    }
    let mut next = rows_of;
    for (next, &id) in next.iter_mut().zip(user_ids) {
        *next = ends[id as usize] - *next;
    }
    let mut order = vec![0; end as usize];
    for (position, &user) in (0u32..).zip(users()) {
        let next = &mut next[user as usize];
        order[*next as usize] = position;
        *next += 1;
    }
    (order, ends)
}

/// One column of all blocks; `None` where it is missing.
fn column<T>(
    blocks: &mut [Interactions],
    take: impl Fn(&mut Interactions) -> Option<Vec<T>>,
) -> Option<Vec<Vec<T>>> {
    blocks.iter_mut().map(take).collect()
}

fn at<T: Copy>(blocks: &[Vec<T>], position: u32) -> T {
    blocks[position as usize / BLOCK_ROWS][position as usize % BLOCK_ROWS]
}

fn pick<T: Copy>(blocks: Vec<Vec<T>>, order: &[u32]) -> Vec<T> {
    let picked = order.iter().map(|&position| at(&blocks, position));
    picked.collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn as_a_sorted_map_does(
            rows in vec((0..12u32, 0..12u32, -3..3i8, 0..4i64), 0..200),
            user_ids in Just((0..12).collect::<Vec<u32>>()).prop_shuffle(),
            item_ids in Just((0..12).collect::<Vec<u32>>()).prop_shuffle(),
            with_weights: bool,
            with_timestamps: bool,
        ) {
            let block = Interactions {
                users: rows.iter().map(|row| row.0).collect(),
                items: rows.iter().map(|row| row.1).collect(),
                weights: with_weights.then(|| rows.iter().map(|row| f32::from(row.2)).collect()),
                timestamps: with_timestamps.then(|| rows.iter().map(|row| row.3).collect()),
            };
            let mut latest = BTreeMap::new();
            for &(user, item, weight, time) in &rows {
                let pair = (user_ids[user as usize], item_ids[item as usize]);
                let row = (if with_timestamps { time } else { 0 }, if with_weights { weight } else { 0 });
                let kept = latest.entry(pair).or_insert(row);
                *kept = row.max(*kept);
            }
            let merged = merge(vec![block], &user_ids, &item_ids, Unit::Seconds, MergeRule::LATEST);
            let expected = Interactions {
                users: latest.keys().map(|pair| pair.0).collect(),
                items: latest.keys().map(|pair| pair.1).collect(),
                weights: with_weights.then(|| latest.values().map(|row| f32::from(row.1)).collect()),
                timestamps: with_timestamps.then(|| latest.values().map(|row| row.0).collect()),
            };
            prop_assert_eq!(merged, expected);
        }
    }

    /// Four rows of one pair: a view, a purchase, a cart that counts nothing, a view.
    #[test]
    fn repeats_are_merged_as_the_rule_says() {
        let merged = |weights: [f32; 4], times: [i64; 4], repeats, zero_is_nothing| {
            let block = Interactions {
                users: vec![0; 4],
                items: vec![0; 4],
                weights: Some(weights.to_vec()),
                timestamps: Some(times.to_vec()),
            };
            let rule = MergeRule {
                repeats,
                zero_is_nothing,
            };
            let merged = merge(vec![block], &[0], &[0], Unit::Seconds, rule);
            (merged.weights.unwrap()[0], merged.timestamps.unwrap()[0])
        };
        let (weights, times) = ([1.0, 10.0, 0.0, 1.0], [5, 6, 9, 7]);
        assert_eq!(merged(weights, times, Repeats::Latest, false), (0.0, 9));
        assert_eq!(merged(weights, times, Repeats::Latest, true), (1.0, 7));
        assert_eq!(merged(weights, times, Repeats::Sum, true), (12.0, 7));
        assert_eq!(merged(weights, times, Repeats::Max, true), (10.0, 7));
        assert_eq!(merged(weights, times, Repeats::Max, false), (10.0, 9));
        assert_eq!(merged([0.0; 4], times, Repeats::Sum, true), (0.0, 9));
    }

    #[test]
    fn rows_are_found_in_whichever_block_they_are() {
        let n = BLOCK_ROWS as u32 + 2;
        let block = |rows: std::ops::Range<u32>| Interactions {
            users: rows.clone().map(|row| n - 1 - row).collect(),
            items: rows.clone().map(|_| 0).collect(),
            weights: Some(rows.map(|row| row as f32).collect()),
            timestamps: None,
        };
        let blocks = vec![block(0..BLOCK_ROWS as u32), block(BLOCK_ROWS as u32..n)];
        let ids: Vec<u32> = (0..n).collect();
        let merged = merge(blocks, &ids, &[0], Unit::Seconds, MergeRule::LATEST);
        assert_eq!(merged.users, ids);
        assert_eq!(
            merged.weights,
            Some((0..n).rev().map(|row| row as f32).collect())
        );
    }
}
