//! Products of tall tables and small matrices, in pieces of rows that depend on the table alone: the bits do
//! not depend on the number of threads.

use nalgebra::{DMatrix, DVector};
use rayon::prelude::*;
use sagebrush_model::{MatrixView, multiply};

use super::eigen::falling_eigen;

/// Fewest rows whose part of a sum is kept separately.
const ROWS_PER_PART: usize = 2048;
/// Most such parts, each as large as the small matrix.
const PARTS_MAX: usize = 16;
/// Rows turned at once.
const ROWS_PER_TURN: usize = 256;

/// `aᵀ b` of two row-major tables over the same rows; parts are summed in double precision, in order.
pub(crate) fn inner(a: &[f32], a_width: usize, b: &[f32], b_width: usize) -> DMatrix<f64> {
    let n_rows = a.len() / a_width;
    assert_eq!(b.len(), n_rows * b_width, "tables over the same rows");
    let rows = n_rows.div_ceil(PARTS_MAX).max(ROWS_PER_PART);
    let parts: Vec<Vec<f32>> = a
        .par_chunks(rows * a_width)
        .zip(b.par_chunks(rows * b_width))
        .map(|(a, b)| inner_part(a, a_width, b, b_width))
        .collect();
    let mut sum = DMatrix::zeros(a_width, b_width);
    for part in parts {
        for (sum, part) in sum.iter_mut().zip(part) {
            *sum += f64::from(part);
        }
    }
    sum
}

/// `bᵀ a` by rows, which is `aᵀ b` by columns, as the sum is.
fn inner_part(a: &[f32], a_width: usize, b: &[f32], b_width: usize) -> Vec<f32> {
    let mut out = vec![0.0; a_width * b_width];
    let (a, b) = (MatrixView::new(a, a_width), MatrixView::new(b, b_width));
    multiply(b.transpose(), a, &mut out);
    out
}

/// `table <- table by`, where `by` has as many rows as the table columns, and no more columns.
pub(crate) fn turn(table: &mut Vec<f32>, width: usize, by: &DMatrix<f64>) {
    assert_eq!(by.nrows(), width, "a row a column of the table");
    assert!(by.ncols() <= width, "a table grows no wider");
    let to = by.ncols();
    let by: Vec<f32> = by.iter().map(|&value| value as f32).collect();
    let by = MatrixView::new(&by, width).transpose();
    table.par_chunks_mut(ROWS_PER_TURN * width).for_each_init(
        || vec![0.0; ROWS_PER_TURN * to],
        |turned, rows| {
            let n_rows = rows.len() / width;
            multiply(MatrixView::new(rows, width), by, &mut turned[..n_rows * to]);
            for (row, turned) in rows.chunks_exact_mut(width).zip(turned.chunks_exact(to)) {
                row[..to].copy_from_slice(turned);
            }
        },
    );
    if to < width {
        let n_rows = table.len() / width;
        for row in 0..n_rows {
            table.copy_within(row * width..row * width + to, row * to);
        }
        table.truncate(n_rows * to);
    }
}

/// [`falling_eigen`] of a matrix that is symmetric but for rounding.
pub(super) fn eigen(matrix: DMatrix<f64>) -> (DVector<f64>, DMatrix<f64>) {
    falling_eigen((&matrix + matrix.transpose()) * 0.5)
}

/// The matrix that turns a table whose inner products are `gram` into an orthonormal one; directions below the
/// noise of single precision are left out, so it may have fewer columns than rows (SVQB, Stathopoulos and Wu 2002).
pub(super) fn whitening(gram: &DMatrix<f64>) -> DMatrix<f64> {
    const NOISE: f64 = 1e-7;
    let scale = |norm: f64| if norm > 0.0 { norm.sqrt().recip() } else { 0.0 };
    let scales = gram.diagonal().map(scale);
    let scaled = DMatrix::from_fn(gram.nrows(), gram.ncols(), |row, column| {
        gram[(row, column)] * scales[row] * scales[column]
    });
    let (values, vectors) = eigen(scaled);
    let kept = values
        .iter()
        .filter(|&&value| value > NOISE * values[0].max(1.0))
        .count();
    DMatrix::from_fn(gram.nrows(), kept, |row, column| {
        scales[row] * vectors[(row, column)] / values[column].sqrt()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(n: usize) -> Vec<f32> {
        (0..n)
            .map(|at| ((at * 7919 % 101) as f32 - 50.0) / 50.0)
            .collect()
    }

    #[test]
    fn products_are_those_of_dense_algebra() {
        let (rows, width, other) = (5000, 7, 3);
        let (a, b) = (table(rows * width), table(rows * other));
        let dense = |t: &[f32], w: usize| {
            DMatrix::from_row_iterator(rows, w, t.iter().map(|&x| f64::from(x)))
        };
        let (full_a, full_b) = (dense(&a, width), dense(&b, other));
        let expected = full_a.transpose() * &full_b;
        assert!((inner(&a, width, &b, other) - expected).amax() < 1e-2);
        let by = DMatrix::from_fn(width, 2, |r, c| (r + 3 * c) as f64 / 9.0);
        let mut turned = a.clone();
        turn(&mut turned, width, &by);
        assert!((dense(&turned, 2) - full_a * by).amax() < 1e-5);
    }

    #[test]
    fn whitening_makes_orthonormal_and_drops_what_repeats() {
        let (rows, width) = (400, 5);
        let mut a = table(rows * width);
        for row in a.chunks_exact_mut(width) {
            row[4] = 2.0 * row[1] - row[0];
        }
        let by = whitening(&inner(&a, width, &a, width));
        assert_eq!(by.ncols(), 4);
        turn(&mut a, width, &by);
        let gram = inner(&a, 4, &a, 4);
        assert!((gram - DMatrix::identity(4, 4)).amax() < 1e-4);
    }
}
