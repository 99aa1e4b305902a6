//! EASE (Steck, WWW 2019): a linear autoencoder of histories without a diagonal, in closed form.

mod by_users;

use std::ops::Range;
use std::sync::Arc;

use rayon::prelude::*;

use super::history::History;
use super::item_pairs::{ItemPairs, Sums};
use super::rank_error::RankError;
use super::score_source::{ScoreSource, rows_of_tile};
use super::selection::{Ranked, Selection};
use super::tables::{TablesError, expect_size};
use super::top_k::check_k;
use crate::config::EaseSettings;
use crate::data::ItemLists;
use crate::spectral::{SpectralError, invert_positive};

/// Columns of the weights that are added up together, so that sums stay in the cache.
const ITEMS_PER_TILE: usize = 1024;

/// Scores an item by the sum of what the user's items say of it: `B = I - P diag(1/P)` with `P = (XᵀX + l2 I)^-1`, whose
/// diagonal is 0.
#[derive(Debug, Clone)]
pub struct Ease {
    /// `B`, `[n_items, n_items]`: a row for an item of a history.
    weights: Arc<Vec<f32>>,
    n_items: usize,
    histories: ItemLists,
}

impl Ease {
    /// The weights that best rebuild the histories of `train`. Takes `n_items^3 / 2` multiply-adds, or little more than
    /// `n_users^3 / 2` where users are fewer, and the square of `n_items` floats.
    ///
    /// # Errors
    /// `should_stop` said so; an `l2` that is too small for single precision.
    ///
    /// # Panics
    /// When an item is not below `n_items`.
    pub fn fit(
        train: &ItemLists,
        n_items: usize,
        settings: &EaseSettings,
        should_stop: &(dyn Fn() -> bool + Sync),
    ) -> Result<Self, SpectralError> {
        let l2 = settings.l2;
        let weights = match settings.inverts_users(train.n_users(), n_items) {
            true => by_users::weights(train, n_items, l2, should_stop)?,
            false => Self::weights_by_items(train, n_items, l2, should_stop)?,
        };
        Ok(Self {
            weights: Arc::new(weights),
            n_items,
            histories: train.clone(),
        })
    }

    /// `B`, by the inverse of the matrix of items.
    fn weights_by_items(
        train: &ItemLists,
        n_items: usize,
        l2: f64,
        should_stop: &(dyn Fn() -> bool + Sync),
    ) -> Result<Vec<f32>, SpectralError> {
        let mut weights = zeros([n_items; 2], n_items)?;
        let scales = fill_gram(&mut weights, train, n_items, l2, should_stop)?;
        invert_positive(&mut weights, n_items, should_stop)?;
        let diagonal: Vec<f32> = (0..n_items).map(|at| weights[at * n_items + at]).collect();
        let rows = weights.par_chunks_exact_mut(n_items.max(1)).enumerate();
        rows.for_each(|(item, row)| {
            let columns = scales.iter().zip(&diagonal);
            for (weight, (scale, own)) in row.iter_mut().zip(columns) {
                // The scales of the matrix that was inverted: P_ij is s_i s_j times what was found.
                *weight *= -((scales[item] / scale) as f32) / own;
            }
            row[item] = 0.0;
        });
        Ok(weights)
    }

    /// Of weights that were found before, `[n_items, n_items]`, over the histories of some users.
    ///
    /// # Errors
    /// Weights of another size.
    ///
    /// # Panics
    /// When an item of a history is not below `n_items`.
    pub fn of_weights(
        weights: Vec<f32>,
        n_items: usize,
        histories: ItemLists,
    ) -> Result<Self, TablesError> {
        expect_size("the weights of EASE", weights.len(), n_items * n_items)?;
        let ease = Self {
            weights: Arc::new(weights),
            n_items,
            histories: ItemLists::from_pairs(0, std::iter::empty()),
        };
        Ok(ease.with_histories(histories))
    }

    /// `B`, `[n_items, n_items]`: a row for an item of a history, its diagonal 0.
    pub fn weights(&self) -> &[f32] {
        &self.weights
    }

