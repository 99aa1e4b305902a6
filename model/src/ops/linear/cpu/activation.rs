//! Activations on the host: slices in, slices out, no Burn.

use rayon::prelude::*;

use super::MIN_SQUARE;
use crate::dense::{dot, total_of_parts};

/// Rows that one thread takes at a time.
const ROWS: usize = 256;

/// Each row of `x` plus the bias, 0 where that is negative. NaN stays, so that none goes unseen.
pub(super) fn rectify(x: &mut [f32], bias: &[f32]) {
    let width = bias.len();
    x.par_chunks_mut(ROWS * width).for_each(|rows| {
        for row in rows.chunks_exact_mut(width) {
            for (x, b) in row.iter_mut().zip(bias) {
                let sum = *x + b;
                *x = if sum <= 0.0 { 0.0 } else { sum };
            }
        }
    });
}

/// Cuts the gradient by [`rectify`]'s result down to that by its input; returns that by the bias.
pub(super) fn rectify_backward(gradient: &mut [f32], result: &[f32], width: usize) -> Vec<f32> {
    let of_rows = |(gradient, result): (&mut [f32], &[f32])| {
        let mut of_bias = vec![0.0; width];
        let rows = gradient.chunks_exact_mut(width);
        for (gradient, result) in rows.zip(result.chunks_exact(width)) {
            for ((g, &y), sum) in gradient.iter_mut().zip(result).zip(&mut of_bias) {
                *g = if y <= 0.0 { 0.0 } else { *g };
                *sum += *g;
            }
        }
        of_bias
    };
    let pieces: Vec<Vec<f32>> = gradient
        .par_chunks_mut(ROWS * width)
        .zip(result.par_chunks(ROWS * width))
        .map(of_rows)
        .collect();
    total_of_parts(pieces, width)
}

/// Rows of length 1; zeros for rows without a direction.
pub(crate) fn unit_rows(rows: &[f32], width: usize) -> Vec<f32> {
    let mut unit = rows.to_vec();
    unit.par_chunks_mut(ROWS * width).for_each(|rows| {
        for row in rows.chunks_exact_mut(width) {
            let inverse = inverse_length(row);
            row.iter_mut().for_each(|value| *value *= inverse);
        }
    });
    unit
}

/// From the gradient by [`unit_rows`] to that by the rows, with `u` a row's unit vector: `(g - u (u . g)) / length`.
pub(crate) fn pull_back_unit(rows: &[f32], gradient: &mut [f32], width: usize) {
    gradient
        .par_chunks_mut(ROWS * width)
        .zip(rows.par_chunks(ROWS * width))
        .for_each(|(gradient, rows)| {
            let gradients = gradient.chunks_exact_mut(width);
            for (gradient, row) in gradients.zip(rows.chunks_exact(width)) {
                let inverse = inverse_length(row);
                let along = dot(gradient, row) * inverse * inverse;
                for (g, &v) in gradient.iter_mut().zip(row) {
                    *g = (*g - v * along) * inverse;
                }
            }
        });
}

/// One over the length; 0 without a direction, NaN where a value is.
fn inverse_length(row: &[f32]) -> f32 {
    let square = dot(row, row);
    match f64::from(square) < MIN_SQUARE {
        true => 0.0,
        false => square.sqrt().recip(),
    }
}
