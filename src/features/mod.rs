//! From columns of an item file to numbers: words and categories hashed, numbers standardised.

use crate::config::FeatureSettings;
use crate::data::ItemColumn;

/// The features of a catalogue.
#[derive(Debug, Clone, PartialEq)]
pub struct Encoded {
    /// `[n_items, width]`, row-major.
    pub rows: Vec<f32>,
    /// Items without a single value.
    pub n_empty: usize,
}

/// Why features cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FeatureError {
    /// A field that is no number.
    #[error(
        "the column \"{column}\" holds \"{value}\", which is not a finite number; leave it empty where there is none"
    )]
    NotANumber {
        /// The column.
        column: String,
        /// The field.
        value: String,
    },
    /// No item has a word, a category or a number.
    #[error(
        "no item of the log has a value in the columns {columns}: do the keys of the item file match the log's?"
    )]
    NothingKnown {
        /// The columns asked for.
        columns: String,
    },
}

/// Encodes the columns named by the settings, which come in the order text, categories, numbers.
///
/// A word or category `t` of a column falls on one of `width` places with a sign, both by its hash (Weinberger et al.,
/// ICML 2009), with `(1 + ln tf) * (ln((1 + n) / (1 + df)) + 1)`; the hashed part is scaled to length 1. A number is
/// standardised; where it is missing it is 0 and says so. An item without a value is all zeros.
///
/// # Errors
/// [`FeatureError`].
pub fn encode(settings: &FeatureSettings, columns: &[ItemColumn]) -> Result<Encoded, FeatureError> {
    let n_items = columns.first().map_or(0, |column| column.values.len());
    let n_hashed = settings.text.len() + settings.categories.len();
    let (hashed, numbers) = columns.split_at(n_hashed);
    let (words, categories) = hashed.split_at(settings.text.len());
    let mut bags: Vec<Vec<u64>> = vec![Vec::new(); n_items];
    for column in words {
        add(&mut bags, column, |text| {
            let words = text.split(|c: char| !c.is_alphanumeric());
            words
                .filter(|word| !word.is_empty())
                .map(str::to_lowercase)
                .collect()
        });
    }
    for column in categories {
        add(&mut bags, column, |text| {
            let parts = text.split('|').map(str::trim);
            parts
                .filter(|part| !part.is_empty())
                .map(str::to_owned)
                .collect()
        });
    }
    let width = settings.row_width();
    let mut rows = vec![0.0f32; n_items * width];
    hash_into(&mut rows, width, settings.width, &mut bags);
    for (at, column) in numbers.iter().enumerate() {
        standardise_into(
            &mut rows,
            width,
            settings.width + FeatureSettings::PER_NUMBER * at,
            column,
        )?;
    }
    let n_empty = rows
        .chunks_exact(width)
        .filter(|row| row.iter().all(|&value| value == 0.0))
        .count();
    if n_empty == n_items {
        let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
        return Err(FeatureError::NothingKnown {
            columns: names.join(", "),
        });
    }
    Ok(Encoded { rows, n_empty })
}

/// Adds the hashes of a column's tokens to the items' bags; a token is its column's alone.
fn add(bags: &mut [Vec<u64>], column: &ItemColumn, tokens: impl Fn(&str) -> Vec<String>) {
    for (bag, value) in bags.iter_mut().zip(&column.values) {
        for token in value.iter().flat_map(|text| tokens(text)) {
            let mut hasher = blake3::Hasher::new();
            hasher
                .update(column.name.as_bytes())
                .update(&[0])
                .update(token.as_bytes());
            let mut first = [0; 8];
            first.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
            bag.push(u64::from_le_bytes(first));
        }
    }
}