    /// The same weights for other people. Exact: a history the weights were fitted to gets the scores of its user.
    ///
    /// # Panics
    /// When an item is not below the number of items.
    #[must_use]
    pub fn with_histories(&self, histories: ItemLists) -> Self {
        histories.assert_below(self.n_items);
        Self {
            weights: Arc::clone(&self.weights),
            n_items: self.n_items,
            histories,
        }
    }

    /// The `k` items that an item says most for, the `hidden` ones (ascending) left out.
    ///
    /// # Errors
    /// `k` of 0, or a weight that is not a number.
    ///
    /// # Panics
    /// When `item` is not below the number of items.
    pub fn similar(&self, item: u32, k: usize, hidden: &[u32]) -> Result<Vec<Ranked>, RankError> {
        check_k(k)?;
        let mut selection = Selection::new(k.min(self.n_items), hidden);
        selection.offer(0, self.row(item));
        selection
            .finish()
            .map_err(|item| RankError::VectorNotANumber { item })
    }

    /// The items of a user.
    pub(super) fn history(&self, user: u32) -> History<'_> {
        History::of(&self.histories, &[], user)
    }

    /// What an item says of all others: a row of `B`.
    pub(super) fn row(&self, item: u32) -> &[f32] {
        &self.weights[item as usize * self.n_items..][..self.n_items]
    }
}

/// Writes the lower triangle of `XᵀX + l2 I` into zeros, scaled to a diagonal of ones by `s_i s_j`, and gives `s`: single
/// precision goes further where popular and rare items are alike.
fn fill_gram(
    gram: &mut [f32],
    train: &ItemLists,
    n_items: usize,
    l2: f64,
    should_stop: &(dyn Fn() -> bool + Sync),
) -> Result<Vec<f64>, SpectralError> {
    let counts = train.counts_by_item(n_items);
    let scale = |&count: &u32| (f64::from(count) + l2).sqrt().recip();
    let scales: Vec<f64> = counts.iter().map(scale).collect();
    let pairs = ItemPairs::<u32>::new(train, &[], (0..n_items as u32).collect());
    let rows = gram.par_chunks_exact_mut(n_items.max(1)).enumerate();
    let filled = rows.map_init(
        || Sums::new(n_items),
        |sums, (item, row)| {
            pairs.row(item as u32, sums, |other, count| {
                let other = other as usize;
                row[other] = (f64::from(count) * scales[item] * scales[other]) as f32;
            });
            row[item] = 1.0;
            (!should_stop()).then_some(())
        },
    );
    let filled = filled.collect::<Option<()>>();
    filled.ok_or(SpectralError::Stopped)?;
    Ok(scales)
}

/// A table of zeros for weights of so many items, where memory holds it.
fn zeros([rows, columns]: [usize; 2], n_items: usize) -> Result<Vec<f32>, SpectralError> {
    let too_large = SpectralError::TooLarge { n_items };
    let Some(n_values) = rows.checked_mul(columns) else {
        return Err(too_large);
    };
    let mut zeros = Vec::new();
    match zeros.try_reserve_exact(n_values) {
        Ok(()) => zeros.resize(n_values, 0.0),
        Err(_) => return Err(too_large),
    }
    Ok(zeros)
}

impl ScoreSource for Ease {
    fn n_users(&self) -> usize {
        self.histories.n_users()
    }

    fn n_items(&self) -> usize {
        self.n_items
    }

    fn items_per_tile(&self) -> usize {
        ITEMS_PER_TILE
    }

