//! iALS: matrix factorisation of implicit feedback by alternating least squares (Hu, Koren and Volinsky 2008; with the
//! settings of Rendle et al., RecSys 2022).
//!
//! The factors minimise `sum_S (1 - w.h)^2 + alpha sum_all (w.h)^2 + l2 sum_u r_u |w_u|^2 + l2 sum_i r_i |h_i|^2`, where `S`
//! are the interactions, `all` is every pair of a user and an item, and `r_u = (|S_u| + alpha n_items)^power`.

mod shares;
mod side;
#[cfg(test)]
mod tests;

use std::sync::OnceLock;

use rayon::prelude::*;
use sagebrush_model::{ScoreHead, mix};

use super::tables::Tables;
use crate::config::IalsSettings;
use crate::data::{Csr, ItemLists};
use side::{Scratch, Side};

/// Rows that one thread takes at a time.
const ROWS: usize = 16;
/// Deviation of the first vectors' lengths.
const START: f64 = 0.1;

/// What the factors minimise, and how.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct IalsConfig {
    /// Width of a vector.
    pub dim: usize,
    /// Weight of every pair, beside 1 for the interactions.
    pub alpha: f64,
    /// Weight of the L2 penalty.
    pub l2: f64,
    /// Power of the frequencies that the penalty is scaled by: 0 for none.
    pub l2_power: f64,
    /// Times that items and then users are solved.
    pub iterations: usize,
}

impl From<&IalsSettings> for IalsConfig {
    fn from(settings: &IalsSettings) -> Self {
        Self {
            dim: settings.dim,
            alpha: settings.alpha,
            l2: settings.l2,
            l2_power: settings.l2_power,
            iterations: settings.iterations,
        }
    }
}

impl IalsConfig {
    /// The weight of the penalty of somebody with a history of so many among so many others.
    fn ridge(&self, n_history: usize, n_others: usize) -> f64 {
        let frequency = n_history as f64 + self.alpha * n_others as f64;
        self.l2 * frequency.powf(self.l2_power)
    }
}

/// Errors of a factorisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IalsError {
    /// A stop was asked for.
    Stopped,
    /// Vectors that are not numbers.
    NotFinite,
}

/// The factors of the training lists: those of the users are the best for those of the items. A function of the arguments
/// alone, whatever the number of threads. `after_each` is called with each iteration, and may stop it by `false`.
///
/// # Errors
/// A stop; settings so small that numbers overflow.
///
/// # Panics
/// When an item is not below `n_items`.
pub fn factorize(
    train: &ItemLists,
    n_items: usize,
    config: &IalsConfig,
    seed: u64,
    after_each: &dyn Fn(usize) -> bool,
) -> Result<Tables, IalsError> {
    let (dim, by_item) = (config.dim, train.users_by_item(n_items));
    let mut users = start(train.n_users(), dim, seed);
    let mut items = vec![0.0; n_items * dim];
    for iteration in 0..config.iterations {
        solve_all(&by_item, &Side::new(&users, dim, config), &mut items);
        solve_all(train.rows(), &Side::new(&items, dim, config), &mut users);
        if !users.iter().chain(&items).all(|value| value.is_finite()) {
            return Err(IalsError::NotFinite);
        }
        if !after_each(iteration) {
            return Err(IalsError::Stopped);
        }
    }
    let tables = Tables::new(train.n_users(), n_items, dim, users, items, ScoreHead::Dot);
    Ok(tables.unwrap_or_else(|error| unreachable!("tables of these sizes: {error}")))
}

/// The first vectors: numbers that look random, of a deviation that makes their lengths [`START`].
fn start(n_rows: usize, dim: usize, seed: u64) -> Vec<f32> {
    let seed = mix(seed);
    // A uniform number in [-1, 1) has the deviation 1 / sqrt(3).
    let scale = START * (3.0 / dim as f64).sqrt();
    let value = |at: usize| {
        let draw = mix(seed.wrapping_add(at as u64)) >> 11;
        let uniform = draw as f64 / (1u64 << 52) as f64 - 1.0;
        (scale * uniform) as f32
    };
    (0..n_rows * dim).into_par_iter().map(value).collect()
}

/// The best vector of each row of `histories`, `[n_rows, dim]`.
fn solve_all(histories: &Csr, side: &Side, out: &mut [f32]) {
    let dim = out.len() / histories.n_rows().max(1);
    let pieces = out.par_chunks_mut((ROWS * dim).max(1)).enumerate();
    pieces.for_each_init(Scratch::default, |scratch, (piece, rows)| {
        for (at, out) in rows.chunks_exact_mut(dim).enumerate() {
            side.solve(histories.row((piece * ROWS + at) as u32), scratch, out);
        }
    });
}

/// Gives somebody new the vector that training would have given: the best for the items there are.
#[derive(Debug)]
pub(super) struct IalsFoldIn {
    config: IalsConfig,
    /// Made of the items when the first history is asked for, and kept.
    items: OnceLock<Side>,
}

/// For other items: nothing that was made of these is taken along.
impl Clone for IalsFoldIn {
    fn clone(&self) -> Self {
        Self::new(self.config)
    }
}

impl IalsFoldIn {
    /// For the tables of a factorisation with these settings.
    pub(super) fn new(config: IalsConfig) -> Self {
        let items = OnceLock::new();
        Self { config, items }
    }

    /// The same items with a user for each of `histories`.
    pub(super) fn place(&self, tables: &Tables, histories: &ItemLists) -> Tables {
        let mut users = vec![0.0; histories.n_users() * tables.own_dim()];
        solve_all(histories.rows(), self.side_of(tables), &mut users);
        tables.with_users(users)
    }

    /// What each item of a history adds to the scores of the `listed` ones for the user whom [`place`](Self::place) makes of
    /// it, a row for each of these; `None` where the numbers overflow.
    pub(super) fn shares(
        &self,
        tables: &Tables,
        history: &[u32],
        listed: &[u32],
    ) -> Option<Vec<Vec<f64>>> {
        self.side_of(tables).shares(history, listed)
    }

    fn side_of(&self, tables: &Tables) -> &Side {
        let make = || Side::new(&tables.own_items(), tables.own_dim(), &self.config);
        self.items.get_or_init(make)
    }
}
