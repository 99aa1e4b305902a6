//! The search for a prior: weight, half-life and offset one after the other, by what ranks the validation part best.

use std::sync::Arc;

use rayon::prelude::*;

use crate::config::PriorConfig;
use crate::data::{ItemLists, moment_of};
use crate::error::Result;
use crate::evaluation::{
    EvaluationData, HALF_LIVES_DAYS, best_half_life, depth_of, ndcg, recall, relevance,
};
use crate::inference::{ItemPrior, PriorSettings, RankError, ScoreSource, Selection};
use crate::numbers::significant;
use crate::split::Split;

/// The offsets that are tried, in interactions of the moment.
const OFFSETS: [f64; 7] = [0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0];
/// The offset that the search begins with.
const FIRST_OFFSET: f64 = 1.0;
/// Weights that are tried first, in tenths of powers of ten of the spread of a user's scores.
const COARSE: [i32; 13] = [-30, -25, -20, -15, -10, -5, 0, 5, 10, 15, 20, 25, 30];
/// Weights beside the best so far that are tried with every other half-life and offset.
const BESIDE: [i32; 3] = [-3, 0, 3];
/// Weights beside the best that are tried last.
const FINE: [i32; 6] = [-4, -3, -1, 1, 3, 4];
/// Users measured at most, and the least of them for a catalogue that is large.
pub(super) const USERS_MAX: usize = 5000;
const USERS_MIN: usize = 500;
/// Scores of users and items that a measurement may take, as long as there are enough users.
const SCORES: usize = 200_000_000;
/// Users scored together.
const USERS_PER_BLOCK: usize = 64;

/// What the search found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Found {
    pub(super) settings: PriorSettings,
    /// The metric with the prior.
    pub(super) with: f64,
    /// The metric without it.
    pub(super) without: f64,
    /// Whether not all users were measured.
    pub(super) is_sample: bool,
}

/// The validation part, and the scores that a prior is to be added to.
pub(super) struct Search<'a> {
    scores: &'a dyn ScoreSource,
    data: EvaluationData<'a>,
    times: &'a [i64],
    moment: i64,
    metric: &'a str,
    excluded: ItemLists,
    users: Vec<u32>,
    is_sample: bool,
}

/// A setting with what it adds to the score of each item.
struct Candidate {
    settings: PriorSettings,
    terms: Arc<Vec<f32>>,
}

impl<'a> Search<'a> {
    /// `None` where nobody can be measured.
    pub(super) fn new(
        split: &'a Split,
        scores: &'a dyn ScoreSource,
        metric: &'a str,
        users_max: usize,
    ) -> Option<Self> {
        let data = EvaluationData {
            train: split.train.positives(),
            also_excluded: split.also_seen.as_ref().map(|also| &also.before_validation),
            held_out: &split.validation,
            among: None,
        };
        let all = data.cohort().warm;
        let most = (SCORES / scores.n_items().max(1))
            .clamp(USERS_MIN, USERS_MAX)
            .min(users_max);
        let n = all.len().min(most);
        // Evenly over all ids, which follow keys or neighbourhoods.
        let users = (0..n).map(|at| all[at * all.len() / n]).collect();
        Some(Self {
            scores,
            data,
            times: split.train.times(),
            moment: moment_of(split.train.times())?,
            metric,
            excluded: data.excluded(),
            users,
            is_sample: n < all.len(),
        })
        .filter(|_| n > 0)
    }

    /// How many users are measured.
    pub(super) fn n_users(&self) -> usize {
        self.users.len()
    }

