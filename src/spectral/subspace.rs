//! The leading singular vectors of the normalised interactions by block iteration from a random start:
//! orthonormalise, Rayleigh-Ritz, check the residuals, amplify.
//!
//! Singular values of interaction logs fall slowly (on Gowalla the 512th is .444, the 600th .435), so plain powers
//! would take hundreds of products. A Chebyshev polynomial of the same degree tells the wanted part from the rest
//! several times better (Zhou, Saad et al. 2006).

use nalgebra::DMatrix;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::dense::{eigen, inner, turn, whitening};
use super::{CoOccurrence, SpectralError, Step};

/// Vectors beyond those asked for make the last ones converge; a quarter more, and at least this many.
const SPARE_VECTORS: usize = 16;
/// Rounds at most; Gowalla takes 9 (GF-CF) and 10 (ChebyCF).
const ROUNDS_MAX: usize = 60;
/// From this round on the best vectors so far are kept, should the tolerance not be reached. A copy costs memory, and
/// most spectra have long converged.
const FIRST_KEPT_ROUND: usize = 40;
/// The highest degree of the polynomial.
const DEGREE_MAX: usize = 16;
/// Columns multiplied together: one piece of parallel work.
const COLUMNS: usize = 64;
/// No direction grows by more than the exponential of this at once: the squares of its numbers are to fit single
/// precision.
const GROWTH_MAX: f64 = 44.0;
/// Residuals cannot be told from rounding below this.
const ROUNDING: f64 = 1e-6;
/// Singular values below this share of the largest cannot be told from 0 in single precision.
const SMALLEST_SHARE: f64 = 1e-3;

/// A request for leading singular vectors.
#[derive(Debug, Clone, Copy)]
pub struct SpectrumRequest {
    /// How many singular vectors.
    pub n_vectors: usize,
    /// The largest residual `|R̃ᵀu - s v|` of a vector, with `u = R̃v / s`; the largest singular value is 1. A spectrum
    /// that does not come so far in the rounds there are is less exact, and its residual says so.
    pub tolerance: f64,
    /// The seed of the random start.
    pub seed: u64,
}

/// Leading singular values and right singular vectors of `R̃`.
#[derive(Debug, Clone, PartialEq)]
pub struct Spectrum {
    /// The values, falling; fewer than asked for where there are no more that differ from 0.
    pub values: Vec<f32>,
    /// The vectors as columns, `[n_items, values.len()]`, row-major.
    pub vectors: Vec<f32>,
    /// The largest residual.
    pub residual: f64,
    /// The rounds it took.
    pub rounds: usize,
}

/// The block between two rounds: orthonormal columns, the most important first.
#[derive(Clone)]
struct Block {
    columns: Vec<f32>,
    width: usize,
    /// Squares of singular values, as the block sees them.
    squares: Vec<f64>,
}

/// The leading singular vectors of the graph's `R̃`, or the best found where they do not reach the tolerance; a function
/// of the graph and the request alone. `stop` is asked once a round.
///
/// # Errors
/// When `stop` says so.
pub fn leading_vectors(
    graph: &CoOccurrence,
    request: SpectrumRequest,
    stop: &dyn Fn() -> bool,
) -> Result<Spectrum, SpectralError> {
    let n_items = graph.n_items();
    let wanted = request.n_vectors.min(n_items).min(graph.n_users());
    let mut best = Spectrum {
        values: Vec::new(),
        vectors: Vec::new(),
        residual: 0.0,
        rounds: 0,
    };
    if wanted == 0 {
        return Ok(best);
    }
    let mut width = (wanted + (wanted / 4).max(SPARE_VECTORS)).min(n_items);
    let mut rng = ChaCha8Rng::seed_from_u64(request.seed);
    let mut columns: Vec<f32> = (0..n_items * width)
        .map(|_| rng.random_range(-1.0..1.0))
        .collect();
    for round in 1..=ROUNDS_MAX {
        if stop() {
            return Err(SpectralError::Stopped);
        }
        let mut block = Block::new(graph, columns, width);
        let kept = block.n_nonzero(wanted);
        let residuals = block.residuals(graph, kept);
        let largest = residuals.iter().copied().fold(0.0, f64::max);
        if largest <= request.tolerance || round == ROUNDS_MAX && !best.is_better(kept, largest) {
            return Ok(block.into_spectrum(kept, largest, round));
        }
        if round >= FIRST_KEPT_ROUND && !best.is_better(kept, largest) {
            best = block.clone().into_spectrum(kept, largest, round);
        }
        block.amplify(graph, &residuals);
        (columns, width) = (block.columns, block.width);
    }
    best.rounds = ROUNDS_MAX;
    Ok(best)
}

