//! `[features]`: the columns of the item file that PinSAGE reads.

use std::path::PathBuf;

use super::section::section;
use super::setting::{Absent, Rule, Tune};
use super::{PINSAGE, log, usual, usual_when, values};
use crate::config::accepts::{Accepts, POSITIVE, SHARE};

/// Item features are read once for a search; `ablate` varies them.
const SAME_ITEMS: Tune =
    Tune::Fixed("every trial reads the same items; `ablate` compares features");

section! {
    /// The features of items: columns of the item file (`data.items`) and files of vectors.
    ["features"] FeatureSettings { models: PINSAGE, tune: SAME_ITEMS }

    /// Columns of words.
    text: Vec<String> {
        default: vec!["title".to_owned()];
        rules: &[Rule {
            broken: |config| config.features.as_ref().is_some_and(FeatureSettings::is_empty),
            remedy: "an item is made of its features; name columns of the item file, or files of vectors",
        }],
    }

    /// Columns of categories; `|` separates several in one field.
    categories: Vec<String> {
        default: Vec::new();
    }

    /// Columns of numbers.
    numbers: Vec<String> {
        default: Vec::new();
    }

    /// Files of ready-made vectors, such as those of an image or a language model.
    #[serde(default)]
    #[serde(with = "crate::config::path_text::many")]
    vectors: Vec<PathBuf> {
        default: Vec::new();
        absent: Absent::Default,
    }

    /// Whether the logarithm of an item's number of training interactions is a feature.
    #[serde(default)]
    degree: bool, was "edges" {
        default: false;
        absent: Absent::Default,
    }

    /// Hash buckets of words and categories, each with a learned embedding.
    hash_buckets: usize, was "width" {
        default: 16_384;
        accepts: Accepts::Whole(1, 65_536),
    }

    /// Floats of the learned embedding of a word or category.
    token_dim: usize, was "components" {
        default: 128;
        accepts: Accepts::Whole(1, 4096),
    }

    /// How many times as fast the embeddings of words and categories learn as the weights.
    learning_rate_multiplier: f64, was "rate" {
        default: 10.0;
        accepts: POSITIVE,
        // Tags are worth learning, titles are not: nothing tells but trying.
        tune: Tune::Usually(&[usual_when(5, log(0.001, 30.0), "with words or categories", |config| {
            config.features.as_ref().is_some_and(|features| features.n_words() > 0)
        })]),
    }

    /// Probability that a feature of an item is left out in a training step.
    #[serde(default)]
    dropout: f64 {
        default: 0.3;
        accepts: SHARE,
        absent: Absent::Default,
        tune: Tune::Usually(&[usual(4, values(&["0", "0.3"]))]),
    }
}

impl FeatureSettings {
    /// Hash buckets of words and categories; 0 where no column has any.
    #[must_use]
    pub fn n_words(&self) -> usize {
        match self.text.is_empty() && self.categories.is_empty() {
            true => 0,
            false => self.hash_buckets,
        }
    }

    fn is_empty(&self) -> bool {
        self.text.is_empty()
            && self.categories.is_empty()
            && self.numbers.is_empty()
            && self.vectors.is_empty()
    }
}