fn hash_into(rows: &mut [f32], width: usize, places: usize, bags: &mut [Vec<u64>]) {
    let mut in_items = std::collections::BTreeMap::<u64, u32>::new();
    for bag in bags.iter_mut() {
        bag.sort_unstable();
        for same in bag.chunk_by(|a, b| a == b) {
            *in_items.entry(same[0]).or_default() += 1;
        }
    }
    let n = bags.len() as f64;
    for (row, bag) in rows.chunks_exact_mut(width).zip(bags) {
        for same in bag.chunk_by(|a, b| a == b) {
            let token = same[0];
            let frequency = 1.0 + (same.len() as f64).ln();
            let rarity = ((1.0 + n) / (1.0 + f64::from(in_items[&token]))).ln() + 1.0;
            let sign = if token >> 63 == 0 { 1.0 } else { -1.0 };
            row[(token % places as u64) as usize] += (sign * frequency * rarity) as f32;
        }
        let length = row[..places]
            .iter()
            .map(|value| value * value)
            .sum::<f32>()
            .sqrt();
        if length > 0.0 {
            row[..places].iter_mut().for_each(|value| *value /= length);
        }
    }
}

fn standardise_into(
    rows: &mut [f32],
    width: usize,
    at: usize,
    column: &ItemColumn,
) -> Result<(), FeatureError> {
    let number = |text: &String| {
        let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
        number.ok_or_else(|| FeatureError::NotANumber {
            column: column.name.clone(),
            value: text.clone(),
        })
    };
    let values: Vec<Option<f64>> = column
        .values
        .iter()
        .map(|value| value.as_ref().map(number).transpose())
        .collect::<Result<_, _>>()?;
    let known = || values.iter().flatten();
    let n = known().count().max(1) as f64;
    let mean = known().sum::<f64>() / n;
    let deviation = (known().map(|value| (value - mean).powi(2)).sum::<f64>() / n).sqrt();
    let deviation = if deviation > 0.0 { deviation } else { 1.0 };
    for (row, value) in rows.chunks_exact_mut(width).zip(&values) {
        if let Some(value) = value {
            row[at] = ((value - mean) / deviation) as f32;
            row[at + 1] = 1.0;
        }
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

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
            width: 64,
        }
    }

    #[test]
    fn what_is_alike_is_near_and_what_is_missing_says_so() {
        let columns = [
            column(
                "title",
                ["Alien, the thing", "the ALIEN thing", "Clueless", ""],
            ),
            column("genres", ["Sci-Fi|Horror", "Horror|Sci-Fi", "Comedy", ""]),
            column("year", ["1979", "1979", "1995", ""]),
        ];
        let encoded = encode(&settings(), &columns).unwrap();
        let rows: Vec<&[f32]> = encoded.rows.chunks_exact(66).collect();
        let dot = |a: usize, b: usize| -> f32 {
            rows[a][..64].iter().zip(rows[b]).map(|(x, y)| x * y).sum()
        };
        assert!((dot(0, 1) - 1.0).abs() < 1e-6 && dot(0, 2).abs() < 0.5);
        // Two alike and one apart are -1 and 2 over the square root of 2, whatever they are.
        let root = std::f32::consts::SQRT_2;
        assert!((rows[0][64] + 1.0 / root).abs() < 1e-5 && (rows[2][64] - root).abs() < 1e-5);
        assert_eq!((rows[0][65], rows[3][65]), (1.0, 0.0));
        assert!(rows[3].iter().all(|&value| value == 0.0));
        assert_eq!(encoded.n_empty, 1);
    }

    #[test]
    fn rare_words_weigh_more() {
        let columns = [
            column("title", ["the alien", "the", "the", "the"]),
            column("genres", [""; 4]),
            column("year", [""; 4]),
        ];
        let encoded = encode(&settings(), &columns).unwrap();
        let mut weights: Vec<f32> = encoded.rows[..64].iter().map(|value| value.abs()).collect();
        weights.sort_by(f32::total_cmp);
        // ln(5 / 5) + 1 against ln(5 / 2) + 1.
        assert!(
            (weights[63] / weights[62] - 1.9163).abs() < 1e-3,
            "{weights:?}"
        );
    }

    #[test]
    fn what_is_no_number_is_named_and_nothing_known_is_refused() {
        let empty = |name| column(name, [""; 4]);
        let columns = [
            empty("title"),
            empty("genres"),
            column("year", ["1979", "NaN", "", ""]),
        ];
        let message = encode(&settings(), &columns).unwrap_err().to_string();
        assert!(message.contains("\"year\" holds \"NaN\""), "{message}");
        let columns = [empty("title"), empty("genres"), empty("year")];
        let message = encode(&settings(), &columns).unwrap_err().to_string();
        assert!(message.contains("title, genres, year"), "{message}");
    }
}