impl Spectrum {
    /// Whether it has more vectors than `kept`, or as many that are more exact than `residual`.
    fn is_better(&self, kept: usize, residual: f64) -> bool {
        let n = self.values.len();
        n > kept || n == kept && self.residual < residual
    }
}

impl Block {
    /// Orthonormalises the columns and turns them towards the eigenvectors of `P` within their span.
    fn new(graph: &CoOccurrence, mut columns: Vec<f32>, mut width: usize) -> Self {
        let first = whitening(&inner(&columns, width, &columns, width));
        turn(&mut columns, width, &first);
        width = first.ncols();
        // The second turn, which comes with the Ritz vectors, removes what skewness the first one left.
        let second = whitening(&inner(&columns, width, &columns, width));
        let mut projected = DMatrix::zeros(width, width);
        for group in groups(width) {
            for (panel, product) in computed(&columns, width, &group, |x| apply(graph, x)) {
                let part = inner(&columns, width, &product, panel.width);
                projected
                    .columns_mut(panel.start, panel.width)
                    .copy_from(&part);
            }
        }
        let (squares, vectors) = eigen(second.transpose() * projected * &second);
        turn(&mut columns, width, &(second * vectors));
        Self {
            width: squares.len(),
            columns,
            squares: squares.iter().map(|&square| square.max(0.0)).collect(),
        }
    }

    /// How many of the first `wanted` singular values differ from 0.
    fn n_nonzero(&self, wanted: usize) -> usize {
        let smallest = self.squares[0] * SMALLEST_SHARE * SMALLEST_SHARE;
        let nonzero = |&&square: &&f64| square > smallest;
        self.squares.iter().take(wanted).take_while(nonzero).count()
    }

    /// `|R̃ᵀu - s v| = |P v - s² v| / s` of the first `kept` columns.
    fn residuals(&self, graph: &CoOccurrence, kept: usize) -> Vec<f64> {
        let mut residuals = Vec::with_capacity(self.width);
        for group in groups(kept) {
            for (panel, product) in computed(&self.columns, self.width, &group, |x| apply(graph, x))
            {
                let squares = &self.squares[panel.start..][..panel.width];
                let mut sums = vec![0.0; panel.width];
                let rows = product.chunks_exact(panel.width);
                for (product, row) in rows.zip(panel.values.chunks_exact(panel.width)) {
                    for (at, sum) in sums.iter_mut().enumerate() {
                        let error = f64::from(product[at]) - squares[at] * f64::from(row[at]);
                        *sum += error * error;
                    }
                }
                let norms = sums
                    .iter()
                    .zip(squares)
                    .map(|(sum, square)| (sum / square).sqrt());
                residuals.extend(norms);
            }
        }
        residuals.truncate(kept);
        residuals
    }

    /// Multiplies every column by the Chebyshev polynomial that is at most 1 on the unwanted part of the spectrum
    /// and grows beyond it.
    fn amplify(&mut self, graph: &CoOccurrence, residuals: &[f64]) {
        // The last Ritz value is the best guess of where the unwanted part begins.
        let smallest = self.squares[0] * SMALLEST_SHARE * SMALLEST_SHARE;
        let cut = self.squares[self.width - 1].max(smallest);
        let degree = self.degree(cut, residuals);
        for group in groups(self.width) {
            let amplified = computed(&self.columns, self.width, &group, |x| {
                chebyshev(graph, x, cut, degree)
            });
            for (panel, values) in amplified {
                let rows = self.columns.chunks_exact_mut(self.width);
                for (row, values) in rows.zip(values.chunks_exact(panel.width)) {
                    row[panel.start..][..panel.width].copy_from_slice(values);
                }
            }
        }
    }

