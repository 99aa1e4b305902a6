//! Products of tall tables on the host, in pieces of rows that depend on the table alone: the bits do not depend on the
//! number of threads, and a thread that is late delays no more than its piece.

use gemm::{Parallelism, gemm};
use rayon::prelude::*;

/// Rows multiplied at once: a piece and its result lie in a core's cache.
const ROWS: usize = 256;
/// Fewest rows whose part of a sum over rows is kept apart.
const ROWS_OF_PART: usize = 2048;
/// Most such parts, each as large as the weights.
const PARTS_MAX: usize = 32;

/// A row-major matrix, or the transpose of one.
#[derive(Clone, Copy)]
struct Matrix<'a> {
    values: &'a [f32],
    rows: usize,
    columns: usize,
    transposed: bool,
}

impl<'a> Matrix<'a> {
    fn new(values: &'a [f32], columns: usize) -> Self {
        let rows = values.len() / columns;
        assert_eq!(values.len(), rows * columns, "whole rows");
        Self {
            values,
            rows,
            columns,
            transposed: false,
        }
    }

    fn transpose(self) -> Self {
        Self {
            rows: self.columns,
            columns: self.rows,
            transposed: !self.transposed,
            ..self
        }
    }

    /// Floats to the next row and to the next column.
    fn strides(&self) -> (isize, isize) {
        match self.transposed {
            true => (1, self.rows as isize),
            false => (self.columns as isize, 1),
        }
    }
}

/// `table weights`: `[n, from], [from, to] -> [n, to]`
pub(super) fn of_rows(table: &[f32], from: usize, weights: &[f32], to: usize) -> Vec<f32> {
    by_pieces(table, from, Matrix::new(weights, to))
}

/// `table weightsᵀ`: `[n, to], [from, to] -> [n, from]`
pub(super) fn of_rows_by_transposed(
    table: &[f32],
    to: usize,
    weights: &[f32],
    from: usize,
) -> Vec<f32> {
    let by = Matrix::new(weights, to).transpose();
    assert_eq!(by.columns, from, "a row of weights a column of the result");
    by_pieces(table, to, by)
}

fn by_pieces(table: &[f32], width: usize, by: Matrix<'_>) -> Vec<f32> {
    assert_eq!(width, by.rows, "a row a column of the table");
    let mut out = vec![0.0; table.len() / width * by.columns];
    out.par_chunks_mut(ROWS * by.columns)
        .zip(table.par_chunks(ROWS * width))
        .for_each(|(out, rows)| multiply(Matrix::new(rows, width), by, out));
    out
}

/// `aᵀ b` of two tables over the same rows, `[n, from], [n, to] -> [from, to]`; parts are summed in their order.
pub(super) fn transposed(a: &[f32], from: usize, b: &[f32], to: usize) -> Vec<f32> {
    let n = a.len() / from;
    assert_eq!(b.len(), n * to, "tables over the same rows");
    let rows = n.div_ceil(PARTS_MAX).max(ROWS_OF_PART);
    let of_rows = |(a, b): (&[f32], &[f32])| {
        let mut part = vec![0.0; from * to];
        multiply(
            Matrix::new(a, from).transpose(),
            Matrix::new(b, to),
            &mut part,
        );
        part
    };
    let parts: Vec<Vec<f32>> = a
        .par_chunks(rows * from)
        .zip(b.par_chunks(rows * to))
        .map(of_rows)
        .collect();
    let mut parts = parts.into_iter();
    let mut sum = parts.next().unwrap_or_else(|| vec![0.0; from * to]);
    for part in parts {
        for (sum, value) in sum.iter_mut().zip(part) {
            *sum += value;
        }
    }
    sum
}

/// `out = a b`, by this thread.
fn multiply(a: Matrix<'_>, b: Matrix<'_>, out: &mut [f32]) {
    assert!(a.columns == b.rows && out.len() == a.rows * b.columns);
    let ((a_row, a_column), (b_row, b_column)) = (a.strides(), b.strides());
    // SAFETY: a `Matrix` holds as many values as it has rows and columns, in the order its strides say, and `out` is
    // `a.rows x b.columns` by rows.
    unsafe {
        gemm(
            a.rows,
            b.columns,
            a.columns,
            out.as_mut_ptr(),
            1,
            b.columns as isize,
            false,
            a.values.as_ptr(),
            a_column,
            a_row,
            b.values.as_ptr(),
            b_column,
            b_row,
            0.0,
            1.0,
            false,
            false,
            false,
            Parallelism::None,
        );
    }
}
