//! Items similar to an item, by the cosine of their rows in the item table.

use super::item_side::inner;
use super::rank_error::RankError;
use super::selection::{Ranked, Selection};
use super::tables::Tables;
use super::top_k::check_k;

/// Cosines held at once until they are selected from.
const ITEMS_PER_TILE: usize = 1024;

/// The `k` items nearest to `item` by the cosine of their vectors, the `hidden` ones (ascending) left out, among which
/// the item itself usually is: nearest first, then the smaller id. A zero vector has cosine 0 to everything.
///
/// # Errors
/// `k` of 0, or a vector that holds a NaN.
///
/// # Panics
/// When `item` is not below the number of items.
pub fn similar_items(
    tables: &Tables,
    item: u32,
    k: usize,
    hidden: &[u32],
) -> Result<Vec<Ranked>, RankError> {
    let side = tables.item_side();
    check_k(k)?;
    let (query, lengths) = (side.own_row(item), side.lengths());
    let length = lengths[item as usize];
    if length.is_nan() {
        return Err(RankError::VectorNotANumber { item });
    }
    let cosine = |(row, &other): (&[f32], &f64)| {
        let lengths = length * other;
        if lengths == 0.0 {
            0.0
        } else {
            (inner(query, &row[..query.len()]) / lengths) as f32
        }
    };
    let mut selection = Selection::new(k.min(side.n_items), hidden);
    let mut rows = side.rows.chunks_exact(side.dim).zip(lengths);
    let mut scores = Vec::with_capacity(ITEMS_PER_TILE);
    for start in (0..side.n_items).step_by(ITEMS_PER_TILE) {
        scores.clear();
        scores.extend(rows.by_ref().take(ITEMS_PER_TILE).map(cosine));
        selection.offer(start as u32, &scores);
    }
    selection
        .finish()
        .map_err(|item| RankError::VectorNotANumber { item })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::inference::ScoreHead;

    #[test]
    fn nearest_by_angle_whatever_the_length() {
        let items = vec![1.0, 0.0, 9.0, 9.0, 0.5, 0.0, -1.0, 0.0, 0.0, 0.0];
        let tables = Tables::new(1, 5, 2, vec![0.0; 2], items, ScoreHead::Dot).unwrap();
        let list = similar_items(&tables, 0, 4, &[0]).unwrap();
        let items: Vec<u32> = list.iter().map(|r| r.item).collect();
        assert_eq!(items, [2, 1, 4, 3]);
        assert_eq!(list[0].score, 1.0);
        assert!((list[1].score - 0.5f32.sqrt()).abs() < 1e-6);
        assert_eq!(similar_items(&tables, 0, 500, &[0]).unwrap(), list);
        let some = similar_items(&tables, 0, 5, &[0, 2, 4]).unwrap();
        assert_eq!(some, [list[1], list[3]]);
        assert_eq!(similar_items(&tables, 0, 0, &[0]), Err(RankError::ZeroK));
    }
}
