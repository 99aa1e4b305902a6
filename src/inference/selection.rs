//! The K best of a stream of scores: higher score first, then the smaller item id.

use std::cmp::{Ordering, Reverse};

/// One place of a ranked list.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ranked {
    /// The item.
    pub item: u32,
    /// Its score; never NaN, infinities are allowed.
    pub score: f32,
}

/// The order of every ranking: the higher score first, then the smaller item id; `0.0` and `-0.0` are equal.
pub(crate) fn best_first(a: &Ranked, b: &Ranked) -> Ordering {
    let by_score = b.score.partial_cmp(&a.score).unwrap_or(Ordering::Equal);
    by_score.then(a.item.cmp(&b.item))
}

/// A place as one number, greater when it ranks higher: the score's bits in an order that integers share, then the
/// complement of the item. `-0.0` becomes `0.0`.
fn key(item: u32, score: f32) -> u64 {
    let bits = (score + 0.0).to_bits();
    let ordered = if bits >> 31 == 0 {
        bits | 1 << 31
    } else {
        !bits
    };
    u64::from(ordered) << 32 | u64::from(!item)
}

fn ranked(key: u64) -> Ranked {
    let ordered = (key >> 32) as u32;
    let bits = if ordered >> 31 == 0 {
        !ordered
    } else {
        ordered & !(1 << 31)
    };
    Ranked {
        item: !(key as u32),
        score: f32::from_bits(bits),
    }
}

/// Scores compared with the threshold at once: wide enough for the compiler to vectorise the test.
const LANES: usize = 16;

/// Whether one of some scores is above the [`bar`](Selection::bar). A later item of an equal score has a larger id and loses.
/// The negated comparison lets NaN through, so that none goes unseen.
pub(super) fn any_above(scores: &[f32], bar: f32) -> bool {
    #[allow(clippy::neg_cmp_op_on_partial_ord)]
    let above = |score: f32| !(score <= bar);
    scores.iter().fold(false, |any, &score| any | above(score))
}

/// The K best items of one user out of what a [`ScoreSource`](super::ScoreSource) offers.
///
/// Candidates gather unsorted, up to twice K of them, then the worse half is dropped: an update costs the same
/// whatever K is.
#[derive(Debug)]
pub struct Selection<'a> {
    k: usize,
    seen: &'a [u32],
    candidates: Vec<u64>,
    /// K items rank no lower than this score; minus infinity until there are K.
    threshold: f32,
    full: bool,
    first_nan: Option<u32>,
}

impl<'a> Selection<'a> {
    /// An empty selection of at most `k` items, none of them among `seen` (ascending).
    pub fn new(k: usize, seen: &'a [u32]) -> Self {
        Self {
            k,
            seen,
            candidates: Vec::new(),
            threshold: f32::NEG_INFINITY,
            full: false,
            first_nan: None,
        }
    }

    /// How many items are wanted.
    pub fn k(&self) -> usize {
        self.k
    }

    /// Whether an item of this score may still be selected.
    pub fn is_open_to(&self, score: f32) -> bool {
        !self.full || score >= self.threshold
    }

    /// How many items there are to select from so far, those since beaten included.
    pub fn n_candidates(&self) -> usize {
        self.candidates.len()
    }

