//! Re-ranking: lists that trade some of the model's score for variety, for what is less popular, or for more categories.
//!
//! Candidates are the best items of the model. What a candidate is worth is its score, taken to 0..1 among the candidates,
//! less the damping of its popularity. Then a list is filled place by place with the candidate of the largest marginal
//! relevance (Carbonell and Goldstein 1998) whose categories have room.

mod candidates;
mod likeness;
mod settings;
#[cfg(test)]
mod tests;

use rayon::prelude::*;

use super::rank_error::RankError;
use super::scorer::Scorer;
use super::selection::Ranked;
use crate::data::ItemCategories;
use candidates::Candidates;
pub(crate) use likeness::mean_likeness;
pub use settings::{Reranking, RerankingError};

/// Candidates are at least so many.
const CANDIDATES_MIN: usize = 100;
/// Candidates for each place of a list.
const CANDIDATES_A_PLACE: usize = 5;
/// How many times as many candidates are taken where a cap leaves lists too short.
const MORE: usize = 4;

/// A list for each of some users.
type Lists = Vec<Vec<Ranked>>;
/// Gives some users so many of the best items.
type Best<'b> = dyn Fn(&[u32], usize) -> Result<Lists, RankError> + 'b;

/// Re-ranks the lists of one model.
pub(crate) struct Reranker<'a> {
    settings: Reranking,
    scorer: &'a Scorer,
    /// How many training interactions each item has, and the largest of these numbers; nothing where popularity is not
    /// damped.
    counts: (&'a [f32], f32),
    categories: Option<&'a ItemCategories>,
}

impl<'a> Reranker<'a> {
    /// `counts` are the training interactions of each item and the most that an item has; `categories` those of items.
    ///
    /// # Errors
    /// Settings that are no shares, weights or caps; a model that has no likeness of items, where lists are to be diverse;
    /// counts or categories that are missing where they are asked for.
    pub(super) fn new(
        settings: Reranking,
        scorer: &'a Scorer,
        counts: Option<(&'a [f32], f32)>,
        categories: Option<&'a ItemCategories>,
    ) -> Result<Self, RerankingError> {
        settings.check()?;
        if settings.diversity > 0.0 && scorer.likeness(&[]).is_none() {
            return Err(RerankingError::NoLikeness);
        }
        let counts = match settings.popularity_damping > 0.0 {
            true => counts.ok_or(RerankingError::NoCounts)?,
            false => (&[][..], 0.0),
        };
        let categories = match settings.category_cap {
            Some(_) => Some(categories.ok_or(RerankingError::NoCategories)?),
            None => None,
        };
        Ok(Self {
            settings,
            scorer,
            counts,
            categories,
        })
    }

    /// Lists of `k` items at most for some users, of the best items that `best` gives: the users' and how many.
    ///
    /// A list is made of `max(100, 5 k)` candidates, and of four times as many again where a cap leaves it too short.
    ///
    /// # Errors
    /// As `best`.
    pub(crate) fn lists(
        &self,
        users: &[u32],
        k: usize,
        best: &Best<'_>,
    ) -> Result<Lists, RankError> {
        let mut n = CANDIDATES_MIN.max(CANDIDATES_A_PLACE.saturating_mul(k));
        let (mut lists, mut is_whole) = self.lists_of(best(users, n)?, k, n);
        loop {
            let short = (0..users.len()).filter(|&at| lists[at].len() < k && !is_whole[at]);
            let short: Vec<usize> = short.collect();
            if short.is_empty() {
                return Ok(lists);
            }
            n = n.saturating_mul(MORE);
            let again: Vec<u32> = short.iter().map(|&at| users[at]).collect();
            let (longer, whole) = self.lists_of(best(&again, n)?, k, n);
            for ((at, list), whole) in short.into_iter().zip(longer).zip(whole) {
                (lists[at], is_whole[at]) = (list, whole);
            }
        }
    }

    /// A list of each of some candidates, of which `n` were asked for, and whether there are no more.
    fn lists_of(&self, candidates: Lists, k: usize, n: usize) -> (Lists, Vec<bool>) {
        let list = |best: Vec<Ranked>| {
            let is_whole = best.len() < n;
            (self.list(&best, k), is_whole)
        };
        candidates.into_par_iter().map(list).unzip()
    }

    /// The `k` items of the candidates, best first, that make the list, in its order.
    fn list(&self, best: &[Ranked], k: usize) -> Vec<Ranked> {
        let (counts, most) = self.counts;
        let damping = |place: &Ranked| match counts.get(place.item as usize) {
            Some(&count) if most > 0.0 => {
                let share = f64::from(count).ln_1p() / f64::from(most).ln_1p();
                self.settings.popularity_damping * share
            }
            _ => 0.0,
        };
        let mut candidates = Candidates::new(best, damping);
        let items: Vec<u32> = best.iter().map(|place| place.item).collect();
        let likeness = match self.settings.diversity > 0.0 {
            true => self.scorer.likeness(&items),
            false => None,
        };
        let mut room = self.room();
        let mut list = Vec::with_capacity(k.min(best.len()));
        while list.len() < k {
            let has_room = |at: usize| room.as_ref().is_none_or(|room| room.has(items[at]));
            let Some(chosen) = candidates.take_best(self.settings.diversity, has_room) else {
                break;
            };
            list.push(best[chosen]);
            if let Some(room) = &mut room {
                room.fill(items[chosen]);
            }
            if let Some(likeness) = &likeness {
                candidates.choose(|at| likeness.of(at, chosen));
            }
        }
        list
    }

    /// The room that a list has for each category, where there is a cap.
    fn room(&self) -> Option<Room<'a>> {
        let (categories, cap) = (self.categories?, self.settings.category_cap?);
        Some(Room {
            categories,
            left: vec![cap; categories.names().len()],
        })
    }
}

/// How many more items of each category a list may hold.
struct Room<'a> {
    categories: &'a ItemCategories,
    left: Vec<usize>,
}

impl Room<'_> {
    fn has(&self, item: u32) -> bool {
        let mut names = self.categories.of_item(item).iter();
        names.all(|&name| self.left[name as usize] > 0)
    }

    fn fill(&mut self, item: u32) {
        for &name in self.categories.of_item(item) {
            self.left[name as usize] -= 1;
        }
    }
}
