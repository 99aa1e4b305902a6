//! Scores of a batch's rows and their gradient, against the definition in f64.

use super::*;
use crate::scoring::{RowLayout, score_rows};

/// Scores and squares, `[batch, 2 + n]`, and the gradient of `sum(w * scores)`.
fn dense(rows: &[f64], w: &[f64], layout: RowLayout, width: usize) -> (Vec<f64>, Vec<f64>) {
    let RowLayout {
        batch,
        n_negatives: n,
        stacked,
    } = layout;
    let columns = 2 + n;
    let offset = if stacked { batch * columns } else { 0 };
    let (mut scores, mut gradient) = (vec![0.0; batch * columns], vec![0.0; rows.len()]);
    for user in 0..batch {
        let items: Vec<usize> = std::iter::once(batch + user)
            .chain((0..n).map(|k| 2 * batch + user * n + k))
            .collect();
        for (column, &item) in items.iter().enumerate() {
            let weight = w[user * columns + column];
            for j in 0..width {
                let (a, b) = (user * width + j, item * width + j);
                scores[user * columns + column] += rows[a] * rows[b];
                gradient[a] += weight * rows[b];
                gradient[b] += weight * rows[a];
            }
        }
        let weight = w[user * columns + columns - 1];
        for &row in [user].iter().chain(&items) {
            for j in 0..width {
                let at = (offset + row) * width + j;
                scores[user * columns + columns - 1] += rows[at] * rows[at];
                gradient[at] += 2.0 * weight * rows[at];
            }
        }
    }
    (scores, gradient)
}

#[test]
fn scores_and_gradients_follow_the_definition_on_every_device() {
    let wide = |v: &[f32]| v.iter().map(|&v| f64::from(v)).collect::<Vec<_>>();
    for device in devices() {
        for (batch, n_negatives, stacked, width) in [
            (1, 1, false, 1),
            (3, 2, true, 20),
            (200, 1, true, 64),
            (5, 7, false, 33),
        ] {
            let layout = RowLayout {
                batch,
                n_negatives,
                stacked,
            };
            let n = layout.n_rows() * if stacked { 2 } else { 1 };
            let rows = random_values(n * width, 1);
            let w = random_values(batch * (2 + n_negatives), 2);
            let (scores, gradient) = dense(&wide(&rows), &wide(&w), layout, width);
            let what = format!("{device:?} {layout:?} width {width}");
            let tracked = device.clone().autodiff();
            let input = table(&rows, n, &tracked).require_grad();
            let output = score_rows(input.clone(), layout);
            assert_close(&host(output.clone()), &scores, 1e-5, &what);
            let gradients = (output * table(&w, batch, &tracked)).sum().backward();
            assert_close(
                &host(input.grad(&gradients).unwrap()),
                &gradient,
                1e-5,
                &what,
            );
        }
    }
}
