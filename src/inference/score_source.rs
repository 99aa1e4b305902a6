//! The one interface of everything that scores items for users: models, baselines, filters.

use std::ops::Range;

/// Scores of every item for any user, a tile of items at a time.
///
/// A score is a pure function of (user, item): it does not depend on the other users of the call, so
/// rankings are the same whatever the block size and the thread count.
pub trait ScoreSource: Sync {
    /// How many users can be scored: ids `0..n_users`.
    fn n_users(&self) -> usize;

    /// How many items each user has a score for: ids `0..n_items`.
    fn n_items(&self) -> usize;

    /// The widest range of items to ask for at once; [`score_tile`](Self::score_tile) is called with
    /// ranges that start at a multiple of it and end at the next one or at the end of the catalogue.
    fn items_per_tile(&self) -> usize {
        self.n_items().max(1)
    }

    /// Writes the scores of `items` for each of `users` into `out`, `[users.len() x items.len()]`, row-major.
    ///
    /// # Panics
    /// May panic when a user or an item is out of range, or when `out` has another length.
    fn score_tile(&self, users: &[u32], items: Range<usize>, out: &mut [f32]);

    /// Writes the scores of all items for each of `users` into `out`, `[users.len() x n_items]`, row-major.
    ///
    /// # Panics
    /// As [`score_tile`](Self::score_tile).
    fn score_into(&self, users: &[u32], out: &mut [f32]) {
        let n_items = self.n_items();
        assert_eq!(
            out.len(),
            users.len() * n_items,
            "one score a user and item"
        );
        let step = self.items_per_tile();
        let mut tile = vec![0.0; users.len() * step.min(n_items)];
        for start in (0..n_items).step_by(step) {
            let end = (start + step).min(n_items);
            let width = end - start;
            let tile = &mut tile[..users.len() * width];
            self.score_tile(users, start..end, tile);
            for (row, scores) in out.chunks_exact_mut(n_items).zip(tile.chunks_exact(width)) {
                row[start..end].copy_from_slice(scores);
            }
        }
    }
}
