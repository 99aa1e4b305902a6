//! Computes a vector for a user who is not in the log, from the items of a history.
//!
//! `z = Wᵀ sum_i v_i / sqrt(n)` over the history's `n` items, where `W` takes the same sums of the known users closest
//! to the vectors they were trained to: a regularised least squares. Any model and any score head has the tables it
//! needs. Of this, sums, means over co-users and weighted least squares for each user (iALS), it alone ranked the
//! validation items of known users about as well as their own vectors did on all of seven runs of MF, LightGCN and NGCF.

use std::sync::OnceLock;

use nalgebra::{Cholesky, DMatrix};

use super::ials::{IalsConfig, IalsFoldIn};
use super::score_source::ScoreSource;
use super::tables::{Tables, TablesError, expect_size};
use crate::data::ItemLists;
use crate::failure::{Fails, Failure};

/// Weight of the regularisation, as a share of the mean eigenvalue of the known users' sums.
pub(crate) const RIDGE: f64 = 1e-3;
/// Users summed together.
const USERS: usize = 256;

/// Vectors of all zeros, or of values that are not numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the model's vectors are all zeros or not numbers, so no new user can be given one; train it again"
)]
pub struct FoldInError;

/// `W`, the map from sums of item vectors to user vectors.
#[derive(Debug, Clone, PartialEq)]
pub struct FoldInMap {
    dim: usize,
    /// `[dim x dim]`, row-major.
    values: Vec<f64>,
}

impl FoldInMap {
    /// Fits the map to the known users of `tables`, who were trained on the items of `train`, in one pass over them.
    ///
    /// # Errors
    /// When the tables hold nothing to go by.
    ///
    /// # Panics
    /// When the lists name users or items that the tables do not have.
    pub fn fit(tables: &Tables, train: &ItemLists) -> Result<Self, FoldInError> {
        let dim = tables.own_dim();
        let known: Vec<u32> = (0..tables.n_users() as u32)
            .filter(|&user| !train.of(user).is_empty())
            .collect();
        let mut gram = DMatrix::zeros(dim, dim);
        let mut against = DMatrix::zeros(dim, dim);
        for users in known.chunks(USERS) {
            let sums: Vec<Vec<f64>> = users
                .iter()
                .map(|&user| sum(tables, train.of(user)))
                .collect();
            let from = DMatrix::from_fn(users.len(), dim, |row, column| sums[row][column]);
            let to = DMatrix::from_fn(users.len(), dim, |row, column| {
                f64::from(tables.users()[users[row] as usize * tables.dim() + column])
            });
            gram.gemm_tr(1.0, &from, &from, 1.0);
            against.gemm_tr(1.0, &from, &to, 1.0);
        }
        let ridge = RIDGE * gram.trace() / dim as f64;
        for at in 0..dim {
            gram[(at, at)] += ridge;
        }
        let factors = Cholesky::new(gram).ok_or(FoldInError)?;
        let weights = factors.solve(&against);
        Ok(Self {
            dim,
            values: weights.transpose().as_slice().to_vec(),
        })
    }

    /// A map that was fitted before to these tables: `values` is `[dim x dim]`, row-major.
    ///
    /// # Errors
    /// When it has another size.
    pub fn from_values(tables: &Tables, values: Vec<f64>) -> Result<Self, TablesError> {
        let dim = tables.own_dim();
        expect_size("the fold-in map", values.len(), dim * dim)?;
        Ok(Self { dim, values })
    }

    /// Width of a vector.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// `[dim x dim]`, row-major.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// What each item of a history adds to the scores of the `listed` ones for the user with that history, a row for each
    /// of these: `v_i . W v_j / sqrt(n)`.
    fn shares(&self, tables: &Tables, history: &[u32], listed: &[u32]) -> Vec<Vec<f64>> {
        let (side, dim) = (tables.item_side(), self.dim);
        let share = 1.0 / (history.len().max(1) as f64).sqrt();
        let of_listed = |&item: &u32| {
            let listed = side.own_row(item);
            let rows = self.values.chunks_exact(dim);
            let seen: Vec<f64> = rows.map(|row| share * product(row, listed)).collect();
            let items = history.iter();
            items
                .map(|&item| product(&seen, side.own_row(item)))
                .collect()
        };
        listed.iter().map(of_listed).collect()
    }

