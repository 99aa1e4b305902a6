//! The one interface of everything that scores items for users: models, baselines, filters.

use std::ops::Range;

use super::rank_error::RankError;
use super::selection::{Ranked, Selection};
use crate::data::ItemLists;

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

    /// Offers the items of the whole catalogue to each user's selection. By default every item, a tile at a time; a
    /// source that knows which items cannot be selected leaves them out.
    ///
    /// # Panics
    /// May panic when a user is out of range, or when there is not one selection a user.
    fn offer_all(&self, users: &[u32], selections: &mut [Selection<'_>]) {
        offer_by_tiles(self, users, selections);
    }

    /// The lists of [`top_k`](super::top_k()) from a source that ranks where its scores are; `None` leaves that to the
    /// host. Users, `k` and `seen` have been checked.
    fn rank(
        &self,
        _users: &[u32],
        _k: usize,
        _seen: Option<&ItemLists>,
    ) -> Option<Result<Vec<Vec<Ranked>>, RankError>> {
        None
    }

    /// The lists of so many users that a source has a quicker way for them all, as [`top_k`](super::top_k()) makes them
    /// but for the last bits of sums; `None` where there is none. For measuring: what is served is ranked the same way
    /// for one user as for all.
    fn rank_many(&self, _wanted: &ManyLists<'_>) -> Option<Result<Vec<Vec<Ranked>>, RankError>> {
        None
    }

    /// The scores of some users for some items (ascending) as a source of its own, numbered by their places; `None`
    /// when the tiles of the whole catalogue serve as well.
    fn part<'a>(
        &'a self,
        _users: &'a [u32],
        _items: &'a [u32],
    ) -> Option<Box<dyn ScoreSource + 'a>> {
        None
    }
}

/// Lists that are wanted together.
#[derive(Debug, Clone, Copy)]
pub struct ManyLists<'a> {
    /// Whose.
    pub users: &'a [u32],
    /// How many items each, at most the whole catalogue.
    pub k: usize,
    /// The items to leave out, of every user of the source.
    pub seen: &'a ItemLists,
    /// What is added to the score of each item; nothing where empty.
    pub added: &'a [f32],
}

impl<S: ScoreSource + ?Sized> ScoreSource for &S {
    fn n_users(&self) -> usize {
        (**self).n_users()
    }

    fn n_items(&self) -> usize {
        (**self).n_items()
    }

    fn items_per_tile(&self) -> usize {
        (**self).items_per_tile()
    }

    fn score_tile(&self, users: &[u32], items: Range<usize>, out: &mut [f32]) {
        (**self).score_tile(users, items, out);
    }

    fn offer_all(&self, users: &[u32], selections: &mut [Selection<'_>]) {
        (**self).offer_all(users, selections);
    }

    fn rank(
        &self,
        users: &[u32],
        k: usize,
        seen: Option<&ItemLists>,
    ) -> Option<Result<Vec<Vec<Ranked>>, RankError>> {
        (**self).rank(users, k, seen)
    }

    fn rank_many(&self, wanted: &ManyLists<'_>) -> Option<Result<Vec<Vec<Ranked>>, RankError>> {
        (**self).rank_many(wanted)
    }

    fn part<'a>(&'a self, users: &'a [u32], items: &'a [u32]) -> Option<Box<dyn ScoreSource + 'a>> {
        (**self).part(users, items)
    }
}

/// Each user with the row of `out` for that user's scores of `items`.
pub(crate) fn rows_of_tile<'a>(
    users: &'a [u32],
    items: &Range<usize>,
    out: &'a mut [f32],
) -> impl Iterator<Item = (u32, &'a mut [f32])> + use<'a> {
    let width = items.len();
    assert_eq!(
        out.len(),
        users.len() * width,
        "one score per user and item"
    );
    let rows = out.chunks_exact_mut(width.max(1));
    users.iter().copied().zip(rows)
}

/// The scores of all items for all users, `[n_users x n_items]`.
#[cfg(test)]
pub(super) fn all_scores(source: &dyn ScoreSource) -> Vec<f32> {
    let users: Vec<u32> = (0..source.n_users() as u32).collect();
    let mut scores = vec![f32::NAN; users.len() * source.n_items()];
    source.score_tile(&users, 0..source.n_items(), &mut scores);
    scores
}

/// Users whose tiles of scores are held at once.
const USERS_PER_TILE: usize = 64;

/// Scores and offers every item, a tile at a time.
pub(super) fn offer_by_tiles<S: ScoreSource + ?Sized>(
    source: &S,
    users: &[u32],
    selections: &mut [Selection<'_>],
) {
    let n_items = source.n_items();
    let step = source.items_per_tile();
    let mut scores = vec![0.0; users.len().min(USERS_PER_TILE) * step.min(n_items)];
    let blocks = users
        .chunks(USERS_PER_TILE)
        .zip(selections.chunks_mut(USERS_PER_TILE));
    for (users, selections) in blocks {
        for start in (0..n_items).step_by(step) {
            let width = step.min(n_items - start);
            let tile = &mut scores[..users.len() * width];
            source.score_tile(users, start..start + width, tile);
            for (selection, row) in selections.iter_mut().zip(tile.chunks_exact(width)) {
                selection.offer(start as u32, row);
            }
        }
    }
}

/// Some users and items of a source.
pub(super) struct Part<'a> {
    whole: &'a dyn ScoreSource,
    users: &'a [u32],
    items: &'a [u32],
}

impl<'a> Part<'a> {
    pub(super) fn new(whole: &'a dyn ScoreSource, users: &'a [u32], items: &'a [u32]) -> Self {
        Self {
            whole,
            users,
            items,
        }
    }
}

impl ScoreSource for Part<'_> {
    fn n_users(&self) -> usize {
        self.users.len()
    }

    fn n_items(&self) -> usize {
        self.items.len()
    }

    fn score_tile(&self, users: &[u32], items: Range<usize>, out: &mut [f32]) {
        let users: Vec<u32> = users
            .iter()
            .map(|&user| self.users[user as usize])
            .collect();
        let items = &self.items[items];
        let step = self.whole.items_per_tile();
        let mut tile = Vec::new();
        let mut done = 0;
        for items_of_tile in items.chunk_by(|&a, &b| a as usize / step == b as usize / step) {
            let start = items_of_tile[0] as usize / step * step;
            let width = step.min(self.whole.n_items() - start);
            tile.resize(users.len() * width, 0.0);
            self.whole
                .score_tile(&users, start..start + width, &mut tile);
            let rows = out
                .chunks_exact_mut(items.len())
                .zip(tile.chunks_exact(width));
            for (row, scores) in rows {
                for (score, &item) in row[done..].iter_mut().zip(items_of_tile) {
                    *score = scores[item as usize - start];
                }
            }
            done += items_of_tile.len();
        }
    }
}
