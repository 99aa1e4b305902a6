//! What each item of a history adds to a filter's scores: the filter is linear, so a score is a sum over the history.

use super::super::history::History;
use super::super::score_source::ScoreSource;
use super::block::{Filtered, USERS_PER_BLOCK};
use super::{GraphFilter, ITEMS_PER_TILE};

impl GraphFilter {
    /// What each item of a history (ascending) adds to the scores of the `listed` ones, a row for each of these. Costs as
    /// much as the scores of one user for each listed item.
    pub(in crate::inference) fn shares(
        &self,
        history: History<'_>,
        listed: &[u32],
    ) -> Vec<Vec<f64>> {
        let blocks = listed.chunks(USERS_PER_BLOCK);
        let of_block = |listed| self.shares_of_block(history, listed);
        blocks.flat_map(of_block).collect()
    }

    fn shares_of_block(&self, history: History<'_>, listed: &[u32]) -> Vec<Vec<f64>> {
        let entries: Vec<(u32, f32)> = history.entries().collect();
        let tile_of = |entry: &(u32, f32)| entry.0 as usize / ITEMS_PER_TILE;
        let columns = Filtered::turned(&self.core, listed);
        let mut rows = vec![Vec::with_capacity(entries.len()); listed.len()];
        let mut tile = Vec::new();
        for entries in entries.chunk_by(|a, b| tile_of(a) == tile_of(b)) {
            let start = tile_of(&entries[0]) * ITEMS_PER_TILE;
            let width = ITEMS_PER_TILE.min(self.n_items() - start);
            tile.resize(listed.len() * width, 0.0);
            columns.fill(start..start + width, &mut tile);
            for (row, values) in rows.iter_mut().zip(tile.chunks_exact(width)) {
                let share = |&(item, weight): &(u32, f32)| {
                    f64::from(weight) * f64::from(values[item as usize - start])
                };
                row.extend(entries.iter().map(share));
            }
        }
        rows
    }
}
