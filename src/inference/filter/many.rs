//! Lists of many users by the table of what each item says of each other. A history's scores are the sum of its items'
//! rows: where users are many, making those rows once costs less than sending every history through the graph.

use rayon::prelude::*;

use super::super::history::History;
use super::super::rank_error::RankError;
use super::super::score_source::ManyLists;
use super::super::selection::{Ranked, Selection, any_above};
use super::block::{Filtered, USERS_PER_BLOCK};
use super::{Core, GraphFilter};

/// Columns of the table that are made at once.
const COLUMNS: usize = 128;
/// Columns that are summed at once: a row of them is a line of the cache, and the rows of some ten thousand items stay in
/// a core's own.
const LANES: usize = 16;
/// What an item says of some others.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Row([f32; LANES]);
/// Multiply-adds by the way of single users that are worth another.
const WORTHWHILE: f64 = 1e10;
/// How much cheaper the table has to be.
const CHEAPER: f64 = 2.0;
/// An addition at a place of its own waits for memory as long as so many multiply-adds in rows.
const OF_A_PLACE: f64 = 10.0;
/// Bytes of unfinished lists at most.
const LISTS: usize = 512 << 20;
/// Users whose lists one thread goes on with.
const USERS_PER_PART: usize = 512;

/// Multiply-adds of both ways.
fn costs(core: &Core, n_users: usize, history_items: usize) -> (f64, f64) {
    let (n_items, graph) = (core.graph.n_items() as f64, &core.graph);
    let edges = graph.n_entries() as f64;
    let degree = core.response.coefficients().len().saturating_sub(1) as f64;
    let of_a_history = (2.0 * degree - 1.0).max(0.0) * edges;
    let rows = match core.response.as_linear() {
        Some(_) => OF_A_PLACE * graph.n_pairs(),
        None => n_items * of_a_history,
    };
    (
        n_users as f64 * of_a_history,
        rows + history_items as f64 * n_items,
    )
}

/// The lists that are wanted; `None` where making them one by one is as quick.
pub(super) fn rank(
    filter: &GraphFilter,
    wanted: &ManyLists<'_>,
) -> Option<Result<Vec<Vec<Ranked>>, RankError>> {
    let ManyLists { users, k, .. } = *wanted;
    let history_items = users.iter().map(|&user| filter.histories.of(user).len());
    let (one_by_one, by_table) = costs(&filter.core, users.len(), history_items.sum());
    let is_worthwhile = one_by_one > WORTHWHILE && by_table * CHEAPER < one_by_one;
    let fits = users.len().saturating_mul(2 * k * size_of::<u64>()) <= LISTS;
    (k > 0 && is_worthwhile && fits).then(|| by_table_of(filter, wanted))
}

/// The lists by the table, whatever that costs.
pub(super) fn by_table_of(
    filter: &GraphFilter,
    wanted: &ManyLists<'_>,
) -> Result<Vec<Vec<Ranked>>, RankError> {
    let n_items = filter.core.graph.n_items();
    let mut selections: Vec<Selection<'_>> = wanted
        .users
        .iter()
        .map(|&user| Selection::new(wanted.k, wanted.seen.of(user)))
        .collect();
    // Beside the selections, which are far apart: most scores are below.
    let mut bars = vec![f32::NAN; selections.len()];
    let mut table: Vec<Row> = vec![Row([0.0; LANES]); n_items];
    for start in (0..n_items).step_by(COLUMNS) {
        let width = COLUMNS.min(n_items - start);
        let columns = columns(&filter.core, start, width);
        for first in (0..width).step_by(LANES) {
            let width = LANES.min(width - first);
            let rows = table.par_iter_mut().enumerate();
            rows.for_each(|(item, Row(row))| {
                let values = columns[first..first + width]
                    .iter()
                    .map(|column| column[item]);
                row.iter_mut()
                    .zip(values)
                    .for_each(|(place, value)| *place = value);
            });
            let start = start + first;
            let added = wanted.added.get(start..start + width).unwrap_or_default();
            let users = wanted.users.par_chunks(USERS_PER_PART);
            let parts = users
                .zip(selections.par_chunks_mut(USERS_PER_PART))
                .zip(bars.par_chunks_mut(USERS_PER_PART));
            parts.for_each(|((users, selections), bars)| {
                for ((&user, selection), bar) in users.iter().zip(selections).zip(bars) {
                    let mut scores = sum(&table, filter.history(user));
                    let sides = scores.iter_mut().zip(added);
                    sides.for_each(|(score, added)| *score += added);
                    if any_above(&scores, *bar) {
                        selection.offer(start as u32, &scores[..width]);
                        *bar = selection.bar();
                    }
                }
            });
        }
    }
    let lists = wanted.users.par_iter().zip(selections);
    let lists = lists.map(|(&user, selection)| {
        let list = selection.finish();
        list.map_err(|item| RankError::NotANumber { user, item })
    });
    let lists: Vec<Result<Vec<Ranked>, RankError>> = lists.collect();
    lists.into_iter().collect()
}

/// The sum of the rows of a history's items, in their order.
fn sum(table: &[Row], history: History<'_>) -> [f32; LANES] {
    // Every second item has sums of its own: an addition need not wait for the one before.
    let (mut even, mut odd) = ([0.0; LANES], [0.0; LANES]);
    let add = |sums: &mut [f32; LANES], item: u32, weight: f32| {
        let Row(row) = &table[item as usize];
        (0..LANES).for_each(|at| sums[at] += weight * row[at]);
    };
    let (pairs, last) = history.items.as_chunks::<2>();
    match history.weights.as_chunks::<2>() {
        ([], []) => {
            for &[one, other] in pairs {
                add(&mut even, one, 1.0);
                add(&mut odd, other, 1.0);
            }
            last.iter().for_each(|&item| add(&mut even, item, 1.0));
        }
        (weights, of_last) => {
            for (&[one, other], &[weight, of_other]) in pairs.iter().zip(weights) {
                add(&mut even, one, weight);
                add(&mut odd, other, of_other);
            }
            let last = last.iter().zip(of_last);
            last.for_each(|(&item, &weight)| add(&mut even, item, weight));
        }
    }
    std::array::from_fn(|at| even[at] + odd[at])
}

/// What every item says of each of the items from `start` on: the filter is symmetric but for the powers of degrees before
/// and after it, so that it is the scores of a user who has that item alone, with the powers turned.
fn columns(core: &Core, start: usize, width: usize) -> Vec<Vec<f32>> {
    let items: Vec<u32> = (start as u32..(start + width) as u32).collect();
    let n_items = core.graph.n_items();
    let n_blocks = rayon::current_num_threads().max(width.div_ceil(USERS_PER_BLOCK));
    let blocks: Vec<Vec<Vec<f32>>> = items
        .par_chunks(width.div_ceil(n_blocks))
        .map(|items| {
            let mut block = vec![0.0; items.len() * n_items];
            Filtered::turned(core, items).fill(0..n_items, &mut block);
            block.chunks_exact(n_items).map(<[f32]>::to_vec).collect()
        })
        .collect();
    blocks.into_iter().flatten().collect()
}
