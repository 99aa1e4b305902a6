//! One side of the factors, fixed, and the best vector for anybody with some of its rows: a weighted ridge regression.

use sagebrush_model::{SOLVE_LANES, add_gram, solve_positive};

use super::IalsConfig;
use crate::spectral::{falling_eigen, inner, turn};

/// Rows gathered at once, so that they stay in the cache.
const ROWS: usize = 256;

/// Vectors of items (or users) `h`, turned so that `HᵀH` is diagonal. The best vector `w` for somebody with the rows `S`
/// minimises `sum_S (1 - w.h)^2 + alpha sum_all (w.h)^2 + ridge |w|^2`, so
/// `(sum_S h hᵀ + alpha HᵀH + ridge I) w = sum_S h`. With the diagonal `D = alpha HᵀH + ridge I` a short history is solved
/// by its own length: `w = D^-1 H_Sᵀ (I + H_S D^-1 H_Sᵀ)^-1 1`.
#[derive(Debug)]
pub(super) struct Side {
    dim: usize,
    /// Columns of the turned rows: `dim` and zeros, up to whole lanes.
    pub(super) width: usize,
    /// `H Q`, `[n_rows, width]`.
    rows: Vec<f32>,
    /// The diagonal of `HᵀH` turned, `[width]`.
    squares: Vec<f64>,
    /// `Qᵀ`, `[dim, dim]`.
    back: Vec<f32>,
    config: IalsConfig,
}

/// Tables of one system, reused from row to row.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    gathered: Vec<f32>,
    system: Vec<f32>,
    solution: Vec<f32>,
    scales: Vec<f32>,
}

impl Side {
    /// The side of these rows, `[n, dim]`.
    pub(super) fn new(table: &[f32], dim: usize, config: &IalsConfig) -> Self {
        let gram = inner(table, dim, table, dim);
        let (values, vectors) = falling_eigen((&gram + gram.transpose()) * 0.5);
        let width = dim.next_multiple_of(SOLVE_LANES);
        let mut turned = table.to_vec();
        turn(&mut turned, dim, &vectors);
        let rows = match width > dim {
            true => padded(&turned, dim, width),
            false => turned,
        };
        let mut squares: Vec<f64> = values.iter().map(|value| value.max(0.0)).collect();
        squares.resize(width, 0.0);
        Self {
            dim,
            width,
            rows,
            squares,
            // Columns of Q are rows of its transpose.
            back: vectors.iter().map(|&value| value as f32).collect(),
            config: *config,
        }
    }

    /// How many rows there are.
    pub(super) fn n_rows(&self) -> usize {
        self.rows.len() / self.width
    }

    /// Writes the best vector for somebody with some of the rows to `out`: zeros for none of them, NaN where the numbers
    /// overflow.
    pub(super) fn solve(&self, history: &[u32], scratch: &mut Scratch, out: &mut [f32]) {
        if history.is_empty() {
            return out.fill(0.0);
        }
        let diagonal = self.diagonal(history.len());
        let is_solved = match history.len() < self.width {
            true => self.solve_by_history(history, diagonal, scratch),
            false => self.solve_by_column(history, diagonal, scratch),
        };
        out.fill(if is_solved { 0.0 } else { f32::NAN });
        let solution = &scratch.solution[..self.dim];
        for (&value, row) in solution.iter().zip(self.back.chunks_exact(self.dim)) {
            for (out, &turned) in out.iter_mut().zip(row) {
                *out += value * turned;
            }
        }
    }

    /// `D` of somebody with so many of the rows, `[width]`.
    pub(super) fn diagonal(&self, n_history: usize) -> impl Iterator<Item = f64> + '_ {
        let ridge = self.config.ridge(n_history, self.n_rows());
        let squares = self.squares.iter();
        squares.map(move |square| self.config.alpha * square + ridge)
    }

    /// A row, turned: `[width]`.
    pub(super) fn row(&self, at: u32) -> &[f32] {
        &self.rows[at as usize * self.width..][..self.width]
    }

    /// A system as wide as the history is long.
    fn solve_by_history(
        &self,
        history: &[u32],
        diagonal: impl Iterator<Item = f64>,
        scratch: &mut Scratch,
    ) -> bool {
        let Scratch {
            gathered,
            system,
            solution,
            scales,
        } = scratch;
        let n = history.len().next_multiple_of(SOLVE_LANES);
        scales.clear();
        scales.extend(diagonal.map(|value| value.sqrt().recip() as f32));
        // By columns, so that the system is a sum of outer products; places beyond the history stay zeros.
        gathered.clear();
        gathered.resize(self.width * n, 0.0);
        for (at, &row) in history.iter().enumerate() {
            for ((column, value), scale) in self.row(row).iter().enumerate().zip(&*scales) {
                gathered[column * n + at] = value * scale;
            }
        }
        system.clear();
        system.resize(n * n, 0.0);
        add_gram(gathered, n, system);
        for at in 0..n {
            system[at * n + at] += 1.0;
        }
        let mut weights = vec![0.0; n];
        weights[..history.len()].fill(1.0);
        let is_solved = solve_positive(system, &mut weights);
        solution.clear();
        let columns = gathered.chunks_exact(n).zip(&*scales);
        solution.extend(columns.map(|(column, scale)| {
            let products = column.iter().zip(&weights);
            scale * products.map(|(value, weight)| value * weight).sum::<f32>()
        }));
        is_solved
    }

    /// A system as wide as a row.
    fn solve_by_column(
        &self,
        history: &[u32],
        diagonal: impl Iterator<Item = f64>,
        scratch: &mut Scratch,
    ) -> bool {
        let width = self.width;
        let Scratch {
            gathered,
            system,
            solution,
            ..
        } = scratch;
        system.clear();
        system.resize(width * width, 0.0);
        solution.clear();
        solution.resize(width, 0.0);
        for rows in history.chunks(ROWS) {
            gathered.clear();
            for &row in rows {
                let row = self.row(row);
                gathered.extend_from_slice(row);
                solution.iter_mut().zip(row).for_each(|(sum, x)| *sum += x);
            }
            add_gram(gathered, width, system);
        }
        for (at, value) in diagonal.enumerate() {
            system[at * width + at] += value as f32;
        }
        solve_positive(system, solution)
    }
}

fn padded(rows: &[f32], from: usize, to: usize) -> Vec<f32> {
    let mut padded = vec![0.0; rows.len() / from * to];
    for (row, values) in padded.chunks_exact_mut(to).zip(rows.chunks_exact(from)) {
        row[..from].copy_from_slice(values);
    }
    padded
}
