//! Rows scaled to length 1, and the gradient back through that.

use rayon::prelude::*;

use super::sums::dot;

/// Rows with a smaller sum of squares have no direction.
pub(crate) const MIN_SQUARE: f64 = 1e-12;

/// Rows that one thread takes at a time.
const ROWS: usize = 256;

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

/// Turns the gradient of [`unit_rows`]' result into that of the rows, in place, with `u` a row's unit vector: `(g - u (u . g)) / length`.
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
