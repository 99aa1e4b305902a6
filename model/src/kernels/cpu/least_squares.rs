//! Small systems of normal equations: sums of outer products of rows, and their solution by Cholesky's factors.

use super::isa::{Arithmetic, Isa, Kernel, run};
use super::small_product::{BLOCK_ROWS, block};

/// Columns updated together: widths are multiples of it.
pub const SOLVE_LANES: usize = 16;
/// Pivots eliminated together, so that what follows is read and written once for all of them.
const PIVOTS: usize = 4;

/// `out += rowsᵀ rows`, with `rows` of `[n, width]` and `out` of `[width, width]`, the width a multiple of [`SOLVE_LANES`].
/// What lies below the diagonal may be left out: it is what lies above.
///
/// # Panics
/// When the sizes do not fit.
pub fn add_gram(rows: &[f32], width: usize, out: &mut [f32]) {
    assert!(width.is_multiple_of(SOLVE_LANES) && rows.len().is_multiple_of(width));
    assert_eq!(out.len(), width * width);
    run(Isa::detect_fused(), AddGram { rows, width, out });
}

/// Solves `a x = b`, with `a` symmetric and positive definite; `b` becomes `x`, and `a` is overwritten. Both are `width`
/// wide, a multiple of [`SOLVE_LANES`]. `false`, with anything in `b`, where `a` is not positive definite.
///
/// # Panics
/// When the sizes do not fit.
#[must_use]
pub fn solve_positive(a: &mut [f32], b: &mut [f32]) -> bool {
    let width = b.len();
    assert!(width.is_multiple_of(SOLVE_LANES) && a.len() == width * width);
    let mut is_solved = false;
    let solved = &mut is_solved;
    run(Isa::detect_fused(), Solve { a, b, solved });
    is_solved
}

struct AddGram<'a> {
    rows: &'a [f32],
    width: usize,
    out: &'a mut [f32],
}

impl Kernel for AddGram<'_> {
    #[inline(always)]
    fn run<A: Arithmetic>(mut self) {
        for first in (0..self.width).step_by(SOLVE_LANES) {
            // Blocks of 64 columns are quick, and begin before the diagonal rather than leave some columns to narrow ones.
            let mut column = first / 64 * 64;
            while A::WIDE && column + 64 <= self.width {
                self.add::<A, 64>(first, column);
                column += 64;
            }
            column = column.max(first);
            while column < self.width {
                self.add::<A, 16>(first, column);
                column += 16;
            }
        }
    }
}

impl AddGram<'_> {
    /// `C` columns of the rows of lanes that begin at `first`, a few rows at a time.
    #[inline(always)]
    fn add<A: Arithmetic, const C: usize>(&mut self, first: usize, column: usize) {
        let (rows, width) = (self.rows, self.width);
        for row in (first..first + SOLVE_LANES).step_by(BLOCK_ROWS) {
            block::<A, true, BLOCK_ROWS, C>(rows, width, rows, width, (row, column), self.out);
        }
    }
}

/// `a = uᵀ u` in the upper triangle, row by row; then `uᵀ y = b` and `u x = y`.
struct Solve<'a> {
    a: &'a mut [f32],
    b: &'a mut [f32],
    solved: &'a mut bool,
}

impl Kernel for Solve<'_> {
    #[inline(always)]
    fn run<A: Arithmetic>(self) {
        let Self { a, b, solved } = self;
        let n = b.len();
        for first in (0..n).step_by(PIVOTS) {
            for pivot in first..first + PIVOTS {
                let (before, rest) = a.split_at_mut(pivot * n);
                let row = &mut rest[..n];
                for other in first..pivot {
                    let other = &before[other * n..][..n];
                    add::<A, 1>(row, [other], lanes_of(pivot), [-other[pivot]]);
                }
                let square = row[pivot];
                // A NaN is no positive number either.
                if !(square > 0.0 && square.is_finite()) {
                    *solved = false;
                    return;
                }
                let (scale, start) = (square.sqrt().recip(), lanes_of(pivot));
                // Zeros below the diagonal, so that whole lanes may be read.
                row[start..pivot].fill(0.0);
                for lanes in row[start..].as_chunks_mut::<SOLVE_LANES>().0 {
                    lanes.iter_mut().for_each(|value| *value *= scale);
                }
            }
            let (before, rest) = a.split_at_mut((first + PIVOTS) * n);
            let pivots: [&[f32]; PIVOTS] =
                std::array::from_fn(|at| &before[(first + at) * n..][..n]);
            for (at, row) in rest.chunks_exact_mut(n).enumerate() {
                let column = first + PIVOTS + at;
                let factors = pivots.map(|pivot| -pivot[column]);
                add::<A, PIVOTS>(row, pivots, lanes_of(column), factors);
            }
        }
        for pivot in 0..n {
            let (row, start) = (&a[pivot * n..][..n], lanes_of(pivot));
            let value = b[pivot] / row[pivot];
            add::<A, 1>(b, [row], start, [-value]);
            b[pivot] = value;
        }
        let mut x = vec![0.0; n];
        for pivot in (0..n).rev() {
            let (row, start) = (&a[pivot * n..][..n], lanes_of(pivot));
            let mut sums = [0.0; SOLVE_LANES];
            let known = x[start..].as_chunks::<SOLVE_LANES>().0;
            for (x, u) in known.iter().zip(row[start..].as_chunks::<SOLVE_LANES>().0) {
                for ((sum, x), u) in sums.iter_mut().zip(x).zip(u) {
                    *sum = A::multiply_add(*x, *u, *sum);
                }
            }
            x[pivot] = (b[pivot] - sums.iter().sum::<f32>()) / row[pivot];
        }
        b.copy_from_slice(&x);
        *solved = true;
    }
}

