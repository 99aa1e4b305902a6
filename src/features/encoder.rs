//! The fitted encoder: what a run keeps, so that a new item's features are what training would have made of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use sagebrush_model::{EdgeFeatures, SparseMatrix, SparseRows};
use serde::{Deserialize, Serialize};

use super::tokens::{self, Bag};
use super::{Encoded, FeatureError, ItemTable};
use crate::config::FeatureSettings;
use crate::data::ItemColumn;

/// The version of the encoder this program writes and reads.
pub const ENCODER_VERSION: u32 = 2;

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
    /// Items fitted on.
    n_items: u64,
    /// Of how many items each word and category is, by its hash.
    #[serde(skip)]
    documents: BTreeMap<u64, u32>,
}

/// An encoder as a file keeps it.
#[derive(Debug, Clone, PartialEq)]
pub struct EncoderParts {
    /// Everything but the rest.
    pub text: String,
    /// Words and categories by their hashes, ascending.
    pub tokens: Vec<u64>,
    /// Of how many items each is.
    pub documents: Vec<u32>,
}

/// Why stored text is no encoder.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)]
pub enum EncoderError {
    #[error("it is no feature encoder ({0})")]
    Text(#[from] serde_json::Error),
    #[error(
        "it is a feature encoder of version {found}, and this program knows version {ENCODER_VERSION}"
    )]
    Version { found: u32 },
    #[error("its parts do not fit together")]
    Parts,
}

impl Encoder {
    /// Fits an encoder on the items with an edge; on all where none has one.
    ///
    /// # Errors
    /// [`FeatureError`], except for vectors of another width, which there is nothing to compare with yet.
    pub fn fit(settings: &FeatureSettings, table: &ItemTable) -> Result<Self, FeatureError> {
        let any = table.edges.iter().any(|&edges| edges > 0);
        let is_fitted_on = |item: usize| !any || table.edges[item] > 0;
        let parts = Parts::of(settings, table)?;
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

    fn first_vector(&self) -> usize {
        self.settings.n_words() + self.numbers.len()
    }

    /// The first columns, which are what an item is made of, without what is missing and what it has of edges.
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
        let parts = Parts::of(&self.settings, table)?;
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

    /// What a file keeps.
    ///
    /// # Errors
    /// Never in practice: numbers are finite.
    pub fn to_parts(&self) -> Result<EncoderParts, serde_json::Error> {
        let (tokens, documents) = self.documents.iter().unzip();
        Ok(EncoderParts {
            text: serde_json::to_string(self)?,
            tokens,
            documents,
        })
    }

    /// The encoder of [`Encoder::to_parts`].
    ///
    /// # Errors
    /// [`EncoderError`]
    pub fn from_parts(parts: EncoderParts) -> Result<Self, EncoderError> {
        let EncoderParts {
            text,
            tokens,
            documents,
        } = parts;
        #[derive(Deserialize)]
        struct Preamble {
            version: u32,
        }
        let Preamble { version } = serde_json::from_str(&text)?;
        if version != ENCODER_VERSION {
            return Err(EncoderError::Version { found: version });
        }
        let mut encoder: Self = serde_json::from_str(&text)?;
        let fits = tokens.len() == documents.len()
            && encoder.numbers.len() == encoder.settings.numbers.len()
            && encoder.vector_widths.len() == encoder.settings.vectors.len()
            && encoder.edges.is_some() == encoder.settings.degree
            && (1..=65_536).contains(&encoder.settings.hash_buckets);
        if !fits {
            return Err(EncoderError::Parts);
        }
        encoder.documents = tokens.into_iter().zip(documents).collect();
        Ok(encoder)
    }
}

#[cfg(feature = "train")]
/// The first category of each item, in the first column of categories.
pub(crate) fn first_categories(
    settings: &FeatureSettings,
    table: &ItemTable,
) -> Vec<Option<String>> {
    let column = settings
        .categories
        .first()
        .and_then(|_| table.columns.get(settings.text.len()));
    let first = |value: &Option<String>| {
        let text = value.as_deref()?;
        tokens::categories(text).next().map(str::to_owned)
    };
    column.map_or_else(Vec::new, |column| column.values.iter().map(first).collect())
}

/// A row an item, of the entries that `fill` puts into an empty list, without zeros.
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

/// A table taken apart.
struct Parts<'a> {
    table: &'a ItemTable,
    n_hashed: usize,
    bags: Vec<Bag>,
    numbers: Vec<Vec<Option<f64>>>,
}

