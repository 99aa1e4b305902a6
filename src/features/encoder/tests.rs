//! Similar items get similar features, missing values are marked, and a stored encoder reads back as it was.

use super::*;
use crate::data::{ItemColumn, ItemVectors};

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

/// What stands between categories is told once, by the items of the training.
#[test]
fn categories_are_told_apart_as_in_training() {
    let years = ["1979", "1979", "1995", ""];
    let listed = |genres| table(["Alien", "Thing", "Clueless", ""], genres, years);
    let encoder = |table: &ItemTable| Encoder::fit(&settings(), table).unwrap();
    let bars = listed(["Sci-Fi|Horror", "Horror|Sci-Fi", "Comedy", ""]);
    let expected = encoder(&bars).encode(&bars).unwrap();
    for genres in [
        ["Sci-Fi, Horror", "Horror,Sci-Fi", "Comedy", ""],
        ["Sci-Fi;Horror", "Horror; Sci-Fi", "Comedy", ""],
        [
            "['Sci-Fi', 'Horror']",
            "[\"Horror\", \"Sci-Fi\"]",
            "['Comedy']",
            "",
        ],
    ] {
        let table = listed(genres);
        let encoder = encoder(&table);
        assert_eq!(
            encoder.encode(&table).unwrap().rows,
            expected.rows,
            "{genres:?}"
        );
        let stored = Encoder::from_parts(encoder.to_parts().unwrap()).unwrap();
        assert_eq!(stored, encoder);
    }
    // Of a new item a comma is what it was in training.
    let comma = listed(["Sci-Fi, Horror", "", "", ""]);
    let encoded = |encoder: &Encoder| encoder.encode(&comma).unwrap().rows;
    assert_ne!(encoded(&encoder(&bars)), encoded(&encoder(&comma)));
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
    let new = self::table(["the predator", "", "", ""], [""; 4], [""; 4]);
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
