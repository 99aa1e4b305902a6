//! Products of tall tables on the host, in pieces of rows that depend on the table alone: the bits do not depend on the
//! number of threads, and a slow thread delays its piece alone.

use rayon::prelude::*;

use crate::kernels::cpu::sums::total_of_parts;
use crate::kernels::cpu::{MatrixView, multiply};

/// Rows multiplied at once: a piece and its result lie in a core's cache.
const ROWS: usize = 256;
/// Fewest rows whose part of a sum over rows is kept apart.
const ROWS_OF_PART: usize = 2048;
/// Most such parts, each as large as the weights.
const PARTS_MAX: usize = 32;

/// `table weights`: `[n, from], [from, to] -> [n, to]`
pub(super) fn of_rows(table: &[f32], from: usize, weights: &[f32], to: usize) -> Vec<f32> {
    by_pieces(table, from, MatrixView::new(weights, to))
}

/// `table weightsᵀ`: `[n, to], [from, to] -> [n, from]`
pub(super) fn of_rows_by_transposed(
    table: &[f32],
    to: usize,
    weights: &[f32],
    from: usize,
) -> Vec<f32> {
    let by = MatrixView::new(weights, to).transpose();
    assert_eq!(by.columns, from, "a row of weights a column of the result");
    by_pieces(table, to, by)
}

fn by_pieces(table: &[f32], width: usize, by: MatrixView<'_>) -> Vec<f32> {
    assert_eq!(width, by.rows, "a row a column of the table");
    let mut out = vec![0.0; table.len() / width * by.columns];
    out.par_chunks_mut(ROWS * by.columns)
        .zip(table.par_chunks(ROWS * width))
        .for_each(|(out, rows)| multiply(MatrixView::new(rows, width), by, out));
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
            MatrixView::new(a, from).transpose(),
            MatrixView::new(b, to),
            &mut part,
        );
        part
    };
    let parts: Vec<Vec<f32>> = a
        .par_chunks(rows * from)
        .zip(b.par_chunks(rows * to))
        .map(of_rows)
        .collect();
    total_of_parts(parts, from * to)
}