impl<'a> Parts<'a> {
    fn of(settings: &FeatureSettings, table: &'a ItemTable) -> Result<Self, FeatureError> {
        let n_hashed = settings.text.len() + settings.categories.len();
        let (hashed, numbers) = table.columns.split_at(n_hashed);
        let (words, categories) = hashed.split_at(settings.text.len());
        let mut bags: Vec<Bag> = vec![Vec::new(); table.n_items()];
        words.iter().for_each(|c| tokens::add_words(&mut bags, c));
        categories
            .iter()
            .for_each(|c| tokens::add_categories(&mut bags, c));
        bags.iter_mut().for_each(|bag| bag.sort_unstable());
        Ok(Self {
            table,
            n_hashed,
            bags,
            numbers: numbers.iter().map(parsed).collect::<Result<_, _>>()?,
        })
    }

    fn names(&self) -> Vec<&str> {
        let columns = self.table.columns.iter().map(|column| column.name.as_str());
        let vectors = self
            .table
            .vectors
            .iter()
            .map(|vectors| vectors.name.as_str());
        columns.chain(vectors).collect()
    }

    /// Of each column and each file of vectors whether it has nothing of an item.
    fn is_missing(&self, item: usize) -> impl Iterator<Item = bool> + '_ {
        let columns = self.table.columns.iter();
        let vectors = self.table.vectors.iter();
        columns
            .map(move |column| column.values[item].is_none())
            .chain(vectors.map(move |vectors| !vectors.is_there[item]))
    }

    fn is_empty(&self, item: usize) -> bool {
        self.is_missing(item).all(|is| is)
    }
}