    /// The best prior with the values that are set; `None` where no half-life can be chosen.
    pub(super) fn run(&self, set: &PriorConfig) -> Result<Option<Found>, RankError> {
        let n_items = self.scores.n_items();
        let first = match set.half_life_days {
            Some(half_life) => Some(half_life),
            None => best_half_life(self.data, self.times, n_items, self.metric)?,
        };
        let Some(first) = first else {
            return Ok(None);
        };
        let start = PriorSettings {
            weight: 0.0,
            half_life_days: first,
            offset: set.offset.unwrap_or(FIRST_OFFSET),
        };
        let without = self.figures(&[start])?[0];
        let unit = self.spread();
        let weights = |around: f64, steps: &[i32]| match set.weight {
            Some(weight) => vec![weight],
            None => {
                let weight = |&step: &i32| significant(around * 10f64.powf(f64::from(step) / 10.0));
                steps.iter().map(weight).collect()
            }
        };
        let all = |half_lives: &[f64], offsets: &[f64], weights: &[f64]| {
            let mut settings = Vec::new();
            for &half_life_days in half_lives {
                for &offset in offsets {
                    settings.extend(weights.iter().map(|&weight| PriorSettings {
                        weight,
                        half_life_days,
                        offset,
                    }));
                }
            }
            settings
        };
        let mut best = None;
        let coarse = weights(unit, &COARSE);
        self.improve(&mut best, &all(&[first], &[start.offset], &coarse))?;
        if let (Some((so_far, _)), None) = (best, set.half_life_days) {
            let beside = weights(so_far.weight, &BESIDE);
            self.improve(&mut best, &all(&HALF_LIVES_DAYS, &[start.offset], &beside))?;
        }
        if let (Some((so_far, _)), None) = (best, set.offset) {
            let beside = weights(so_far.weight, &BESIDE);
            self.improve(&mut best, &all(&[so_far.half_life_days], &OFFSETS, &beside))?;
        }
        if let Some((so_far, _)) = best {
            let fine = weights(so_far.weight, &FINE);
            let (half_life, offset) = (so_far.half_life_days, so_far.offset);
            self.improve(&mut best, &all(&[half_life], &[offset], &fine))?;
        }
        let (settings, with) = match best {
            Some((settings, value)) if value > without || set.weight.is_some() => (settings, value),
            _ => (start, without),
        };
        Ok(Some(Found {
            settings,
            with,
            without,
            is_sample: self.is_sample,
        }))
    }

    /// Keeps the first of the best.
    fn improve(
        &self,
        best: &mut Option<(PriorSettings, f64)>,
        tried: &[PriorSettings],
    ) -> Result<(), RankError> {
        for (settings, value) in tried.iter().zip(self.figures(tried)?) {
            if best.is_none_or(|(_, most)| value > most) {
                *best = Some((*settings, value));
            }
        }
        Ok(())
    }

    /// The metric of the validation part with each of some priors.
    fn figures(&self, tried: &[PriorSettings]) -> Result<Vec<f64>, RankError> {
        let n_items = self.scores.n_items();
        let mut candidates: Vec<Candidate> = Vec::new();
        for &settings in tried {
            let same = |before: &&Candidate| {
                let before = before.settings;
                before.half_life_days == settings.half_life_days && before.offset == settings.offset
            };
            let terms = match candidates.last().filter(same) {
                Some(before) => Arc::clone(&before.terms),
                None => {
                    let (lists, times) = (self.data.train, self.times);
                    Arc::new(ItemPrior::at(settings, lists, times, self.moment, n_items).terms())
                }
            };
            candidates.push(Candidate { settings, terms });
        }
        let blocks: Vec<Result<Vec<f64>, RankError>> = self
            .users
            .par_chunks(USERS_PER_BLOCK)
            .map(|users| self.sums(users, &candidates))
            .collect();
        let mut sums = vec![0.0; tried.len()];
        for block in blocks {
            for (sum, value) in sums.iter_mut().zip(block?) {
                *sum += value;
            }
        }
        let n = self.users.len().max(1) as f64;
        Ok(sums.into_iter().map(|sum| sum / n).collect())
    }

    /// The sum of the metric over some users with each candidate.
    fn sums(&self, users: &[u32], candidates: &[Candidate]) -> Result<Vec<f64>, RankError> {
        let n_items = self.scores.n_items();
        let depth = depth_of(self.metric).min(n_items);
        let rows = self.rows(users);
        let mut sums = vec![0.0; candidates.len()];
        let mut summed = vec![0.0f32; n_items];
        for (&user, row) in users.iter().zip(rows.chunks_exact(n_items.max(1))) {
            let held_out = self.data.held_out.of(user);
            for (candidate, sum) in candidates.iter().zip(&mut sums) {
                let weight = candidate.settings.weight as f32;
                let terms = row.iter().zip(candidate.terms.iter());
                for (out, (score, term)) in summed.iter_mut().zip(terms) {
                    *out = score + weight * term;
                }
                let mut selection = Selection::new(depth, self.excluded.of(user));
                selection.offer(0, &summed);
                let list = selection
                    .finish()
                    .map_err(|item| RankError::NotANumber { user, item })?;
                let items: Vec<u32> = list.iter().map(|place| place.item).collect();
                let hits = relevance(&items, held_out);
                *sum += match self.metric.starts_with("recall") {
                    true => recall(&hits, held_out.len(), depth),
                    false => ndcg(&hits, held_out.len(), depth),
                };
            }
        }
        Ok(sums)
    }

    /// The scores of all items for some users, a row a user.
    fn rows(&self, users: &[u32]) -> Vec<f32> {
        let (n_items, step) = (self.scores.n_items(), self.scores.items_per_tile());
        let mut rows = vec![0.0; users.len() * n_items];
        let mut tile = Vec::new();
        for start in (0..n_items).step_by(step) {
            let width = step.min(n_items - start);
            tile.resize(users.len() * width, 0.0);
            self.scores
                .score_tile(users, start..start + width, &mut tile);
            let tiles = rows.chunks_exact_mut(n_items).zip(tile.chunks_exact(width));
            tiles.for_each(|(row, tile)| row[start..start + width].copy_from_slice(tile));
        }
        rows
    }

