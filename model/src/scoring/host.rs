//! Scores of a batch's rows on the host, and their gradient: slices in, slices out, no Burn.
//!
//! Sums run over sixteen lanes that are then added in pairs, on every instruction set alike, so the bits
//! do not depend on it.

use std::iter::{Chain, Once, once};
use std::slice::ChunksExactMut;

use rayon::prelude::*;

use super::RowLayout;

const LANES: usize = 16;
/// Users that one thread scores at a time.
const PIECE: usize = 128;

/// Forward: see [`super::ScoringBackend::score_rows`].
pub(super) fn forward(rows: &[f32], layout: RowLayout, width: usize) -> Vec<f32> {
    let row = |at: usize| &rows[at * width..][..width];
    let mut out = vec![0.0; layout.batch * layout.columns()];
    out.par_chunks_mut(PIECE * layout.columns())
        .enumerate()
        .for_each(|(piece, out)| {
            let users = piece * PIECE..;
            for (user, out) in users.zip(out.chunks_exact_mut(layout.columns())) {
                let mut squares = 0.0;
                for (item, score) in layout.items(user).zip(&mut *out) {
                    *score = dot(row(user), row(item), width);
                }
                for at in once(user).chain(layout.items(user)) {
                    let row = row(layout.regularized() + at);
                    squares += dot(row, row, width);
                }
                out[layout.columns() - 1] = squares;
            }
        });
    out
}

/// Backward: the gradient of the rows.
pub(super) fn backward(
    rows: &[f32],
    gradient: &[f32],
    layout: RowLayout,
    width: usize,
) -> Vec<f32> {
    let mut out = vec![0.0; rows.len()];
    let (scored, squared) = out.split_at_mut(layout.n_rows() * width);
    let regularized = &rows[layout.regularized() * width..];
    for_each_user(scored, layout, width, |user, of_user, of_items| {
        let weights = &gradient[user * layout.columns()..][..layout.columns()];
        let user_row = &rows[user * width..][..width];
        for ((item, &weight), of_item) in layout.items(user).zip(weights).zip(of_items) {
            add_scaled(of_user, weight, &rows[item * width..][..width]);
            add_scaled(of_item, weight, user_row);
        }
    });
    let squared = if layout.stacked { squared } else { scored };
    for_each_user(squared, layout, width, |user, of_user, of_items| {
        let twice = 2.0 * gradient[(user + 1) * layout.columns() - 1];
        add_scaled(of_user, twice, &regularized[user * width..][..width]);
        for (item, of_item) in layout.items(user).zip(of_items) {
            add_scaled(of_item, twice, &regularized[item * width..][..width]);
        }
    });
    out
}

/// The rows of a user's positive and negatives.
type ItemRows<'a> = Chain<Once<&'a mut [f32]>, ChunksExactMut<'a, f32>>;

/// Hands each user the rows of `out` that are its own, in parallel.
fn for_each_user(
    out: &mut [f32],
    layout: RowLayout,
    width: usize,
    write: impl Fn(usize, &mut [f32], ItemRows<'_>) + Sync,
) {
    if width == 0 {
        return;
    }
    let (users, items) = out.split_at_mut(layout.batch * width);
    let (positives, negatives) = items.split_at_mut(layout.batch * width);
    let rows = users
        .par_chunks_mut(width)
        .zip(positives.par_chunks_mut(width))
        .enumerate()
        .with_min_len(PIECE);
    let write = |user, of_user: &mut [f32], positive, negatives: &mut [f32]| {
        let items = once(positive).chain(negatives.chunks_exact_mut(width));
        write(user, of_user, items);
    };
    match layout.n_negatives * width {
        0 => rows.for_each(|(user, (of_user, positive))| {
            write(user, of_user, positive, &mut []);
        }),
        n => rows.zip(negatives.par_chunks_mut(n)).for_each(
            |((user, (of_user, positive)), negatives)| {
                write(user, of_user, positive, negatives);
            },
        ),
    }
}

impl RowLayout {
    /// The rows of a user's positive and negatives.
    fn items(self, user: usize) -> impl Iterator<Item = usize> {
        let first = 2 * self.batch + user * self.n_negatives;
        once(self.batch + user).chain(first..first + self.n_negatives)
    }
}

fn dot(a: &[f32], b: &[f32], width: usize) -> f32 {
    let mut lanes = [0.0f32; LANES];
    let whole = width / LANES * LANES;
    let pieces = a[..whole]
        .chunks_exact(LANES)
        .zip(b[..whole].chunks_exact(LANES));
    for (a, b) in pieces {
        for ((lane, a), b) in lanes.iter_mut().zip(a).zip(b) {
            *lane += a * b;
        }
    }
    for ((lane, a), b) in lanes.iter_mut().zip(&a[whole..]).zip(&b[whole..]) {
        *lane += a * b;
    }
    let mut half = LANES / 2;
    while half > 0 {
        for lane in 0..half {
            lanes[lane] += lanes[lane + half];
        }
        half /= 2;
    }
    lanes[0]
}

fn add_scaled(onto: &mut [f32], weight: f32, row: &[f32]) {
    for (sum, &value) in onto.iter_mut().zip(row) {
        *sum += weight * value;
    }
}
