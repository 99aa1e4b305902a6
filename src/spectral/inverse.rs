//! The inverse of a large dense symmetric positive definite matrix, in place, by blocks.

use rayon::prelude::*;
use sagebrush_model::{MatrixView, multiply};

use super::SpectralError;

/// Rows and columns eliminated together.
const BLOCK: usize = 256;
/// Rows that one thread updates at a time.
const ROWS: usize = 128;
/// Columns updated at a time, so that a piece of the product stays in the cache.
const COLUMNS: usize = 1024;

/// Overwrites a symmetric positive definite matrix by its inverse: the lower triangle of `matrix`, `[n, n]` row-major, is
/// read, and all of it is written. Takes `n^3 / 2` multiply-adds and two panels of `n` by 256 floats beside the matrix.
///
/// The symmetric sweep of each block `K` of pivots leaves the inverse with the other sign behind it:
/// `A_KK <- -A_KK^-1`, `A_iK <- A_iK A_KK^-1`, `A_ij <- A_ij - A_iK A_KK^-1 A_Kj`. Each piece is computed by one thread, and
/// pieces depend on `n` alone, so the bits do not depend on the number of threads.
///
/// # Errors
/// A matrix that is not positive definite in single precision; `should_stop` said so.
///
/// # Panics
/// When the matrix is not square.
pub fn invert_positive(
    matrix: &mut [f32],
    n: usize,
    should_stop: &(dyn Fn() -> bool + Sync),
) -> Result<(), SpectralError> {
    assert_eq!(matrix.len(), n * n, "a square matrix");
    let mut panel = vec![0.0; n * BLOCK];
    let mut times_inverse = vec![0.0; n * BLOCK];
    for first in (0..n).step_by(BLOCK) {
        if should_stop() {
            return Err(SpectralError::Stopped);
        }
        let (last, width) = ((first + BLOCK).min(n), BLOCK.min(n - first));
        let inverse = inverse_of_block(matrix, n, first, width)?;
        let (panel, times_inverse) = (&mut panel[..n * width], &mut times_inverse[..n * width]);
        read_panel(matrix, n, first, width, panel);
        let inverse_view = MatrixView::new(&inverse, width);
        let rows = panel.par_chunks(ROWS * width);
        times_inverse
            .par_chunks_mut(ROWS * width)
            .zip(rows)
            .for_each(|(out, rows)| multiply(MatrixView::new(rows, width), inverse_view, out));
        matrix
            .par_chunks_mut(ROWS * n)
            .zip(times_inverse.par_chunks(ROWS * width))
            .enumerate()
            .for_each_init(
                || vec![0.0; ROWS * COLUMNS],
                |product, (piece, (rows, left))| {
                    let n_rows = rows.len() / n;
                    let end = piece * ROWS + n_rows;
                    for start in (0..end).step_by(COLUMNS) {
                        let columns = start..(start + COLUMNS).min(end);
                        let product = &mut product[..n_rows * columns.len()];
                        let right = &panel[columns.start * width..columns.end * width];
                        let right = MatrixView::new(right, width).transpose();
                        multiply(MatrixView::new(left, width), right, product);
                        let products = product.chunks_exact(columns.len());
                        for (row, product) in rows.chunks_exact_mut(n).zip(products) {
                            let places = row[columns.clone()].iter_mut();
                            places.zip(product).for_each(|(place, x)| *place -= x);
                        }
                    }
                },
            );
        write_panel(matrix, n, first, last, times_inverse, &inverse);
    }
    negate_and_mirror(matrix, n);
    Ok(())
}

/// The inverse of the block of pivots, `[width, width]`, by sweeping one after another in double precision.
fn inverse_of_block(
    matrix: &[f32],
    n: usize,
    first: usize,
    width: usize,
) -> Result<Vec<f32>, SpectralError> {
    let mut block = vec![0.0; width * width];
    for row in 0..width {
        for column in 0..=row {
            let value = f64::from(matrix[(first + row) * n + first + column]);
            block[row * width + column] = value;
            block[column * width + row] = value;
        }
    }
    let mut pivot_row = vec![0.0; width];
    for pivot in 0..width {
        pivot_row.copy_from_slice(&block[pivot * width..][..width]);
        let scale = pivot_row[pivot];
        // A NaN is no positive number either.
        if !(scale > 0.0 && scale.is_finite()) {
            return Err(SpectralError::NotPositive);
        }
        for (row, values) in block.chunks_exact_mut(width).enumerate() {
            if row == pivot {
                values.iter_mut().for_each(|value| *value /= scale);
                values[pivot] = -1.0 / scale;
            } else {
                let factor = values[pivot] / scale;
                for (value, along) in values.iter_mut().zip(&pivot_row) {
                    *value -= factor * along;
                }
                values[pivot] = factor;
            }
        }
    }
    Ok(block.iter().map(|&value| -value as f32).collect())
}

