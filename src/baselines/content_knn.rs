//! Content kNN: recommends items whose features are similar to those of the user's items.

use std::ops::Range;

use sagebrush_model::{SparseMatrix, SparseRows};

use crate::data::ItemLists;
use crate::inference::ScoreSource;
use crate::inference::rows_of_tile;

/// Scores an item by the mean cosine of its features with those of the user's train items. It needs no training
/// interaction of the item.
#[derive(Debug, Clone)]
pub struct ContentKnn {
    train: ItemLists,
    /// `[n_items, n_features]`, rows of length 1, or 0 for an item nothing is known of.
    features: SparseMatrix,
}

impl ContentKnn {
    /// By the first `n_content` columns of these features, `[n_items, _]`.
    ///
    /// # Panics
    /// When an item is not a row of the features, or there are fewer columns.
    pub fn new(train: &ItemLists, features: &SparseMatrix, n_content: usize) -> Self {
        assert!(n_content <= features.n_columns(), "columns there are");
        let mut rows = SparseRows::default();
        for item in 0..features.n_rows() {
            let is_content = |&(column, _): &(u32, f32)| (column as usize) < n_content;
            let content = || features.entries(item).filter(is_content);
            let length = content().map(|(_, x)| x * x).sum::<f32>().sqrt();
            if length > 0.0 {
                rows.extend(content().map(|(column, value)| (column, value / length)));
            }
            rows.end_row();
        }
        Self {
            train: train.clone(),
            features: rows.finish(n_content),
        }
    }
}

impl ScoreSource for ContentKnn {
    fn n_users(&self) -> usize {
        self.train.n_users()
    }

    fn n_items(&self) -> usize {
        self.features.n_rows()
    }

    fn score_tile(&self, users: &[u32], items: Range<usize>, out: &mut [f32]) {
        let mut profile = vec![0.0f32; self.features.n_columns()];
        for (user, scores) in rows_of_tile(users, &items, out) {
            profile.fill(0.0);
            let taken = self.train.of(user);
            for &item in taken {
                let (columns, values) = self.features.row(item as usize);
                for (&column, value) in columns.iter().zip(values) {
                    profile[column as usize] += value / taken.len() as f32;
                }
            }
            for (score, item) in scores.iter_mut().zip(items.clone()) {
                let (columns, values) = self.features.row(item);
                let products = columns.iter().zip(values);
                *score = products
                    .map(|(&column, value)| profile[column as usize] * value)
                    .sum();
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::inference::top_k;

    #[test]
    fn the_score_is_the_mean_cosine_by_hand() {
        // (3, 4), (1, 0), (0, 2), nothing.
        let features = SparseMatrix::new(
            2,
            vec![0, 2, 3, 4, 4],
            vec![0, 1, 0, 1],
            vec![3.0, 4.0, 1.0, 2.0],
        );
        let train = ItemLists::from_pairs(2, [(0, 1), (0, 2), (1, 3)].into_iter());
        let knn = ContentKnn::new(&train, &features, 2);
        let mut scores = [0.0; 8];
        knn.score_tile(&[0, 1], 0..4, &mut scores);
        let expected = [0.7, 0.5, 0.5, 0.0, 0.0, 0.0, 0.0, 0.0];
        let near = scores
            .iter()
            .zip(expected)
            .all(|(a, b)| (a - b).abs() < 1e-6);
        assert!(near, "{scores:?}");
        let lists = top_k(&knn, &[0], 1, Some(&train)).unwrap();
        assert_eq!(lists[0][0].item, 0);
    }
}
