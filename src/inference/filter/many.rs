//! Lists of many users by the table of what each item says of each other. A history's scores are the sum of its items'
//! rows: where users are many, making those rows once costs less than sending every history through the graph.

use rayon::prelude::*;

use super::super::rank_error::RankError;
use super::super::score_source::ManyLists;
use super::super::selection::{Ranked, Selection};
use super::block::{Filtered, USERS_PER_BLOCK};
use super::history::History;
use super::{Core, GraphFilter};

/// Columns of the table that are made at once: so many rows of floats stay in a shared cache.
const COLUMNS: usize = 128;
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
    let rows = match degree {
        ..2.0 => OF_A_PLACE * graph.n_pairs(),
        _ => n_items * of_a_history,
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
    let mut table = vec![0.0; n_items * COLUMNS];
    for start in (0..n_items).step_by(COLUMNS) {
        let width = COLUMNS.min(n_items - start);
        let table = &mut table[..n_items * width];
        fill(&filter.core, start, width, table);
        let added = wanted.added.get(start..start + width).unwrap_or_default();
        let users = wanted.users.par_chunks(USERS_PER_PART);
        let parts = users.zip(selections.par_chunks_mut(USERS_PER_PART));
        parts.for_each(|(users, selections)| {
            let mut scores = [0.0; COLUMNS];
            let scores = &mut scores[..width];
            for (&user, selection) in users.iter().zip(selections) {
                sum_rows(table, filter.history(user), scores);
                let sides = scores.iter_mut().zip(added);
                sides.for_each(|(score, added)| *score += added);
                selection.offer(start as u32, scores);
            }
        });
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
fn sum_rows(table: &[f32], history: History<'_>, scores: &mut [f32]) {
    scores.fill(0.0);
    for (item, weight) in history.entries() {
        let row = &table[item as usize * scores.len()..][..scores.len()];
        let sides = scores.iter_mut().zip(row);
        sides.for_each(|(score, value)| *score += weight * value);
    }
}

/// Writes what every item says of the items from `start` on, `[n_items x width]`: the filter is symmetric but for the
/// powers of degrees before and after it, so that it is the scores of a user who has one of these items, with the powers
/// turned.
fn fill(core: &Core, start: usize, width: usize, table: &mut [f32]) {
    let items: Vec<u32> = (start as u32..(start + width) as u32).collect();
    let n_items = core.graph.n_items();
    let n_blocks = rayon::current_num_threads().max(width.div_ceil(USERS_PER_BLOCK));
    let columns: Vec<(usize, Vec<f32>)> = items
        .par_chunks(width.div_ceil(n_blocks))
        .map(|items| {
            let mut columns = vec![0.0; items.len() * n_items];
            Filtered::turned(core, items).fill(0..n_items, &mut columns);
            (items.len(), columns)
        })
        .collect();
    table
        .par_chunks_mut(width)
        .enumerate()
        .for_each(|(item, row)| {
            let mut places = row.iter_mut();
            for (n, columns) in &columns {
                for (at, place) in (0..*n).zip(&mut places) {
                    *place = columns[at * n_items + item];
                }
            }
        });
}