    /// The highest degree at which no direction leaves the range of numbers, or outgrows the last wanted one by more than
    /// it is already known better: otherwise what is left of it in the other columns would drown them.
    fn degree(&self, cut: f64, residuals: &[f64]) -> usize {
        let angle = |square: f64| (2.0 * square / cut - 1.0).max(1.0).acosh();
        let Some(last) = residuals.len().checked_sub(1) else {
            return 1;
        };
        let last = angle(self.squares[last]);
        let largest = angle(self.squares[0]);
        let safe = |&degree: &usize| {
            if degree as f64 * largest > GROWTH_MAX {
                return false;
            }
            let mut known = residuals.iter().zip(&self.squares);
            known.all(|(&residual, &square)| {
                // ln cosh x is x - ln 2 for large x, and both sides lose the same.
                let growth = degree as f64 * (angle(square) - last);
                growth <= -residual.max(ROUNDING).ln()
            })
        };
        (1..=DEGREE_MAX).take_while(safe).last().unwrap_or(1)
    }

    fn into_spectrum(mut self, kept: usize, residual: f64, rounds: usize) -> Spectrum {
        let first = DMatrix::identity(self.width, kept);
        turn(&mut self.columns, self.width, &first);
        let values = self.squares[..kept].iter();
        Spectrum {
            values: values.map(|square| square.sqrt() as f32).collect(),
            vectors: self.columns,
            residual,
            rounds,
        }
    }
}

/// Some columns of a table, cut out.
struct Panel {
    start: usize,
    width: usize,
    values: Vec<f32>,
}

impl Panel {
    fn cut(table: &[f32], width: usize, start: usize) -> Self {
        let n = COLUMNS.min(width - start);
        let rows = table.chunks_exact(width);
        Self {
            start,
            width: n,
            values: rows
                .flat_map(|row| &row[start..start + n])
                .copied()
                .collect(),
        }
    }
}

/// Where the panels of the first `n` columns start, as many at a time as there are threads.
fn groups(n: usize) -> Vec<Vec<usize>> {
    let starts: Vec<usize> = (0..n).step_by(COLUMNS).collect();
    let threads = rayon::current_num_threads();
    starts.chunks(threads).map(<[usize]>::to_vec).collect()
}

/// Some panels of a table, each with what `compute` makes of it.
fn computed(
    table: &[f32],
    width: usize,
    starts: &[usize],
    compute: impl Fn(&Panel) -> Vec<f32> + Sync,
) -> Vec<(Panel, Vec<f32>)> {
    let one = |&start: &usize| {
        let panel = Panel::cut(table, width, start);
        let result = compute(&panel);
        (panel, result)
    };
    starts.par_iter().map(one).collect()
}

/// `P x`.
fn apply(graph: &CoOccurrence, x: &Panel) -> Vec<f32> {
    let step = Step {
        slope: 1.0,
        shift: 0.0,
    };
    let mut out = vec![0.0; x.values.len()];
    let mut at_users = Vec::new();
    graph.to_users(&x.values, x.width, &mut at_users);
    graph.recur(step, &at_users, &x.values, &mut out, x.width);
    out
}

/// `T_degree(2 P / cut - 1) x`.
fn chebyshev(graph: &CoOccurrence, x: &Panel, cut: f64, degree: usize) -> Vec<f32> {
    let slope = (2.0 / cut) as f32;
    let first = Step { slope, shift: -1.0 };
    let next = Step {
        slope: 2.0 * slope,
        shift: -2.0,
    };
    let mut at_users = Vec::new();
    let mut before = x.values.clone();
    let mut current = vec![0.0; x.values.len()];
    graph.to_users(&before, x.width, &mut at_users);
    graph.recur(first, &at_users, &before, &mut current, x.width);
    for _ in 1..degree {
        graph.to_users(&current, x.width, &mut at_users);
        graph.recur(next, &at_users, &current, &mut before, x.width);
        std::mem::swap(&mut before, &mut current);
    }
    current
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
