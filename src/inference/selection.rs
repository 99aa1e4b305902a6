//! The K best of a stream of scores: higher score first, then the smaller item id.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

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

/// A ranked place whose greatest value is the worst place, so that the top of a max-heap is the one to evict.
#[derive(Debug, Clone, Copy)]
struct Place(Ranked);

impl Ord for Place {
    fn cmp(&self, other: &Self) -> Ordering {
        best_first(&self.0, &other.0)
    }
}
impl PartialOrd for Place {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl PartialEq for Place {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}
impl Eq for Place {}

/// Scores compared with the threshold at once: wide enough for the compiler to vectorise the test.
const LANES: usize = 16;

/// The K best items of one user, fed tile by tile in ascending item order.
pub(super) struct Selection {
    k: usize,
    places: BinaryHeap<Place>,
    first_nan: Option<u32>,
}

impl Selection {
    /// An empty selection of at most `k` items.
    pub(super) fn new(k: usize) -> Self {
        Self {
            k,
            places: BinaryHeap::with_capacity(k + 1),
            first_nan: None,
        }
    }

    /// Offers the scores of items `first_item..first_item + scores.len()`, leaving out the `masked` ones
    /// (ascending). Items must come in ascending order over the calls.
    pub(super) fn offer(&mut self, first_item: u32, scores: &[f32], masked: &[u32]) {
        for (block, chunk) in scores.chunks(LANES).enumerate() {
            let threshold = self.threshold();
            // The negated comparison lets NaN through, so that none goes unseen.
            #[allow(clippy::neg_cmp_op_on_partial_ord)]
            let any = chunk
                .iter()
                .fold(false, |any, &score| any | !(score <= threshold));
            if any || self.places.len() < self.k {
                self.offer_each(first_item + (block * LANES) as u32, chunk, masked);
            }
        }
    }

    /// The score that a further item must exceed: a later item of an equal score has a larger id and loses.
    fn threshold(&self) -> f32 {
        match self.places.peek() {
            Some(worst) if self.places.len() >= self.k => worst.0.score,
            _ => f32::NEG_INFINITY,
        }
    }

    fn offer_each(&mut self, first_item: u32, scores: &[f32], masked: &[u32]) {
        for (item, &score) in (first_item..).zip(scores) {
            if score.is_nan() {
                self.first_nan = self.first_nan.or(Some(item));
                continue;
            }
            let full = self.places.len() >= self.k;
            if (full && score <= self.threshold()) || masked.binary_search(&item).is_ok() {
                continue;
            }
            if full {
                self.places.pop();
            }
            self.places.push(Place(Ranked { item, score }));
        }
    }

    /// The selected items, best first; the error is the first item whose score was NaN, masked or not.
    pub(super) fn finish(self) -> Result<Vec<Ranked>, u32> {
        match self.first_nan {
            Some(item) => Err(item),
            None => Ok(self
                .places
                .into_sorted_vec()
                .into_iter()
                .map(|place| place.0)
                .collect()),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn select(k: usize, scores: &[f32], masked: &[u32]) -> Result<Vec<u32>, u32> {
        let mut selection = Selection::new(k);
        selection.offer(0, scores, masked);
        selection
            .finish()
            .map(|list| list.iter().map(|ranked| ranked.item).collect())
    }

    #[test]
    fn equal_scores_keep_the_smaller_ids() {
        assert_eq!(select(2, &[1.0, 3.0, 3.0, 3.0], &[]).unwrap(), [1, 2]);
        assert_eq!(select(2, &[0.0, -0.0, 0.0], &[]).unwrap(), [0, 1]);
    }

    #[test]
    fn masked_items_never_appear_and_the_list_may_be_shorter() {
        assert_eq!(select(3, &[5.0, 4.0, 3.0, 2.0], &[0, 2]).unwrap(), [1, 3]);
    }

    #[test]
    fn infinities_rank_and_nan_is_named_even_when_masked_or_late() {
        let (low, high) = (f32::NEG_INFINITY, f32::INFINITY);
        assert_eq!(select(3, &[low, 0.0, high], &[]).unwrap(), [2, 1, 0]);
        let mut scores = vec![high; 100];
        scores[77] = f32::NAN;
        scores[93] = f32::NAN;
        assert_eq!(select(2, &scores, &[77]), Err(77));
    }
}