/// Copies the columns of the pivots out of the lower triangle, `[n, width]`; the rows of the pivots themselves are zeros,
/// so that an update leaves their columns alone.
fn read_panel(matrix: &[f32], n: usize, first: usize, width: usize, panel: &mut [f32]) {
    let rows = panel.par_chunks_exact_mut(width).enumerate();
    rows.for_each(|(row, values)| {
        if row < first {
            for (at, value) in values.iter_mut().enumerate() {
                *value = matrix[(first + at) * n + row];
            }
        } else if row < first + width {
            values.fill(0.0);
        } else {
            values.copy_from_slice(&matrix[row * n + first..][..width]);
        }
    });
}

/// Puts the swept columns of the pivots back into the lower triangle.
fn write_panel(
    matrix: &mut [f32],
    n: usize,
    first: usize,
    last: usize,
    swept: &[f32],
    inverse: &[f32],
) {
    let width = last - first;
    let rows = matrix.par_chunks_exact_mut(n).enumerate().skip(first);
    rows.for_each(|(row, values)| {
        if row < last {
            let at = row - first;
            for (column, value) in values[..first].iter_mut().enumerate() {
                *value = swept[column * width + at];
            }
            let of_pivot = &inverse[at * width..][..width];
            let block = values[first..last].iter_mut().zip(of_pivot);
            block.for_each(|(value, x)| *value = -x);
        } else {
            values[first..last].copy_from_slice(&swept[row * width..][..width]);
        }
    });
}

/// Turns the sign of the lower triangle and copies it to the upper one.
fn negate_and_mirror(matrix: &mut [f32], n: usize) {
    let rows = matrix.par_chunks_exact_mut(n).enumerate();
    rows.for_each(|(row, values)| values[..=row].iter_mut().for_each(|x| *x = -*x));
    // Square by square, so that what is read down a column is near.
    for start in (0..n).step_by(ROWS) {
        let end = (start + ROWS).min(n);
        let (above, below) = matrix.split_at_mut(end * n);
        let upper = &mut above[start * n..];
        for row in 0..end - start {
            for column in start + row + 1..end {
                upper[row * n + column] = upper[(column - start) * n + start + row];
            }
        }
        upper
            .par_chunks_exact_mut(n)
            .enumerate()
            .for_each(|(row, values)| {
                for (at, value) in values[end..].iter_mut().enumerate() {
                    *value = below[at * n + start + row];
                }
            });
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use nalgebra::DMatrix;

    use super::*;

    /// `XᵀX + I` of a table that looks random; its lower triangle alone, the rest NaN.
    fn positive(n: usize) -> (DMatrix<f64>, Vec<f32>) {
        let value = |at: usize| ((at * 7919 % 1013) as f64 - 506.0) / 300.0;
        let table = DMatrix::from_fn(n / 2 + 1, n, |row, column| value(row * n + column + row));
        let whole = table.transpose() * table + DMatrix::identity(n, n) * 20.0;
        let lower = (0..n * n).map(|at| match at % n <= at / n {
            true => whole[(at / n, at % n)] as f32,
            false => f32::NAN,
        });
        let lower = lower.collect();
        (whole, lower)
    }

    #[test]
    fn the_inverse_is_that_of_dense_algebra_whatever_the_size() {
        for n in [1, 7, 128, 256, 300] {
            let (whole, mut matrix) = positive(n);
            invert_positive(&mut matrix, n, &|| false).unwrap();
            let expected = whole.try_inverse().unwrap();
            let largest = expected.amax();
            for (at, &found) in matrix.iter().enumerate() {
                let expected = expected[(at / n, at % n)];
                let error = (f64::from(found) - expected).abs();
                assert!(error < 1e-4 * largest, "{n}: {found} is not {expected}");
            }
        }
    }

    #[test]
    fn the_bits_do_not_depend_on_the_number_of_threads() {
        let inverse = |threads: usize| {
            let (_, mut matrix) = positive(300);
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
            let invert = || invert_positive(&mut matrix, 300, &|| false).unwrap();
            pool.build().unwrap().install(invert);
            matrix
        };
        assert!(inverse(1) == inverse(3));
    }

    #[test]
    fn what_is_not_positive_definite_is_refused_and_a_stop_is_heard() {
        let mut matrix = vec![1.0, 2.0, 2.0, 1.0];
        let refused = invert_positive(&mut matrix, 2, &|| false);
        assert_eq!(refused, Err(SpectralError::NotPositive));
        let stopped = invert_positive(&mut [1.0], 1, &|| true);
        assert_eq!(stopped, Err(SpectralError::Stopped));
    }
}