    fn score_tile(&self, users: &[u32], items: Range<usize>, out: &mut [f32]) {
        for (user, scores) in rows_of_tile(users, &items, out) {
            scores.fill(0.0);
            for &item in self.histories.of(user) {
                let weights = &self.row(item)[items.clone()];
                for (score, weight) in scores.iter_mut().zip(weights) {
                    *score += weight;
                }
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use nalgebra::DMatrix;

    use super::*;
    use crate::inference::score_source::all_scores;
    use crate::inference::top_k;

    const USERS: usize = 40;
    const ITEMS: usize = 23;

    fn train() -> ItemLists {
        let has = |u: u32, i: u32| (u * 7 + i * i * 3 + u * i) % 11 < 3;
        let pairs = (0..USERS as u32).flat_map(|u| (0..ITEMS as u32 - 1).map(move |i| (u, i)));
        ItemLists::from_pairs(USERS, pairs.filter(|&(u, i)| has(u, i)))
    }

    /// Equation 8 of the paper in double precision by another library: `X` and `B`.
    fn closed_form(train: &ItemLists, n_items: usize, l2: f64) -> [DMatrix<f64>; 2] {
        let x = DMatrix::from_fn(train.n_users(), n_items, |u, i| {
            f64::from(u8::from(train.contains(u as u32, i as u32)))
        });
        let gram = x.transpose() * &x + DMatrix::identity(n_items, n_items) * l2;
        let p = gram.try_inverse().unwrap();
        let b = DMatrix::from_fn(n_items, n_items, |i, j| match i == j {
            true => 0.0,
            false => -p[(i, j)] / p[(j, j)],
        });
        [x, b]
    }

    /// The last item has no user.
    #[test]
    fn scores_are_those_of_the_closed_form() {
        let train = train();
        for l2 in [0.5, 30.0] {
            let ease = Ease::fit(&train, ITEMS, &EaseSettings { l2 }, &|| false).unwrap();
            let [x, b] = closed_form(&train, ITEMS, l2);
            let expected = x * b;
            for (at, &found) in all_scores(&ease).iter().enumerate() {
                let expected = expected[(at / ITEMS, at % ITEMS)];
                let error = (f64::from(found) - expected).abs();
                assert!(error < 1e-5, "{l2}: {found} is not {expected}");
            }
        }
    }

    /// 40 items of 23 users, both ways.
    #[test]
    fn the_inverse_of_users_gives_the_same_weights() {
        let few = train().turned(ITEMS);
        for l2 in [0.5, 30.0] {
            let settings = EaseSettings { l2 };
            assert!(settings.inverts_users(ITEMS, USERS));
            let found = Ease::fit(&few, USERS, &settings, &|| false).unwrap();
            let other = Ease::weights_by_items(&few, USERS, l2, &|| false).unwrap();
            let [_, b] = closed_form(&few, USERS, l2);
            for (at, (found, other)) in found.weights().iter().zip(other).enumerate() {
                let expected = b[(at / USERS, at % USERS)];
                assert!(
                    (f64::from(*found) - expected).abs() < 1e-5,
                    "{found}, {expected}"
                );
                assert!((found - other).abs() < 1e-5, "{found} and {other}");
            }
        }
        let settings = EaseSettings { l2: 5.0 };
        let stopped = Ease::fit(&few, USERS, &settings, &|| true);
        assert!(matches!(stopped, Err(SpectralError::Stopped)));
        assert!(!settings.inverts_users(100, 120) && !settings.inverts_users(100_000, 1_000_000));
    }

    #[test]
    fn a_square_that_no_memory_holds_is_refused_with_what_fits() {
        for n in [1 << 31, usize::MAX] {
            let text = zeros([n, n], n).unwrap_err().to_string();
            assert!(text.contains("`--model item-knn`"), "{text}");
        }
    }

    #[test]
    fn a_history_is_worth_the_same_to_whoever_has_it() {
        let train = train();
        let ease = Ease::fit(&train, ITEMS, &EaseSettings { l2: 2.0 }, &|| false).unwrap();
        let (weights, users) = (ease.weights().to_vec(), (0..USERS as u32));
        let read = Ease::of_weights(weights, ITEMS, train.clone()).unwrap();
        assert_eq!(all_scores(&read), all_scores(&ease));
        let history = train.of(5).iter().map(|&item| (0, item));
        let somebody = read.with_histories(ItemLists::from_pairs(1, history));
        let own = top_k(&ease, &users.collect::<Vec<_>>(), 6, Some(&train)).unwrap();
        let hidden = ItemLists::from_pairs(1, train.of(5).iter().map(|&item| (0, item)));
        assert_eq!(top_k(&somebody, &[0], 6, Some(&hidden)).unwrap()[0], own[5]);
        // Somebody who has one item gets its row.
        let alone = read.with_histories(ItemLists::from_pairs(1, [(0, 3)].into_iter()));
        let list = top_k(&alone, &[0], 4, None).unwrap();
        assert_eq!(list[0], read.similar(3, 4, &[]).unwrap());
        assert!(Ease::of_weights(vec![0.0; 5], 2, train).is_err());
    }
}