/// Where the lanes of a column begin.
#[inline(always)]
fn lanes_of(column: usize) -> usize {
    column / SOLVE_LANES * SOLVE_LANES
}

/// `row += sum of factor other` over a few rows, from the lanes at `start` on.
#[inline(always)]
fn add<A: Arithmetic, const N: usize>(
    row: &mut [f32],
    others: [&[f32]; N],
    start: usize,
    factors: [f32; N],
) {
    let others = others.map(|other| other[start..].as_chunks::<SOLVE_LANES>().0);
    let lanes = row[start..].as_chunks_mut::<SOLVE_LANES>().0;
    for (at, lanes) in lanes.iter_mut().enumerate() {
        let mut sums = *lanes;
        for (other, factor) in others.iter().zip(factors) {
            for (sum, value) in sums.iter_mut().zip(&other[at]) {
                *sum = A::multiply_add(factor, *value, *sum);
            }
        }
        *lanes = sums;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(at: usize) -> f32 {
        ((at * 7919 % 1013) as f32 - 506.0) / 500.0
    }

    /// Rows of a system, and its solution by elimination in double precision.
    #[test]
    fn the_solution_is_that_of_elimination() {
        for width in [16, 32, 48, 112] {
            let rows: Vec<f32> = (0..60 * width).map(number).collect();
            let mut a = vec![0.0; width * width];
            add_gram(&rows, width, &mut a);
            for at in 0..width {
                a[at * width + at] += 3.0;
            }
            let mut whole: Vec<f64> = (0..width * width)
                .map(|at| {
                    let (i, j) = (at / width, at % width);
                    let product = |row: &[f32]| f64::from(row[i]) * f64::from(row[j]);
                    let sum: f64 = rows.chunks(width).map(product).sum();
                    sum + if i == j { 3.0 } else { 0.0 }
                })
                .collect();
            for (at, (found, expected)) in a.iter().zip(&whole).enumerate() {
                let is_above = at / width <= at % width;
                assert!(!is_above || (f64::from(*found) - expected).abs() < 1e-4);
            }
            let mut b: Vec<f32> = (0..width).map(|at| number(at + 5)).collect();
            let mut x: Vec<f64> = b.iter().map(|&value| f64::from(value)).collect();
            for p in 0..width {
                for i in (0..width).filter(|&i| i != p) {
                    let factor = whole[i * width + p] / whole[p * width + p];
                    for j in p..width {
                        whole[i * width + j] -= factor * whole[p * width + j];
                    }
                    x[i] -= factor * x[p];
                }
            }
            assert!(solve_positive(&mut a, &mut b));
            for (at, found) in b.iter().enumerate() {
                let expected = x[at] / whole[at * width + at];
                let error = (f64::from(*found) - expected).abs();
                assert!(error < 1e-4, "{width}: {found} is not {expected}");
            }
        }
    }

    #[test]
    fn what_is_not_positive_definite_has_no_solution() {
        let mut a = vec![0.0; 256];
        for at in 0..16 {
            a[at * 17] = 1.0;
        }
        let mut b = vec![2.0; 16];
        assert!(solve_positive(&mut a.clone(), &mut b) && b == [2.0; 16]);
        a[17 * 9] = -1.0;
        assert!(!solve_positive(&mut a.clone(), &mut b));
        a[17 * 9] = f32::NAN;
        assert!(!solve_positive(&mut a, &mut b));
    }
}
