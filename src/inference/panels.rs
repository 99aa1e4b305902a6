//! Item vectors packed for the product kernel in the order of falling length, and the search that stops where the
//! remaining vectors are too short.
//!
//! By Cauchy and Schwarz no score exceeds the product of both lengths. In a trained model popularity lives in the
//! lengths of the item vectors, so a user's best items stand near the front and most of the catalogue is never
//! scored: the search is exact, and ends when the next vectors are too short to enter the list. Where the processor
//! multiplies bytes, most of the others are ruled out by products of bytes.

use super::kernel::{ITEMS, Tile, USERS};
use super::scan::{Scan, Vectors, vectors};
use super::selection::Selection;

/// The item table by falling length.
#[derive(Debug, Clone)]
pub(super) struct ItemPanels {
    dim: usize,
    /// The item at each position.
    items: Vec<u32>,
    /// The position of each item.
    positions: Vec<u32>,
    /// The length of the longest vector of each panel.
    lengths: Vec<f64>,
    vectors: Vectors,
}

/// One user of a block on the way through the panels.
struct Query {
    /// The place in the block.
    at: usize,
    /// The length of the vector, rounding of the score's sum included.
    length: f64,
    /// The part of the block's seen positions that is still ahead.
    seen: std::ops::Range<usize>,
    done: bool,
}

/// The Euclidean length; infinite when it is not a number, so that no bound is built on it.
fn length(vector: &[f32]) -> f64 {
    let sum: f64 = vector.iter().map(|&x| f64::from(x) * f64::from(x)).sum();
    if sum.is_nan() {
        f64::INFINITY
    } else {
        sum.sqrt()
    }
}

impl ItemPanels {
    /// Sorts and packs a table of rows of `dim` numbers.
    pub(super) fn new(table: &[f32], dim: usize) -> Self {
        Self::with(table, dim, vectors)
    }

    /// [`new`](Self::new) with vectors as `pack` lays them down.
    fn with(
        table: &[f32],
        dim: usize,
        pack: impl Fn(&[f32], usize, &[u32], &[f64]) -> Vectors,
    ) -> Self {
        let by_item: Vec<f64> = table.chunks_exact(dim).map(length).collect();
        let mut items: Vec<u32> = (0..by_item.len() as u32).collect();
        items.sort_by(|&a, &b| by_item[b as usize].total_cmp(&by_item[a as usize]));
        let mut positions = vec![0; items.len()];
        for (position, &item) in (0..).zip(&items) {
            positions[item as usize] = position;
        }
        let lengths: Vec<f64> = items
            .chunks(ITEMS)
            .map(|panel| by_item[panel[0] as usize])
            .collect();
        Self {
            dim,
            vectors: pack(table, dim, &items, &lengths),
            items,
            positions,
            lengths,
        }
    }

