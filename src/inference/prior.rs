//! The item prior: recent popularity as one more term of every score.
//!
//! `score(u, i) + a log(1 + p_i / e)`, which ranks as `score(u, i) + a log(p_i + e)` does, and gives nothing to an item
//! that nobody has. `p_i` is the sum over the item's interactions of `2^(-age / half-life)`.

use std::borrow::Cow;
use std::ops::Range;

use super::popularity::Popularity;
use super::rank_error::RankError;
use super::score_source::{ManyLists, Part, ScoreSource};
use super::selection::Ranked;
use crate::data::ItemLists;

/// How a prior counts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PriorSettings {
    /// `a`: its weight in a score.
    pub weight: f64,
    /// The half-life of popularity, in days.
    pub half_life_days: f64,
    /// `e`: the popularity from which on it counts by its logarithm.
    pub offset: f64,
}

/// The prior of every item at a moment.
#[derive(Debug, Clone, PartialEq)]
pub struct ItemPrior {
    settings: PriorSettings,
    moment: i64,
    popularity: Vec<f32>,
}

impl ItemPrior {
    /// The prior of these interactions at this moment, in seconds since 1970; `times` are in the order of `lists`.
    ///
    /// # Panics
    /// When an item is not below `n_items`, or a time lies after the moment.
    #[must_use]
    pub fn at(
        settings: PriorSettings,
        lists: &ItemLists,
        times: &[i64],
        moment: i64,
        n_items: usize,
    ) -> Self {
        let half_life = settings.half_life_days;
        let popularity = Popularity::recent(lists, times, moment, half_life, n_items);
        Self::of_popularity(settings, moment, popularity.counts().to_vec())
    }

    /// Of the recent popularity of each item, as it was counted before.
    #[must_use]
    pub fn of_popularity(settings: PriorSettings, moment: i64, popularity: Vec<f32>) -> Self {
        Self {
            settings,
            moment,
            popularity,
        }
    }

    /// How it counts.
    #[must_use]
    pub fn settings(&self) -> PriorSettings {
        self.settings
    }

    /// When popularity was counted, in seconds since 1970.
    #[must_use]
    pub fn moment(&self) -> i64 {
        self.moment
    }

    /// `p_i` of each item.
    #[must_use]
    pub fn popularity(&self) -> &[f32] {
        &self.popularity
    }

    /// `a`, as tables hold it.
    #[must_use]
    pub fn weight(&self) -> f32 {
        self.settings.weight as f32
    }

    /// These scores with the prior added.
    pub(crate) fn added_to<'a>(&self, scores: &'a dyn ScoreSource) -> Box<dyn ScoreSource + 'a> {
        let weight = self.weight();
        let added = self.terms().into_iter().map(|term| weight * term);
        Box::new(WithPrior {
            model: Box::new(scores),
            added: Cow::Owned(added.collect()),
        })
    }

    /// `log(1 + p_i / e)` of each item, to be multiplied by the weight.
    #[must_use]
    pub fn terms(&self) -> Vec<f32> {
        let offset = self.settings.offset;
        let term = |&popularity: &f32| (f64::from(popularity) / offset).ln_1p() as f32;
        self.popularity.iter().map(term).collect()
    }
}

/// The scores of a model that has no place for the prior in its tables, with the prior added.
pub(super) struct WithPrior<'a> {
    model: Box<dyn ScoreSource + 'a>,
    /// Of each item, the weight worked in.
    added: Cow<'a, [f32]>,
}

impl<'a> WithPrior<'a> {
    pub(super) fn new(model: Box<dyn ScoreSource + 'a>, added: &'a [f32]) -> Self {
        Self {
            model,
            added: Cow::Borrowed(added),
        }
    }
}

impl ScoreSource for WithPrior<'_> {
    fn n_users(&self) -> usize {
        self.model.n_users()
    }

    fn n_items(&self) -> usize {
        self.model.n_items()
    }

    fn items_per_tile(&self) -> usize {
        self.model.items_per_tile()
    }

    fn score_tile(&self, users: &[u32], items: Range<usize>, out: &mut [f32]) {
        self.model.score_tile(users, items.clone(), out);
        for row in out.chunks_exact_mut(items.len().max(1)) {
            for (score, added) in row.iter_mut().zip(&self.added[items.clone()]) {
                *score += added;
            }
        }
    }

    fn rank_many(&self, wanted: &ManyLists<'_>) -> Option<Result<Vec<Vec<Ranked>>, RankError>> {
        let added = wanted.added.is_empty().then_some(&*self.added)?;
        self.model.rank_many(&ManyLists { added, ..*wanted })
    }

    fn part<'b>(&'b self, users: &'b [u32], items: &'b [u32]) -> Option<Box<dyn ScoreSource + 'b>> {
        let own = self.model.part(users, items);
        let model = own.unwrap_or_else(|| Box::new(Part::new(&*self.model, users, items)));
        let added = items.iter().map(|&item| self.added[item as usize]);
        Some(Box::new(WithPrior {
            model,
            added: added.collect(),
        }))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::inference::{Tables, top_k, top_k_among};

    const DAY: i64 = 86_400;

    /// Item 0 has a user now and one a week ago, item 1 one two weeks ago, item 2 nobody.
    fn prior() -> ItemPrior {
        let lists = ItemLists::from_pairs(3, [(0, 0), (1, 0), (2, 1)].into_iter());
        let settings = PriorSettings {
            weight: 2.0,
            half_life_days: 7.0,
            offset: 0.5,
        };
        ItemPrior::at(
            settings,
            &lists,
            &[100 * DAY, 93 * DAY, 86 * DAY],
            100 * DAY,
            3,
        )
    }

    #[test]
    fn a_prior_by_hand() {
        let prior = prior();
        assert_eq!(prior.popularity(), [1.5, 0.25, 0.0]);
        // log(1 + 3), log(1 + 1/2), log 1.
        let expected = [4f32.ln(), 1.5f32.ln(), 0.0];
        for (term, expected) in prior.terms().iter().zip(expected) {
            assert!((term - expected).abs() < 1e-6, "{term} is not {expected}");
        }
        assert_eq!(prior.terms()[2], 0.0);
        // A week later all have half as much, and the order stays.
        let (settings, lists) = (
            prior.settings(),
            ItemLists::from_pairs(1, [(0, 1)].into_iter()),
        );
        let later = ItemPrior::at(settings, &lists, &[0], 7 * DAY, 3);
        assert_eq!(later.popularity(), [0.0, 0.5, 0.0]);
    }

    #[test]
    fn scores_with_a_prior_are_scores_and_the_prior_by_tiles_and_in_part() {
        let (tables, prior) = (Tables::random(4, 3, 5), prior());
        let added: Vec<f32> = prior.terms().iter().map(|term| 2.0 * term).collect();
        let with = WithPrior::new(Box::new(Tables::random(4, 3, 5)), &added);
        let (mut plain, mut summed) = (vec![0.0; 6], vec![0.0; 6]);
        tables.score_tile(&[3, 1], 0..3, &mut plain);
        with.score_tile(&[3, 1], 0..3, &mut summed);
        for (at, (plain, summed)) in plain.iter().zip(&summed).enumerate() {
            assert_eq!(*summed, plain + added[at % 3]);
        }
        let all = top_k(&with, &[3, 1], 3, None).unwrap();
        let some = top_k_among(&with, &[3, 1], 3, None, &[0, 2]).unwrap();
        for (all, some) in all.iter().zip(&some) {
            let without: Vec<_> = all.iter().filter(|place| place.item != 1).collect();
            assert_eq!(without, some.iter().collect::<Vec<_>>());
        }
    }
}
