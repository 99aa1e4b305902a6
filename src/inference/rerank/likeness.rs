//! How alike items are by a model: what lists are diversified by, and how alike the items of a list are.

use super::super::ease::Ease;
use super::super::item_knn::ItemKnn;
use super::super::item_side::inner;
use super::super::scorer::Scorer;

/// How alike some items are, by their places among them.
pub(crate) enum Likeness<'a> {
    /// The cosine of vectors `[n, dim]` that have the length 1, or 0.
    Vectors { rows: Vec<f32>, dim: usize },
    /// The similarity of neighbours, 0 for others.
    Neighbours(&'a ItemKnn, Vec<u32>),
    /// The partial correlation of items.
    Weights(&'a Ease, Vec<u32>),
}

impl Scorer {
    /// How alike some items are: at most 1, which is an item to itself. The cosine of item vectors; for a filter that of
    /// items in its low-pass part; for item-kNN the similarity that neighbours are kept by; for EASE the partial
    /// correlation. `None` for popularity, and for a filter without a low-pass part.
    ///
    /// # Panics
    /// When the model does not know one of the items.
    pub(crate) fn likeness(&self, items: &[u32]) -> Option<Likeness<'_>> {
        match self {
            Self::Embeddings(tables, _) | Self::ItemMeans(tables) => {
                let side = tables.item_side();
                let rows = items.iter().flat_map(|&item| side.own_row(item));
                Some(Likeness::of_vectors(
                    rows.copied().collect(),
                    side.own_dim(),
                ))
            }
            Self::Filter(filter) => {
                let (rows, dim) = filter.vectors_of(items)?;
                Some(Likeness::of_vectors(rows, dim))
            }
            Self::ItemKnn(knn) => Some(Likeness::Neighbours(knn, items.to_vec())),
            Self::Ease(ease) => Some(Likeness::Weights(ease, items.to_vec())),
            Self::Popularity(_) => None,
        }
    }
}

impl Likeness<'_> {
    fn of_vectors(mut rows: Vec<f32>, dim: usize) -> Self {
        for row in rows.chunks_exact_mut(dim.max(1)) {
            let length = inner(row, row).sqrt();
            let scale = if length > 0.0 { length.recip() } else { 0.0 };
            for value in row {
                *value = (f64::from(*value) * scale) as f32;
            }
        }
        Self::Vectors { rows, dim }
    }

    /// How alike the items of two places are.
    pub(crate) fn of(&self, a: usize, b: usize) -> f64 {
        match self {
            Self::Vectors { rows, dim } => {
                let row = |at: usize| &rows[at * dim..][..*dim];
                inner(row(a), row(b))
            }
            Self::Neighbours(knn, items) => {
                let [a, b] = [items[a], items[b]];
                match a == b {
                    true => 1.0,
                    false => kept(knn, a, b).max(kept(knn, b, a)),
                }
            }
            Self::Weights(ease, items) => {
                let [a, b] = [items[a], items[b]];
                match a == b {
                    true => 1.0,
                    false => partial_correlation(ease, a, b),
                }
            }
        }
    }
}

/// The similarity of a neighbour that was kept of an item; 0 of one that was not.
fn kept(knn: &ItemKnn, item: u32, neighbour: u32) -> f64 {
    let (neighbours, similarities) = knn.neighbours().weighted_row(item);
    let place = neighbours.iter().position(|&other| other == neighbour);
    place.map_or(0.0, |place| f64::from(similarities[place]))
}

/// `-P_ab / sqrt(P_aa P_bb)`: with `B_ab = -P_ab / P_bb` it is the root of `B_ab B_ba`, with the sign of both.
fn partial_correlation(ease: &Ease, a: u32, b: u32) -> f64 {
    let [one, other] = [ease.row(a)[b as usize], ease.row(b)[a as usize]];
    let product = f64::from(one) * f64::from(other);
    product.max(0.0).sqrt().copysign(f64::from(one)).min(1.0)
}

/// The mean likeness of every two items of a list; `None` of fewer than two, and for a model that has none.
pub(crate) fn mean_likeness(scorer: &Scorer, list: &[u32]) -> Option<f64> {
    let likeness = scorer.likeness(list)?;
    let pairs = (0..list.len()).flat_map(|a| (0..a).map(move |b| (a, b)));
    let n_pairs = list.len() * list.len().saturating_sub(1) / 2;
    let sum: f64 = pairs.map(|(a, b)| likeness.of(a, b)).sum();
    (n_pairs > 0).then(|| sum / n_pairs as f64)
}
