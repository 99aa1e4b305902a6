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
/// How many times as many items are looked at where a cap leaves lists short.
const MORE: usize = 4;
/// Candidates of all users that are in memory at once.
const CANDIDATES_AT_ONCE: usize = 1 << 24;

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
    /// A list is made of `max(100, 5 k)` candidates. Where a cap leaves it short, it goes on with the best further items that
    /// have room.
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
        let (mut lists, mut short) = (Lists::with_capacity(users.len()), Vec::new());
        for users in parts(users, n) {
            let candidates = best(users, n)?;
            let of_candidates = candidates.par_iter().map(|best| self.list(best, k));
            for (list, candidates) in of_candidates
                .collect::<Lists>()
                .into_iter()
                .zip(&candidates)
            {
                // Of fewer candidates than were asked for there are no more.
                if list.len() < k && candidates.len() == n {
                    short.push(lists.len());
                }
                lists.push(list);
            }
        }
        while !short.is_empty() {
            n = n.saturating_mul(MORE);
            let mut left = Vec::new();
            for short in parts(&short, n) {
                let again: Vec<u32> = short.iter().map(|&at| users[at]).collect();
                for (&at, candidates) in short.iter().zip(best(&again, n)?) {
                    self.fill(&mut lists[at], &candidates, k);
                    if lists[at].len() < k && candidates.len() == n {
                        left.push(at);
                    }
                }
            }
            short = left;
        }
        Ok(lists)
    }

    /// Goes on with a list by the best items that have room.
    fn fill(&self, list: &mut Vec<Ranked>, best: &[Ranked], k: usize) {
        let Some(mut room) = self.room() else {
            return;
        };
        let mut taken: Vec<u32> = list.iter().map(|place| place.item).collect();
        taken.iter().for_each(|&item| room.fill(item));
        taken.sort_unstable();
        for place in best {
            let is_new = taken.binary_search(&place.item).is_err();
            if list.len() < k && is_new && room.has(place.item) {
                room.fill(place.item);
                list.push(*place);
            }
        }
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

/// Users in parts whose candidates, `n` each, memory holds at once.
fn parts<T>(users: &[T], n: usize) -> impl Iterator<Item = &[T]> {
    users.chunks((CANDIDATES_AT_ONCE / n).max(1))
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
