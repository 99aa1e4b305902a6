//! Items like an item: cosine similarity over the item table.

use super::embeddings::Embeddings;
use super::score_source::ScoreSource;
use super::selection::{Ranked, Selection};
use super::top_k::RankError;

/// The `k` items nearest to `item` by the cosine of their vectors, itself left out: nearest first, then the
/// smaller id. A zero vector has cosine 0 to everything.
///
/// # Errors
/// `k` of 0 or above the other items of the catalogue, or a vector that holds a NaN.
///
/// # Panics
/// When `item` is not below the number of items.
pub fn similar_items(
    embeddings: &Embeddings,
    item: u32,
    k: usize,
) -> Result<Vec<Ranked>, RankError> {
    check_similar(k, embeddings.n_items())?;
    let dim = embeddings.dim();
    let query = &embeddings.items()[item as usize * dim..][..dim];
    let query_norm = inner(query, query).sqrt();
    if query_norm.is_nan() {
        return Err(RankError::VectorNotANumber { item });
    }
    let cosine = |row: &[f32]| {
        let norms = query_norm * inner(row, row).sqrt();
        if norms == 0.0 {
            0.0
        } else {
            (inner(query, row) / norms) as f32
        }
    };
    let scores: Vec<f32> = embeddings.items().chunks_exact(dim).map(cosine).collect();
    let seen = [item];
    let mut selection = Selection::new(k, &seen);
    selection.offer(0, &scores);
    selection
        .finish()
        .map_err(|item| RankError::VectorNotANumber { item })
}

/// Refuses lists that cannot be filled with other items.
pub(super) fn check_similar(k: usize, n_items: usize) -> Result<(), RankError> {
    let others = n_items.saturating_sub(1);
    match k {
        0 => Err(RankError::ZeroK),
        k if k > others => Err(RankError::TooManySimilar { k, others }),
        _ => Ok(()),
    }
}

fn inner(a: &[f32], b: &[f32]) -> f64 {
    a.iter()
        .zip(b)
        .map(|(&x, &y)| f64::from(x) * f64::from(y))
        .sum()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::inference::ScoreHead;

    #[test]
    fn nearest_by_angle_whatever_the_length() {
        let items = vec![1.0, 0.0, 9.0, 9.0, 0.5, 0.0, -1.0, 0.0, 0.0, 0.0];
        let embeddings = Embeddings::new(1, 5, 2, vec![0.0; 2], items, ScoreHead::Dot).unwrap();
        let list = similar_items(&embeddings, 0, 4).unwrap();
        let items: Vec<u32> = list.iter().map(|r| r.item).collect();
        assert_eq!(items, [2, 1, 4, 3]);
        assert_eq!(list[0].score, 1.0);
        assert!((list[1].score - 0.5f32.sqrt()).abs() < 1e-6);
        assert_eq!(
            similar_items(&embeddings, 0, 5),
            Err(RankError::TooManySimilar { k: 5, others: 4 })
        );
    }
}