    /// Appends the vector of a user with the items of `history`.
    fn place(&self, tables: &Tables, history: &[u32], vectors: &mut Vec<f32>) {
        let mut placed = vec![0.0; self.dim];
        let rows = self.values.chunks_exact(self.dim);
        for (value, row) in sum(tables, history).into_iter().zip(rows) {
            for (placed, weight) in placed.iter_mut().zip(row) {
                *placed += weight * value;
            }
        }
        vectors.extend(placed.iter().map(|&value| value as f32));
    }
}

/// Where the map of a model comes from.
#[derive(Debug, Clone)]
pub struct FoldIn(Origin);

#[derive(Debug, Clone)]
enum Origin {
    Known(FoldInMap),
    Ials(IalsFoldIn),
    Training {
        train: ItemLists,
        fitted: OnceLock<Result<FoldInMap, FoldInError>>,
    },
}

impl FoldIn {
    /// By a map that was fitted when the model was trained.
    pub fn known(map: FoldInMap) -> Self {
        Self(Origin::Known(map))
    }

    /// By a map that is fitted to the training lists when the first history is asked for, and kept.
    pub fn of_training(train: ItemLists) -> Self {
        let fitted = OnceLock::new();
        Self(Origin::Training { train, fitted })
    }

    /// By the least squares that the tables of iALS come from: exact, without a map.
    pub fn of_ials(config: IalsConfig) -> Self {
        Self(Origin::Ials(IalsFoldIn::new(config)))
    }

    /// Whether it gives a known history the vector that training gave its user.
    pub(super) fn is_exact(&self) -> bool {
        matches!(self.0, Origin::Ials(_))
    }

    /// How many users the training lists have that a map is yet to be fitted to.
    pub(super) fn n_training_users(&self) -> Option<usize> {
        match &self.0 {
            Origin::Known(_) | Origin::Ials(_) => None,
            Origin::Training { train, .. } => Some(train.n_users()),
        }
    }

    /// The same items with a user for each of `histories`.
    ///
    /// # Errors
    /// When the tables hold nothing to go by.
    ///
    /// # Panics
    /// When the lists name items that the tables do not have.
    pub(super) fn place(
        &self,
        tables: &Tables,
        histories: &ItemLists,
    ) -> Result<Tables, FoldInError> {
        let map = match &self.0 {
            Origin::Ials(fold_in) => return Ok(fold_in.place(tables, histories)),
            Origin::Known(map) => map,
            Origin::Training { train, fitted } => fitted_map(tables, train, fitted)?,
        };
        let mut vectors = Vec::with_capacity(histories.n_users() * tables.own_dim());
        for user in 0..histories.n_users() as u32 {
            map.place(tables, histories.of(user), &mut vectors);
        }
        Ok(tables.with_users(vectors))
    }

    /// What each item of a history adds to the scores of the `listed` ones for the user whom [`place`](Self::place) makes of
    /// it, without the prior: a row for each of these.
    ///
    /// # Errors
    /// When the tables hold nothing to go by.
    ///
    /// # Panics
    /// When the tables do not have one of the items.
    pub(super) fn shares(
        &self,
        tables: &Tables,
        history: &[u32],
        listed: &[u32],
    ) -> Result<Vec<Vec<f64>>, FoldInError> {
        let map = match &self.0 {
            Origin::Ials(fold_in) => {
                let shares = fold_in.shares(tables, history, listed);
                return shares.ok_or(FoldInError);
            }
            Origin::Known(map) => map,
            Origin::Training { train, fitted } => fitted_map(tables, train, fitted)?,
        };
        Ok(map.shares(tables, history, listed))
    }
}

/// The map that is fitted once.
fn fitted_map<'a>(
    tables: &Tables,
    train: &ItemLists,
    fitted: &'a OnceLock<Result<FoldInMap, FoldInError>>,
) -> Result<&'a FoldInMap, FoldInError> {
    let fitted = fitted.get_or_init(|| FoldInMap::fit(tables, train));
    fitted.as_ref().map_err(|&error| error)
}

/// The inner product of a row of the map with a vector.
fn product(row: &[f64], vector: &[f32]) -> f64 {
    let pairs = row.iter().zip(vector);
    pairs.map(|(a, &b)| a * f64::from(b)).sum()
}