    /// Offers every item that can be selected to the selections of the users whose vectors are `rows`. `table` is that
    /// of [`new`](Self::new).
    pub(super) fn search(&self, table: &[f32], rows: &[&[f32]], selections: &mut [Selection<'_>]) {
        let mut seen = Vec::new();
        let queries = rows.iter().zip(&*selections).enumerate();
        let mut queries: Vec<Query> = queries
            .map(|(at, (row, selection))| {
                let start = seen.len();
                let known = |&item: &u32| self.positions.get(item as usize).copied();
                seen.extend(selection.seen().iter().filter_map(known));
                seen[start..].sort_unstable();
                Query {
                    at,
                    length: length(row) * (1.0 + self.rounding()),
                    seen: start..seen.len(),
                    done: false,
                }
            })
            .collect();
        let mut scan = Scan::new(&self.vectors, self.dim, table, &self.items, self.rounding());
        let mut thresholds = Vec::new();
        let mut tile = Tile::new();
        let mut next_check = 0;
        for panel in 0..self.lengths.len() {
            if panel == next_check {
                next_check += (panel / CHECKS_PER_DOUBLING).max(FIRST_CHECK);
                for query in &mut queries {
                    let selection = &mut selections[query.at];
                    selection.settle();
                    query.done |= self.is_out_of_reach(query, panel, selection.threshold());
                }
                let before = queries.len().div_ceil(USERS);
                let going = queries.iter().filter(|query| !query.done).count();
                if going == 0 {
                    return;
                }
                if going.div_ceil(USERS) < before || panel == 0 {
                    queries.retain(|query| !query.done);
                    scan.take_users(queries.iter().map(|query| rows[query.at]).collect());
                }
                thresholds.clear();
                thresholds.resize(queries.len().div_ceil(USERS), [f32::INFINITY; USERS]);
                for (place, query) in queries.iter().enumerate().filter(|(_, query)| !query.done) {
                    thresholds[place / USERS][place % USERS] = selections[query.at].threshold();
                }
            }
            let user_panels = thresholds.iter_mut().zip(queries.chunks_mut(USERS));
            for (user_panel, (thresholds, queries)) in user_panels.enumerate() {
                scan.fill(panel, user_panel, thresholds, &mut tile);
                for (lane, query) in queries.iter_mut().enumerate() {
                    if tile.hits[lane] != 0 && !query.done {
                        let selection = &mut selections[query.at];
                        self.take(panel, &tile, lane, query, &seen, selection);
                        thresholds[lane] = selection.threshold();
                    }
                }
            }
        }
    }

    /// Offers the items of a row of the tile that reach the threshold and are not seen.
    fn take(
        &self,
        panel: usize,
        tile: &Tile,
        lane: usize,
        query: &mut Query,
        seen: &[u32],
        selection: &mut Selection<'_>,
    ) {
        let first = panel * ITEMS;
        let items = &self.items[first..self.items.len().min(first + ITEMS)];
        let mut masked = 0u32;
        while let Some(&position) = seen[query.seen.clone()].first() {
            let position = position as usize;
            if position >= first + ITEMS {
                break;
            }
            if position >= first {
                masked |= 1 << (position - first);
            }
            query.seen.start += 1;
        }
        let row = &tile.scores[lane];
        let mut hits = tile.hits[lane];
        while hits != 0 {
            let at = hits.trailing_zeros() as usize;
            hits &= hits - 1;
            if let Some(&item) = items.get(at)
                && (masked >> at & 1 == 0 || row[at].is_nan())
            {
                selection.push(item, row[at]);
            }
        }
    }

    /// Whether no item from `panel` on reaches the threshold. Lengths so large that a sum may overflow are never out
    /// of reach: what is not a number must be found.
    fn is_out_of_reach(&self, query: &Query, panel: usize, threshold: f32) -> bool {
        let underflow = self.dim as f64 * f64::from(f32::from_bits(1));
        let reach = query.length * self.lengths[panel] + underflow;
        reach < f64::from(threshold) && reach < f64::from(f32::MAX)
    }

    /// A computed sum of `dim` products is off by at most `dim` half-units in the last place of the product of both
    /// lengths (Higham 2002, section 3.1); this is twice that and more.
    fn rounding(&self) -> f64 {
        (self.dim + 8) as f64 * f64::from(f32::EPSILON)
    }
}

/// Panels before the first look at the thresholds, and between the first looks.
const FIRST_CHECK: usize = 4;
/// Looks while the number of panels behind doubles.
const CHECKS_PER_DOUBLING: usize = 4;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::data::ItemLists;
    use crate::inference::byte_vectors::ByteItems;
    use crate::inference::scan::floats;
    use crate::inference::{RankError, Ranked, ScoreHead, ScoreSource, Tables, best_first, top_k};

    fn tables(users: Vec<f32>, items: Vec<f32>, dim: usize) -> Tables {
        let (n_users, n_items) = (users.len() / dim, items.len() / dim);
        Tables::new(n_users, n_items, dim, users, items, ScoreHead::Dot).unwrap()
    }

    /// The lists of all users, by numbers and by bytes; the error is the first item whose score is not a number.
    fn both_ways(
        source: &Tables,
        k: usize,
        seen: Option<&ItemLists>,
    ) -> [Vec<Result<Vec<Ranked>, u32>>; 2] {
        let (dim, table) = (source.dim(), source.items());
        let by_numbers = |table: &[f32], dim, items: &[u32], _: &[f64]| floats(table, dim, items);
        let by_bytes = |table: &[f32], dim, items: &[u32], lengths: &[f64]| {
            Vectors::Bytes(ByteItems::new(table, dim, items, lengths))
        };
        let ways = [
            ItemPanels::with(table, dim, by_numbers),
            ItemPanels::with(table, dim, by_bytes),
        ];
        ways.map(|panels| {
            let rows: Vec<&[f32]> = source.users().chunks_exact(dim).collect();
            let seen = |user: usize| seen.map_or(&[][..], |seen| seen.of(user as u32));
            let mut selections: Vec<_> = (0..rows.len())
                .map(|user| Selection::new(k, seen(user)))
                .collect();
            panels.search(table, &rows, &mut selections);
            selections.into_iter().map(Selection::finish).collect()
        })
    }

