//! Baselines: simple systems evaluated beside every model, which a model must beat to be worth its training.

mod content_knn;
mod item_knn;
mod random;

pub use content_knn::ContentKnn;
pub use item_knn::{ItemKnn, ItemKnnConfig};
pub use random::RandomBaseline;

pub use crate::inference::Popularity;

use std::ops::Range;

/// Each user with the row of `out` for that user's scores of `items`.
fn rows_of_tile<'a>(
    users: &'a [u32],
    items: &Range<usize>,
    out: &'a mut [f32],
) -> impl Iterator<Item = (u32, &'a mut [f32])> + use<'a> {
    let width = items.len();
    assert_eq!(
        out.len(),
        users.len() * width,
        "one score per user and item"
    );
    let rows = out.chunks_exact_mut(width.max(1));
    users.iter().copied().zip(rows)
}