/// `sum_i v_i / sqrt(n)` over the `n` items of a history.
fn sum(tables: &Tables, history: &[u32]) -> Vec<f64> {
    let share = 1.0 / (history.len().max(1) as f64).sqrt();
    let mut sum = vec![0.0; tables.own_dim()];
    for &item in history {
        for (sum, &value) in sum.iter_mut().zip(tables.item_side().own_row(item)) {
            *sum += share * f64::from(value);
        }
    }
    sum
}

impl Fails for FoldInError {
    fn failure(&self) -> Failure {
        Failure::BadData
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::inference::ScoreHead;

    const DIM: usize = 3;

    fn items() -> Vec<f32> {
        (0..20 * DIM)
            .map(|at| ((at * 37 % 19) as f32 - 9.0) / 9.0)
            .collect()
    }

    fn train() -> ItemLists {
        let pairs = (0..40u32)
            .flat_map(|user| (0..2 + user % 5).map(move |at| (user, (user * 3 + at * 7) % 20)));
        ItemLists::from_pairs(40, pairs)
    }

    /// Users whose vectors are a linear function of their histories are found again.
    #[test]
    fn known_users_come_back() {
        let (items, train) = (items(), train());
        let turned = |history: &[u32]| -> Vec<f32> {
            let sum = |column: usize| -> f32 {
                let values = history
                    .iter()
                    .map(|&item| items[item as usize * DIM + column]);
                values.sum::<f32>() / (history.len() as f32).sqrt()
            };
            vec![sum(1) * 2.0, sum(0) - sum(2), sum(2) * 0.5]
        };
        let users: Vec<f32> = (0..40).flat_map(|user| turned(train.of(user))).collect();
        let tables = Tables::new(40, 20, DIM, users.clone(), items.clone(), ScoreHead::Dot);
        let tables = tables.unwrap();
        let fold_in = FoldIn::of_training(train.clone());
        let found = fold_in.place(&tables, &train).unwrap();
        for (found, expected) in found.users().iter().zip(&users) {
            assert!((found - expected).abs() < 0.05, "{found} is not {expected}");
        }
        let stranger = ItemLists::from_pairs(1, [(0, 4), (0, 11)].into_iter());
        let found = fold_in.place(&tables, &stranger).unwrap();
        assert_eq!((found.n_users(), found.n_items()), (1, 20));
        for (found, expected) in found.users().iter().zip(turned(&[4, 11])) {
            assert!((found - expected).abs() < 0.05, "{found} is not {expected}");
        }
    }

    /// Version 0.1 multiplied the row of sums by the map with nalgebra, and fitted the map for each call.
    #[test]
    fn a_kept_map_gives_the_bits_of_fitting_for_each_call() {
        let (tables, train) = (Tables::random(300, 120, 24), wide_train());
        let map = FoldInMap::fit(&tables, &train).unwrap();
        let weights = DMatrix::from_row_slice(24, 24, map.values());
        let kept = FoldInMap::from_values(&tables, map.values().to_vec()).unwrap();
        let kept = FoldIn::known(kept);
        for user in 0..40 {
            let history = ItemLists::from_pairs(1, train.of(user).iter().map(|&item| (0, item)));
            let sums = DMatrix::from_row_slice(1, 24, &sum(&tables, train.of(user)));
            let expected = (sums * &weights).map(|value| (value as f32).to_bits());
            let fitted = FoldIn::of_training(train.clone());
            for fold_in in [&kept, &fitted] {
                let found = fold_in.place(&tables, &history).unwrap();
                let found: Vec<u32> = found.users().iter().map(|value| value.to_bits()).collect();
                assert_eq!(found, expected.as_slice());
            }
        }
        assert!(FoldInMap::from_values(&tables, vec![0.0; 24]).is_err());
    }

    fn wide_train() -> ItemLists {
        let pairs = (0..300u32)
            .flat_map(|user| (0..2 + user % 17).map(move |at| (user, (user * 31 + at * 7) % 120)));
        ItemLists::from_pairs(300, pairs)
    }

    #[test]
    fn tables_of_zeros_are_refused() {
        let tables = Tables::new(40, 20, 1, vec![0.0; 40], vec![0.0; 20], ScoreHead::Dot);
        let fold_in = FoldIn::of_training(train());
        assert_eq!(
            fold_in.place(&tables.unwrap(), &train()).unwrap_err(),
            FoldInError
        );
    }
}
