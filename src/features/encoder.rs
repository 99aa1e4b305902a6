//! The fitted encoder. A run keeps it, so that it encodes a new item as it encoded the items of training.

mod parts;
mod stored;

#[cfg(feature = "train")]
pub(crate) use parts::first_categories;
pub use stored::{ENCODER_VERSION, EncoderError, EncoderParts};

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use sagebrush_model::{EdgeFeatures, SparseMatrix, SparseRows};
use serde::{Deserialize, Serialize};

use super::tokens::Bag;
use super::{Encoded, FeatureError, ItemTable};
use crate::config::FeatureSettings;
use crate::data::CategoryFields;
use parts::{Parts, category_fields};

/// Mean and standard deviation of what is known.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Scale {
    /// The mean.
    pub mean: f64,
    /// The standard deviation; 1 where all is the same.
    pub deviation: f64,
}

impl Scale {
    fn of(values: impl Iterator<Item = f64> + Clone) -> Self {
        let n = values.clone().count().max(1) as f64;
        let mean = values.clone().sum::<f64>() / n;
        let variance = values.map(|value| (value - mean).powi(2)).sum::<f64>() / n;
        Self {
            mean,
            deviation: if variance > 0.0 { variance.sqrt() } else { 1.0 },
        }
    }

    fn apply(self, value: f64) -> f32 {
        ((value - self.mean) / self.deviation) as f32
    }
}

/// From an [`ItemTable`] to features. Their columns are, in this order:
///
/// - where there are words or categories, `width` places that they fall on with a sign, both by their hash (Weinberger et
///   al., ICML 2009), with `(1 + ln tf) (ln((1 + n) / (1 + df)) + 1)`, `n` and `df` counted over the items fitted on; an item's
///   are scaled to length 1;
/// - a place a number, standardised;
/// - the floats of each vector, scaled to length 1;
/// - a place for each column and each file of vectors, 1 where the item has nothing there: what that is worth is
///   learned;
/// - where edges are told, `ln(1 + edges)` standardised, and a place that is 1 for an item without one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Encoder {
    version: u32,
    settings: FeatureSettings,
    numbers: Vec<Scale>,
    vector_widths: Vec<usize>,
    edges: Option<Scale>,
    /// How each column of categories names them; of encoders that lack this, between bars.
    #[serde(default)]
    category_fields: Vec<CategoryFields>,
    /// Items fitted on.
    n_items: u64,
    /// Of how many items each word and category is, by its hash.
    #[serde(skip)]
    documents: BTreeMap<u64, u32>,
}

impl Encoder {
    /// Fits an encoder on the items with an edge; on all where none has one.
    ///
    /// # Errors
    /// [`FeatureError`], except for vectors of another width, which there is nothing to compare with yet.
    pub fn fit(settings: &FeatureSettings, table: &ItemTable) -> Result<Self, FeatureError> {
        let any = table.edges.iter().any(|&edges| edges > 0);
        let is_fitted_on = |item: usize| !any || table.edges[item] > 0;
        let category_fields = category_fields(settings, table);
        let parts = Parts::of(settings, &category_fields, table)?;
        let n = table.n_items();
        if (0..n).all(|item| parts.is_empty(item)) {
            return Err(FeatureError::NothingKnown {
                columns: parts.names().join(", "),
            });
        }
        let mut documents = BTreeMap::<u64, u32>::new();
        for (_, bag) in parts
            .bags
            .iter()
            .enumerate()
            .filter(|&(item, _)| is_fitted_on(item))
        {
            for same in bag.chunk_by(|a, b| a == b) {
                *documents.entry(same[0]).or_default() += 1;
            }
        }
        if parts.n_hashed > 0 && documents.is_empty() {
            return Err(FeatureError::NoVocabulary {
                columns: parts.names()[..parts.n_hashed].join(", "),
            });
        }
        let fitted = (0..n).filter(|&item| is_fitted_on(item));
        let scale = |values: &Vec<Option<f64>>| Scale::of(fitted.clone().filter_map(|i| values[i]));
        let edges = table.edges.iter().filter(|&&edges| edges > 0);
        Ok(Self {
            version: ENCODER_VERSION,
            settings: settings.clone(),
            numbers: parts.numbers.iter().map(scale).collect(),
            vector_widths: table.vectors.iter().map(|vectors| vectors.width).collect(),
            edges: settings
                .degree
                .then(|| Scale::of(edges.map(|&edges| f64::from(edges).ln_1p()))),
            category_fields,
            n_items: fitted.clone().count() as u64,
            documents,
        })
    }

    /// Floats of an item's features.
    pub fn width(&self) -> usize {
        self.first_missing() + self.n_missing() + 2 * usize::from(self.edges.is_some())
    }

    /// The settings it was fitted with.
    pub fn settings(&self) -> &FeatureSettings {
        &self.settings
    }

    /// The widths of the vectors it was fitted with.
    pub(crate) fn vector_widths(&self) -> &[usize] {
        &self.vector_widths
    }

    /// How a column of categories names them; `None` for a column that is none.
    #[cfg(feature = "serve")]
    pub(crate) fn category_fields_of(&self, column: &str) -> Option<CategoryFields> {
        let columns = &self.settings.categories;
        let at = columns.iter().position(|known| known == column)?;
        Some(self.category_fields.get(at).copied().unwrap_or_default())
    }