    /// Every item scored and sorted.
    fn exhaustive(source: &Tables, user: u32, k: usize, seen: &[u32]) -> Vec<Ranked> {
        let mut scores = vec![0.0; source.n_items()];
        source.score_tile(&[user], 0..source.n_items(), &mut scores);
        let mut all: Vec<Ranked> = (0..)
            .zip(scores)
            .filter(|(item, _)| !seen.contains(item))
            .map(|(item, score)| Ranked { item, score })
            .collect();
        all.sort_by(best_first);
        all.truncate(k);
        all
    }

    proptest! {
        /// Few distinct coordinates make ties, scales from item to item make lengths that end the search early.
        #[test]
        fn the_search_equals_scoring_everything(
            n_users in 1usize..40, n_items in 1usize..1500, dim in 1usize..20, k_draw in 0usize..2000,
            levels in 1u32..9, spread in 0u32..4, n_seen in 0usize..60, seed in any::<u64>(),
        ) {
            let k = 1 + k_draw % n_items;
            let mut state = seed;
            let mut draw = |n: u32| {
                state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                ((state >> 33) as u32) % n
            };
            let mut row = |common: f32| -> Vec<f32> {
                let scale = 10f32.powi(draw(2 * spread + 1) as i32 - spread as i32);
                (0..dim).map(|_| (draw(levels) as f32 - 1.0 + common) * scale).collect()
            };
            let users: Vec<f32> = (0..n_users).flat_map(|_| row(0.0)).collect();
            let items: Vec<f32> = (0..n_items).flat_map(|_| row(0.5)).collect();
            let source = tables(users, items, dim);
            let pairs: Vec<(u32, u32)> = (0..n_users * n_seen)
                .map(|_| (draw(n_users as u32), draw(n_items as u32)))
                .collect();
            let seen = ItemLists::from_pairs(n_users, pairs.into_iter());
            let ids: Vec<u32> = (0..n_users as u32).collect();
            let lists = top_k(&source, &ids, k, Some(&seen)).unwrap();
            let [by_numbers, by_bytes] = both_ways(&source, k, Some(&seen));
            for (&user, list) in ids.iter().zip(&lists) {
                let expected = exhaustive(&source, user, k, seen.of(user));
                prop_assert_eq!(list, &expected);
                prop_assert_eq!(by_numbers[user as usize].as_ref(), Ok(&expected));
                prop_assert_eq!(by_bytes[user as usize].as_ref(), Ok(&expected));
            }
        }
    }

    /// 600 items of falling length: the search ends long before item 500 unless that cannot be ruled out.
    fn falling(user: [f32; 2]) -> (Vec<f32>, Vec<f32>) {
        let items = (0..600).flat_map(|item| [100.0 / (item + 1) as f32, 0.0]);
        (user.to_vec(), items.collect())
    }

    #[test]
    fn what_is_not_a_number_is_found_however_late() {
        let (user, mut items) = falling([1.0, 1.0]);
        items[1001] = f32::NAN;
        items[1101] = f32::NAN;
        let source = tables(user, items, 2);
        let error = top_k(&source, &[0], 3, None);
        assert_eq!(error, Err(RankError::NotANumber { user: 0, item: 500 }));
        assert_eq!(both_ways(&source, 3, None), [[Err(500)], [Err(500)]]);
        // Infinity times zero.
        let (user, items) = falling([1.0, f32::INFINITY]);
        let source = tables(user, items, 2);
        let error = top_k(&source, &[0], 3, None);
        assert_eq!(error, Err(RankError::NotANumber { user: 0, item: 0 }));
        assert_eq!(both_ways(&source, 3, None), [[Err(0)], [Err(0)]]);
    }

    /// Longer vectors have reached infinity; a shorter one of a smaller id does too, or its sum is not a number where
    /// products are rounded before they are added.
    #[test]
    fn no_bound_is_built_on_a_sum_that_overflows() {
        let big = f32::MAX;
        let mut items = vec![0.0; 2 * 600];
        items[200..800].fill(big);
        items[6..8].copy_from_slice(&[big / 2.0, -big / 2.0]);
        for lists in both_ways(&tables(vec![4.0, 4.0], items, 2), 1, None) {
            match &lists[0] {
                Ok(list) => assert_eq!(list[0].item, 3),
                Err(item) => assert_eq!(*item, 3),
            }
        }
    }

    #[test]
    fn infinite_scores_rank_first() {
        let items = vec![f32::MAX, 1.0, f32::MAX, 2.0];
        let infinity = f32::INFINITY;
        let place = |item, score| Ranked { item, score };
        let expected = vec![place(0, infinity), place(2, infinity), place(3, 8.0)];
        let lists = both_ways(&tables(vec![4.0], items, 1), 3, None);
        assert_eq!(lists, [[Ok(expected.clone())], [Ok(expected)]]);
    }
}