    /// The median over users of the standard deviation of a user's scores; 1 where they do not differ.
    fn spread(&self) -> f64 {
        let blocks: Vec<Vec<f64>> = self
            .users
            .par_chunks(USERS_PER_BLOCK)
            .map(|users| {
                let rows = self.rows(users);
                rows.chunks_exact(self.scores.n_items().max(1))
                    .map(deviation)
                    .collect()
            })
            .collect();
        let mut deviations = blocks.concat();
        deviations.sort_by(f64::total_cmp);
        let median = deviations.get(deviations.len() / 2).copied();
        median
            .filter(|median| median.is_finite() && *median > 0.0)
            .unwrap_or(1.0)
    }
}

fn deviation(row: &[f32]) -> f64 {
    let n = row.len().max(1) as f64;
    let mean = row.iter().map(|&x| f64::from(x)).sum::<f64>() / n;
    let square = |&x: &f32| (f64::from(x) - mean).powi(2);
    (row.iter().map(square).sum::<f64>() / n).sqrt()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::config::RunConfig;
    use crate::data::Dataset;
    use crate::inference::{ScoreHead, Tables};
    use crate::split;

    const DAY: i64 = 86_400;

    /// 40 users, 12 items, 8 rows a user, a row an hour: what is taken moves on through the items with the days.
    fn split() -> Split {
        let (mut users, mut items, mut times) = (vec![], vec![], vec![]);
        for user in 0..40u32 {
            for at in 0..8u32 {
                users.push(user);
                items.push((at * 3 / 2 + user % 3) % 12);
                times.push(i64::from(at) * DAY + i64::from(user));
            }
        }
        let mut dataset = Dataset::numbered(40, 12, users, items);
        dataset.interactions.timestamps = Some(times);
        let config = RunConfig::default();
        let mut split = split::split(&dataset, &config.split, 1).unwrap();
        assert!(split.remember_times(&dataset));
        split
    }

    fn tables(values: f32) -> Tables {
        let items = (0..12u16).map(|item| values * f32::from(item % 5));
        Tables::new(
            40,
            12,
            1,
            vec![1.0; 40],
            items.collect::<Vec<_>>(),
            ScoreHead::Dot,
        )
        .unwrap()
    }

    #[test]
    fn the_prior_alone_is_within_reach_whatever_the_size_of_scores() {
        let split = split();
        let set = RunConfig::default().prior;
        let of = |values: f32| {
            let tables = tables(values);
            let search = Search::new(&split, &tables, "ndcg@3", USERS_MAX).unwrap();
            search.run(&set).unwrap().unwrap()
        };
        let small = of(1e-3);
        assert!(small.with > small.without, "{small:?}");
        // Scores a power of two as large: the same choice, with a weight as much larger.
        let large = of(1e-3 * 4096.0);
        assert_eq!((large.with, large.without), (small.with, small.without));
        let ratio = large.settings.weight / small.settings.weight;
        assert!((ratio / 4096.0 - 1.0).abs() < 0.01, "{ratio}");
    }

    #[test]
    fn what_is_set_stays() {
        let split = split();
        let mut set = RunConfig::default().prior;
        (set.half_life_days, set.offset) = (Some(4.5), Some(0.2));
        let tables = tables(1.0);
        let search = Search::new(&split, &tables, "recall@3", USERS_MAX).unwrap();
        let found = search.run(&set).unwrap().unwrap();
        assert_eq!(
            (found.settings.half_life_days, found.settings.offset),
            (4.5, 0.2)
        );
        set.weight = Some(0.75);
        assert_eq!(search.run(&set).unwrap().unwrap().settings.weight, 0.75);
    }

    #[test]
    fn the_spread_by_hand() {
        // 0 to 4 over and over, twelve of them: the mean is 21/12, of squares 55/12.
        let (split, tables) = (split(), tables(2.0));
        let search = Search::new(&split, &tables, "ndcg@3", USERS_MAX).unwrap();
        let mean: f64 = [0., 1., 2., 3., 4., 0., 1., 2., 3., 4., 0., 1.]
            .iter()
            .sum::<f64>()
            / 12.0;
        let squares = (0.0 + 1.0 + 4.0 + 9.0 + 16.0) * 2.0 + 1.0;
        let expected = 2.0 * (squares / 12.0 - mean * mean).sqrt();
        assert!((search.spread() - expected).abs() < 1e-6);
    }
}