    /// Calls the files of vectors it was fitted with by these names.
    pub(crate) fn name_vectors(&mut self, names: &[PathBuf]) {
        assert_eq!(names.len(), self.vector_widths.len(), "a name a file");
        self.settings.vectors = names.to_vec();
    }

    fn first_vector(&self) -> usize {
        self.settings.n_words() + self.numbers.len()
    }

    /// The first columns, which hold content, without those for missing values and for degrees.
    pub fn n_content(&self) -> usize {
        self.first_missing()
    }

    fn first_missing(&self) -> usize {
        self.first_vector() + self.vector_widths.iter().sum::<usize>()
    }

    /// Columns and files of vectors.
    fn n_missing(&self) -> usize {
        ItemTable::column_names(&self.settings).len() + self.vector_widths.len()
    }

    /// The columns that tell of edges.
    pub fn edge_features(&self) -> Option<EdgeFeatures> {
        let known = (self.first_missing() + self.n_missing()) as u32;
        self.edges.map(|_| EdgeFeatures {
            known,
            missing: known + 1,
        })
    }

    /// The features of items.
    ///
    /// # Errors
    /// [`FeatureError::NotANumber`], and vectors that are not those fitted on.
    pub fn encode(&self, table: &ItemTable) -> Result<Encoded, FeatureError> {
        let found: Vec<usize> = table.vectors.iter().map(|vectors| vectors.width).collect();
        if found.len() != self.vector_widths.len() {
            return Err(FeatureError::VectorFiles {
                found: found.len(),
                expected: self.vector_widths.len(),
            });
        }
        for (vectors, &expected) in table.vectors.iter().zip(&self.vector_widths) {
            if vectors.width != expected {
                return Err(FeatureError::VectorWidth {
                    name: vectors.name.clone(),
                    found: vectors.width,
                    expected,
                });
            }
        }
        let parts = Parts::of(&self.settings, &self.category_fields, table)?;
        let items = 0..table.n_items();
        let rows = matrix(self.width(), items.clone(), |item, row| {
            self.row(&parts, table, item, row);
        });
        Ok(Encoded {
            rows: Arc::new(rows),
            n_content: self.n_content(),
            n_empty: items.filter(|&item| parts.is_empty(item)).count(),
            edge_features: self.edge_features(),
        })
    }

    /// The entries of an item's row, by column.
    fn row(&self, parts: &Parts<'_>, table: &ItemTable, item: usize, row: &mut Vec<(u32, f32)>) {
        self.hashed(&parts.bags[item], row);
        self.told(parts, table, item, self.settings.n_words(), row);
        let missing = parts.is_missing(item).zip(self.first_missing() as u32..);
        row.extend(
            missing
                .filter(|&(is, _)| is)
                .map(|(_, column)| (column, 1.0)),
        );
        if let (Some(scale), Some(columns)) = (self.edges, self.edge_features()) {
            row.push(match table.edges[item] {
                0 => (columns.missing, 1.0),
                edges => (columns.known, scale.apply(f64::from(edges).ln_1p())),
            });
        }
    }

    /// An item's numbers and vectors, from a column on.
    fn told(
        &self,
        parts: &Parts<'_>,
        table: &ItemTable,
        item: usize,
        first: usize,
        row: &mut Vec<(u32, f32)>,
    ) {
        let mut first = first as u32;
        for (scale, values) in self.numbers.iter().zip(&parts.numbers) {
            row.extend(values[item].map(|value| (first, scale.apply(value))));
            first += 1;
        }
        for vectors in &table.vectors {
            let values = &vectors.values[item * vectors.width..][..vectors.width];
            let length = length(values);
            if length > 0.0 {
                row.extend((first..).zip(values.iter().map(|value| value / length)));
            }
            first += vectors.width as u32;
        }
    }

    fn hashed(&self, bag: &Bag, row: &mut Vec<(u32, f32)>) {
        let n = self.n_items as f64;
        for same in bag.chunk_by(|a, b| a == b) {
            let token = same[0];
            let documents = self.documents.get(&token).copied().unwrap_or(0);
            let frequency = 1.0 + (same.len() as f64).ln();
            let rarity = ((1.0 + n) / (1.0 + f64::from(documents))).ln() + 1.0;
            let sign = if token >> 63 == 0 { 1.0 } else { -1.0 };
            let place = (token % self.settings.hash_buckets as u64) as u32;
            row.push((place, (sign * frequency * rarity) as f32));
        }
        row.sort_by_key(|&(place, _)| place);
        row.dedup_by(|next, kept| {
            let same = next.0 == kept.0;
            if same {
                kept.1 += next.1;
            }
            same
        });
        let length = row
            .iter()
            .map(|(_, value)| value * value)
            .sum::<f32>()
            .sqrt();
        if length > 0.0 {
            row.iter_mut().for_each(|(_, value)| *value /= length);
        }
    }
}

/// A row per item, of the entries that `fill` puts into an empty list, without zeros.
fn matrix(
    width: usize,
    items: impl Iterator<Item = usize>,
    fill: impl Fn(usize, &mut Vec<(u32, f32)>),
) -> SparseMatrix {
    let mut rows = SparseRows::default();
    let mut row = Vec::new();
    for item in items {
        fill(item, &mut row);
        rows.extend(row.drain(..).filter(|&(_, value)| value != 0.0));
        rows.end_row();
    }
    rows.finish(width)
}

fn length(values: &[f32]) -> f32 {
    values.iter().map(|value| value * value).sum::<f32>().sqrt()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
