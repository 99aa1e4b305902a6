//! The nearest neighbours of every item, by the cosine of who has them.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rayon::prelude::*;

use super::super::item_pairs::{Amount, ItemPairs, Sums};
use super::super::selection::{Ranked, Selection};
use super::ItemKnnConfig;
use crate::data::Csr;

/// The neighbours of each item, nearest first, with their similarities; `None` when `should_stop` says so.
pub(super) fn nearest<A: Amount + Sync>(
    pairs: &ItemPairs<A>,
    config: &ItemKnnConfig,
    should_stop: &(dyn Fn() -> bool + Sync),
) -> Option<Csr<f32>>
where
    A::Weight: Sync,
{
    let n_items = pairs.len();
    if config.neighbours == 0 {
        return Some(Csr::from_rows(vec![Vec::new(); n_items]));
    }
    let roots: Vec<f64> = pairs.of_each().into_iter().map(f64::sqrt).collect();
    let shrinkage = f64::from(config.shrinkage);
    let lists: Vec<Nearest> = (0..n_items)
        .map(|_| Nearest::new(config.neighbours))
        .collect();
    // Those of the items with many users and few lower ranks, and of those with few users and many, side by side.
    let done = (0..n_items as u32).into_par_iter().map_init(
        || Sums::new(n_items),
        |sums, rank| {
            if should_stop() {
                return None;
            }
            let (item, root) = (pairs.item(rank), roots[rank as usize]);
            let mut own = Selection::new(config.neighbours, &[]);
            pairs.row(rank, sums, |other, common| {
                let norm = root * roots[other as usize] + shrinkage;
                let cosine = (common.value() / norm) as f32;
                // What decayed to nothing is no neighbour; nor is what is no number.
                if cosine > 0.0 {
                    if own.is_open_to(cosine) {
                        own.push(pairs.item(other), cosine);
                    }
                    lists[other as usize].offer(item, cosine);
                }
            });
            for place in own.finish().unwrap_or_default() {
                lists[rank as usize].offer(place.item, place.score);
            }
            Some(())
        },
    );
    done.collect::<Option<()>>()?;
    let mut rows = vec![Vec::new(); n_items];
    for (rank, list) in (0..).zip(lists) {
        rows[pairs.item(rank) as usize] = list.finish();
    }
    let rows = rows.iter().map(|list| list.iter());
    Some(Csr::from_rows(
        rows.map(|list| list.map(|place| (place.item, place.score))),
    ))
}

/// The neighbours of one item, which all threads add to: the best of all, whatever the order they come in.
struct Nearest {
    list: Mutex<Selection<'static>>,
    /// Bits of the similarity below which no further neighbour is taken.
    threshold: AtomicU32,
}

impl Nearest {
    fn new(k: usize) -> Self {
        Self {
            list: Mutex::new(Selection::new(k, &[])),
            threshold: AtomicU32::new(0),
        }
    }

    /// Takes a neighbour of a similarity above 0 where it is near enough.
    fn offer(&self, item: u32, similarity: f32) {
        // The threshold only rises: an old one lets more through, which the list itself refuses.
        if similarity < f32::from_bits(self.threshold.load(Ordering::Relaxed)) {
            return;
        }
        let mut list: MutexGuard<'_, _> = self.list.lock().unwrap_or_else(PoisonError::into_inner);
        if list.is_open_to(similarity) {
            list.push(item, similarity);
            let threshold = list.threshold().max(0.0);
            self.threshold.store(threshold.to_bits(), Ordering::Relaxed);
        }
    }

    fn finish(self) -> Vec<Ranked> {
        let list = self
            .list
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        // A number above 0 is not NaN.
        list.finish().unwrap_or_default()
    }
}