fn parsed(column: &ItemColumn) -> Result<Vec<Option<f64>>, FeatureError> {
    let number = |text: &String| {
        let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
        number.ok_or_else(|| FeatureError::NotANumber {
            column: column.name.clone(),
            value: text.clone(),
        })
    };
    let values = column.values.iter();
    values
        .map(|value| value.as_ref().map(number).transpose())
        .collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::data::ItemVectors;

    fn column(name: &str, values: [&str; 4]) -> ItemColumn {
        let value = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        ItemColumn {
            name: name.to_owned(),
            values: values.map(value).to_vec(),
        }
    }

    fn settings() -> FeatureSettings {
        FeatureSettings {
            text: vec!["title".to_owned()],
            categories: vec!["genres".to_owned()],
            numbers: vec!["year".to_owned()],
            vectors: Vec::new(),
            degree: false,
            hash_buckets: 64,
            token_dim: 2,
            learning_rate_multiplier: 1.0,
            dropout: 0.0,
        }
    }

    fn table(title: [&str; 4], genres: [&str; 4], year: [&str; 4]) -> ItemTable {
        ItemTable {
            columns: vec![
                column("title", title),
                column("genres", genres),
                column("year", year),
            ],
            vectors: Vec::new(),
            edges: vec![1; 4],
        }
    }

    fn films() -> ItemTable {
        table(
            ["Alien, the thing", "the ALIEN thing", "Clueless", ""],
            ["Sci-Fi|Horror", "Horror|Sci-Fi", "Comedy", ""],
            ["1979", "1979", "1995", ""],
        )
    }

    fn dense(rows: &SparseMatrix) -> Vec<Vec<f32>> {
        let row = |item: usize| {
            let mut row = vec![0.0; rows.n_columns()];
            let (columns, values) = rows.row(item);
            assert!(columns.is_sorted_by(|a, b| a < b));
            columns
                .iter()
                .zip(values)
                .for_each(|(&column, &value)| row[column as usize] = value);
            row
        };
        (0..rows.n_rows()).map(row).collect()
    }

    #[test]
    fn what_is_alike_is_near_and_what_is_missing_says_so() {
        let encoder = Encoder::fit(&settings(), &films()).unwrap();
        let encoded = encoder.encode(&films()).unwrap();
        let rows = dense(&encoded.rows);
        let dot = |a: usize, b: usize| -> f32 {
            rows[a][..64].iter().zip(&rows[b]).map(|(x, y)| x * y).sum()
        };
        assert!((dot(0, 1) - 1.0).abs() < 1e-6 && dot(0, 2).abs() < 0.5);
        // Two alike and one apart are -1 and 2 over the square root of 2, whatever they are.
        let root = std::f32::consts::SQRT_2;
        assert!((rows[0][64] + 1.0 / root).abs() < 1e-5 && (rows[2][64] - root).abs() < 1e-5);
        assert_eq!(rows[0][65..], [0.0; 3], "nothing is missing");
        assert_eq!(rows[3][..65], [0.0; 65]);
        assert_eq!(rows[3][65..], [1.0; 3], "all is missing");
        assert_eq!(encoded.n_empty, 1);
    }

    #[test]
    fn rare_words_weigh_more_and_new_ones_most() {
        let table = table(["the alien", "the", "the", "the"], [""; 4], [""; 4]);
        let encoder = Encoder::fit(&settings(), &table).unwrap();
        let weights = |table: &ItemTable| {
            let rows = dense(&encoder.encode(table).unwrap().rows);
            let mut weights: Vec<f32> = rows[0][..64].iter().map(|value| value.abs()).collect();
            weights.sort_by(f32::total_cmp);
            weights[63] / weights[62]
        };
        // ln(5 / 5) + 1 against ln(5 / 2) + 1, and ln(5) + 1 for a word never seen.
        assert!((weights(&table) - 1.9163).abs() < 1e-3);
        let new = super::tests::table(["the predator", "", "", ""], [""; 4], [""; 4]);
        assert!((weights(&new) - 2.6094).abs() < 1e-3);
    }

    #[test]
    fn items_without_a_training_interaction_are_not_fitted_on() {
        let mut table = films();
        table.edges = vec![2, 0, 4, 0];
        let encoder = Encoder::fit(&settings(), &table).unwrap();
        let mut other = table.clone();
        other.columns[0].values[1] = Some("quite another title".to_owned());
        other.columns[2].values[1] = Some("1066".to_owned());
        assert_eq!(Encoder::fit(&settings(), &other).unwrap(), encoder);
    }

    #[test]
    fn vectors_have_length_one_and_edges_are_told() {
        let settings = FeatureSettings {
            text: Vec::new(),
            categories: Vec::new(),
            numbers: Vec::new(),
            vectors: vec!["v.npy".into()],
            degree: true,
            hash_buckets: 8,
            token_dim: 2,
            learning_rate_multiplier: 1.0,
            dropout: 0.0,
        };
        let table = ItemTable {
            columns: Vec::new(),
            vectors: vec![ItemVectors {
                name: "v.npy".to_owned(),
                width: 2,
                values: vec![3.0, 4.0, 0.0, 0.0, 0.0, -2.0],
                is_there: vec![true, false, true],
            }],
            edges: vec![1, 1, 0],
        };
        let encoder = Encoder::fit(&settings, &table).unwrap();
        let rows = dense(&encoder.encode(&table).unwrap().rows);
        // No words, 2 of the vector, 1 missing, edges and their lack; both known edges are the mean.
        assert_eq!(rows[0], [0.6, 0.8, 0.0, 0.0, 0.0]);
        assert_eq!(rows[1], [0.0, 0.0, 1.0, 0.0, 0.0]);
        assert_eq!(rows[2], [0.0, -1.0, 0.0, 0.0, 1.0]);
        let columns = encoder.edge_features().unwrap();
        assert_eq!((columns.known, columns.missing), (3, 4));
        let mut wide = table.clone();
        wide.vectors[0].width = 3;
        let message = encoder.encode(&wide).unwrap_err().to_string();
        assert!(
            message.contains("v.npy: its vectors have 3 floats"),
            "{message}"
        );
        wide.vectors.clear();
        let message = encoder.encode(&wide).unwrap_err().to_string();
        assert!(
            message.contains("trained with 1 files of vectors"),
            "{message}"
        );
    }

    #[test]
    fn an_encoder_comes_back_as_it_was_and_no_other_does() {
        let encoder = Encoder::fit(&settings(), &films()).unwrap();
        let whole = encoder.to_parts().unwrap();
        let read = |change: &dyn Fn(&mut EncoderParts)| {
            let mut parts = whole.clone();
            change(&mut parts);
            Encoder::from_parts(parts).map_err(|error| error.to_string())
        };
        assert_eq!(read(&|_| ()).unwrap(), encoder);
        let newer = whole.text.replacen("\"version\":2", "\"version\":3", 1);
        let message = read(&|parts| parts.text = newer.clone()).unwrap_err();
        assert!(message.contains("of version 3"), "{message}");
        let message = read(&|parts| parts.text = "{}".to_owned()).unwrap_err();
        assert!(message.contains("no feature encoder"), "{message}");
        assert!(read(&|parts| parts.documents.clear()).is_err());
    }

    #[test]
    fn what_is_no_number_is_named_and_nothing_known_is_refused() {
        let refused = |table: &ItemTable| Encoder::fit(&settings(), table).unwrap_err().to_string();
        let message = refused(&table([""; 4], [""; 4], ["1979", "NaN", "", ""]));
        assert!(message.contains("\"year\" holds \"NaN\""), "{message}");
        let message = refused(&table([""; 4], [""; 4], [""; 4]));
        assert!(message.contains("title, genres, year"), "{message}");
        let message = refused(&table(["--", "", "", ""], [""; 4], ["1979", "", "", ""]));
        assert!(
            message.contains("has a word or category in the columns title, genres"),
            "{message}"
        );
    }
}
