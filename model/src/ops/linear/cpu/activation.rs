//! Activations on the host: slices in, slices out, no Burn.

use rayon::prelude::*;

use crate::kernels::cpu::sums::total_of_parts;

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

/// Turns the gradient of [`rectify`]'s result into that of its input, in place, and returns that of the bias.
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
