//! LSA warm start: embeddings begin as the principal components of items' content.

use sagebrush_model::{LsaStart, PrincipalComponents, SparseMatrix, SparseRows};

use super::Encoded;
use crate::config::FeatureSettings;
use crate::spectral::leading_directions;

/// Items that components of all features are fitted on, at most: more change them little.
const MOST_ITEMS: usize = 20_000;

/// Principal components of words, and at most `most` of all content (words by their components), over the items
/// with a training interaction (over all where none has one).
pub(crate) fn content_start(
    settings: &FeatureSettings,
    encoded: &Encoded,
    edges: &[u32],
    most: usize,
) -> LsaStart {
    let any = edges.iter().any(|&edges| edges > 0);
    let items = (0..edges.len()).filter(|&item| !any || edges[item] > 0);
    let items: Vec<usize> = items.collect();
    let n_words = settings.n_words();
    let words = (n_words > 0).then(|| {
        let bags = encoded.rows.some_rows(&items).first_columns(n_words);
        leading_directions(&bags, settings.token_dim)
    });
    let (read, of_words) = match &words {
        Some(words) => (settings.token_dim, words.n),
        None => (0, 0),
    };
    let n_inputs = read + encoded.rows.n_columns() - n_words;
    let inputs = match encoded.n_content == n_words {
        // Those of words are in the order of what they tell already.
        true => PrincipalComponents::axes(of_words.min(most)).of_width(n_inputs),
        false => {
            let step = items.len().div_ceil(MOST_ITEMS).max(1);
            let some: Vec<usize> = items.into_iter().step_by(step).collect();
            let inputs = inputs(encoded, &some, words.as_ref(), (n_words, read));
            leading_directions(&inputs, most).of_width(n_inputs)
        }
    };
    LsaStart { words, inputs }
}

/// Content as the first convolution reads it: the first `n_words` columns as `read` floats, the others behind them.
fn inputs(
    encoded: &Encoded,
    items: &[usize],
    words: Option<&PrincipalComponents>,
    (n_words, read): (usize, usize),
) -> SparseMatrix {
    let mut rows = SparseRows::default();
    for &item in items {
        let (of_item, weights) = encoded.rows.row(item);
        let n = of_item.partition_point(|&column| (column as usize) < n_words);
        if let Some(words) = words {
            let mut sums = vec![0.0f32; words.n];
            for (&word, &weight) in of_item[..n].iter().zip(weights) {
                let direction = &words.values[word as usize * words.n..][..words.n];
                for (sum, value) in sums.iter_mut().zip(direction) {
                    *sum += weight * value;
                }
            }
            rows.extend((0..).zip(sums));
        }
        let others = of_item[n..].iter().zip(&weights[n..]);
        for (&column, &weight) in others.filter(|(c, _)| (**c as usize) < encoded.n_content) {
            rows.push((read + column as usize - n_words) as u32, weight);
        }
        rows.end_row();
    }
    rows.finish(read + encoded.n_content - n_words)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::data::{ItemColumn, ItemVectors};
    use crate::features::{Encoder, ItemTable};

    /// Four items with words and pictures; the last has no training interaction.
    fn table(last: &str) -> ItemTable {
        let words = ["red car", "red bus", "green tree", last];
        ItemTable {
            columns: vec![ItemColumn {
                name: "title".to_owned(),
                values: words.map(|title| Some(title.to_owned())).to_vec(),
            }],
            vectors: vec![ItemVectors {
                name: "pictures.npy".to_owned(),
                width: 2,
                values: vec![3.0, 4.0, 1.0, 0.0, 0.0, -2.0, 5.0, 5.0],
                is_there: vec![true; 4],
            }],
            edges: vec![2, 1, 3, 0],
        }
    }

    fn settings() -> FeatureSettings {
        FeatureSettings {
            text: vec!["title".to_owned()],
            categories: Vec::new(),
            numbers: Vec::new(),
            vectors: vec!["pictures.npy".into()],
            degree: true,
            hash_buckets: 64,
            token_dim: 5,
            learning_rate_multiplier: 1.0,
            dropout: 0.0,
        }
    }

    fn start(table: &ItemTable, most: usize) -> (Encoded, LsaStart) {
        let settings = settings();
        let encoder = Encoder::fit(&settings, table).unwrap();
        let encoded = encoder.encode(table).unwrap();
        let start = content_start(&settings, &encoded, &table.edges, most);
        (encoded, start)
    }

    /// As many directions as the items span keep every product of two items' contents.
    #[test]
    fn directions_keep_what_trained_items_are_made_of() {
        let (encoded, start) = start(&table("green car"), 10);
        let words = start.words.as_ref().unwrap();
        assert_eq!((words.n, words.values.len()), (3, 64 * 3));
        assert_eq!(start.inputs.n, 3);
        // Five floats of words, two of pictures, two that may be missing, two of edges.
        assert_eq!(start.inputs.values.len(), 11 * 3);
        let read = inputs(&encoded, &[0, 1, 2], start.words.as_ref(), (64, 5));
        let projected = |item: usize| -> Vec<f32> {
            let (columns, values) = read.row(item);
            let along = |at: usize| {
                let terms = columns.iter().zip(values);
                terms
                    .map(|(&c, v)| v * start.inputs.values[c as usize * 3 + at])
                    .sum()
            };
            (0..3).map(along).collect()
        };
        let content = encoded.rows.first_columns(encoded.n_content);
        for (a, b) in [(0, 0), (0, 1), (0, 2), (1, 2), (2, 2)] {
            let mut expected = 0.0;
            let (columns, values) = content.row(a);
            for (column, value) in columns.iter().zip(values) {
                let (others, weights) = content.row(b);
                if let Some(at) = others.iter().position(|other| other == column) {
                    expected += value * weights[at];
                }
            }
            let (a_row, b_row) = (projected(a), projected(b));
            let found: f32 = a_row.iter().zip(&b_row).map(|(x, y)| x * y).sum();
            assert!(
                (found - expected).abs() < 1e-4,
                "{a}, {b}: {found} for {expected}"
            );
        }
    }

    #[test]
    fn items_without_a_training_interaction_change_nothing_and_fewer_directions_may_be_wanted() {
        let (_, three) = start(&table("green car"), 10);
        assert_eq!(start(&table("blue boat"), 10).1, three);
        assert_eq!(start(&table("green car"), 2).1.inputs.n, 2);
    }
}