    /// The items to leave out, ascending.
    pub fn seen(&self) -> &'a [u32] {
        self.seen
    }

    /// Offers the scores of items `first_item..first_item + scores.len()`. Items must come in ascending order over
    /// the calls.
    pub fn offer(&mut self, first_item: u32, scores: &[f32]) {
        for (block, chunk) in scores.chunks(LANES).enumerate() {
            if any_above(chunk, self.bar()) {
                self.offer_each(first_item + (block * LANES) as u32, chunk);
            }
        }
    }

    fn offer_each(&mut self, first_item: u32, scores: &[f32]) {
        for (item, &score) in (first_item..).zip(scores) {
            let below = self.full && score <= self.threshold;
            if !below && (score.is_nan() || self.seen.binary_search(&item).is_err()) {
                self.push(item, score);
            }
        }
    }

    /// Offers one item that is not among the seen ones, or one whose score is NaN. Items may come in any order, each
    /// once.
    pub fn push(&mut self, item: u32, score: f32) {
        if score.is_nan() {
            self.first_nan = Some(self.first_nan.map_or(item, |first| first.min(item)));
            return;
        }
        if self.candidates.len() == self.candidates.capacity() {
            if self.candidates.is_empty() {
                self.candidates.reserve_exact((2 * self.k).max(2 * LANES));
            } else {
                self.settle();
            }
        }
        self.candidates.push(key(item, score));
    }

    /// The score below which a further item is not selected, as of the last [`settle`](Self::settle).
    pub(super) fn threshold(&self) -> f32 {
        self.threshold
    }

    /// The score that a further item has to be above; not a number as long as every item is taken.
    pub(super) fn bar(&self) -> f32 {
        match self.full {
            true => self.threshold,
            false => f32::NAN,
        }
    }

    /// Drops all candidates but the K best and raises the threshold to the worst of them.
    pub(super) fn settle(&mut self) {
        if self.candidates.len() > self.k {
            self.candidates
                .select_nth_unstable_by_key(self.k - 1, |&key| Reverse(key));
            self.candidates.truncate(self.k);
            self.threshold = ranked(self.candidates[self.k - 1]).score;
            self.full = true;
        }
    }

    /// The selected items, best first; the error is the first item whose score was NaN, seen or not.
    pub(crate) fn finish(mut self) -> Result<Vec<Ranked>, u32> {
        if let Some(item) = self.first_nan {
            return Err(item);
        }
        self.settle();
        self.candidates.sort_unstable_by_key(|&key| Reverse(key));
        Ok(self.candidates.into_iter().map(ranked).collect())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn select(k: usize, scores: &[f32], seen: &[u32]) -> Result<Vec<u32>, u32> {
        let mut selection = Selection::new(k, seen);
        selection.offer(0, scores);
        selection
            .finish()
            .map(|list| list.iter().map(|ranked| ranked.item).collect())
    }

    #[test]
    fn equal_scores_keep_the_smaller_ids() {
        assert_eq!(select(2, &[1.0, 3.0, 3.0, 3.0], &[]).unwrap(), [1, 2]);
        assert_eq!(select(2, &[0.0, -0.0, 0.0], &[]).unwrap(), [0, 1]);
        let mut selection = Selection::new(2, &[]);
        for item in [8, 3, 9, 1, 7] {
            selection.push(item, 0.5);
        }
        let half = |item| Ranked { item, score: 0.5 };
        assert_eq!(selection.finish().unwrap(), [half(1), half(3)]);
    }

    #[test]
    fn seen_items_never_appear_and_the_list_may_be_shorter() {
        assert_eq!(select(3, &[5.0, 4.0, 3.0, 2.0], &[0, 2]).unwrap(), [1, 3]);
    }

    #[test]
    fn infinities_rank_and_nan_is_named_even_when_seen_or_late() {
        let (low, high) = (f32::NEG_INFINITY, f32::INFINITY);
        assert_eq!(select(3, &[low, 0.0, high], &[]).unwrap(), [2, 1, 0]);
        assert_eq!(select(2, &[low; 50], &[0]).unwrap(), [1, 2]);
        let mut scores = vec![high; 100];
        scores[77] = f32::NAN;
        scores[93] = f32::NAN;
        assert_eq!(select(2, &scores, &[77]), Err(77));
    }

    #[test]
    fn keys_keep_the_score_and_the_order() {
        let places = [
            (7, f32::INFINITY),
            (9, 2.5),
            (2, 1.0),
            (3, 1.0),
            (0, 1e-40),
            (1, 0.0),
            (4, -1e-40),
            (6, -3.0),
            (5, f32::NEG_INFINITY),
        ];
        for (item, score) in places {
            assert_eq!(ranked(key(item, score)), Ranked { item, score });
        }
        assert!(places.is_sorted_by(|&(i, a), &(j, b)| key(i, a) > key(j, b)));
        assert_eq!(key(1, -0.0), key(1, 0.0));
    }
}
