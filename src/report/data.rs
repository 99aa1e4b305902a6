//! What a report is made from. Plain values: the page computes nothing but its layout.

use serde::{Deserialize, Serialize};

use crate::evaluation::Evaluation;
use crate::run::EpochRecord;

/// Everything the page shows. Empty parts are left out with a sentence that says why.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ReportData {
    /// The name of the run, the title of the page.
    pub run: String,
    /// The model in a few words, such as `LightGCN, 64 dimensions, 3 layers`.
    pub model: String,
    /// The data in a few words, such as `ratings.csv, 100,000 interactions`.
    pub data: String,
    /// The split in a few words, such as `timeline, last 20% for testing`.
    pub split: String,
    /// When the report was made, as it is to be shown.
    pub date: String,
    /// The program that made it, with its version.
    pub tool: String,
    /// Counts and hashes of the data.
    pub data_facts: Vec<Fact>,
    /// The main settings of the run.
    pub config_facts: Vec<Fact>,
    /// The complete configuration.
    pub config_toml: String,
    /// The epochs of training.
    pub epochs: Vec<EpochRecord>,
    /// The epoch whose parameters the run keeps.
    pub best_epoch: Option<u32>,
    /// The result on the test set, the model of the run first; `None` before evaluation.
    pub evaluation: Option<Evaluation>,
    /// Where recommendations fall between hits and the long tail.
    pub popularity: Option<PopularityProfile>,
    /// Where items lie, for models with a vector an item.
    pub item_map: Option<ItemMap>,
    /// Items to look at with those nearest, ten or so.
    pub neighbours: Vec<Neighbours>,
    /// Users to look at, ten or so.
    pub examples: Vec<ExampleUser>,
    /// Command lines that repeat the run and this report.
    pub commands: Vec<String>,
}

/// A name and a value, both as shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    /// The name.
    pub name: String,
    /// The value.
    pub value: String,
}

impl Fact {
    /// A fact from anything that is text.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            value: value.into(),
        }
    }
}

/// Shares by item popularity: position 0 is the tenth of the catalogue with the most training
/// interactions. Each list sums to 1.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct PopularityProfile {
    /// Of the training interactions.
    pub interactions: Vec<f64>,
    /// Of the recommendations, by system.
    pub recommended: Vec<(String, Vec<f64>)>,
}

/// Items on a plane.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ItemMap {
    /// Categories that have a color of their own, the commonest first.
    pub categories: Vec<String>,
    /// Place and position in `categories` of each item shown; `None` for any other category or none.
    pub points: Vec<(f64, f64, Option<usize>)>,
    /// Items there are.
    pub n_items: u64,
    /// Share of the variance that the plane shows.
    pub share: f64,
}

impl ItemMap {
    /// Categories with a color of their own at most.
    pub const CATEGORIES_MAX: usize = 6;
}

/// An item and those nearest.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Neighbours {
    /// Its title or key.
    pub name: String,
    /// Titles or keys of the nearest items with the cosine, nearest first.
    pub near: Vec<(String, f64)>,
}

/// One user to look at.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ExampleUser {
    /// The user's key.
    pub key: String,
    /// Titles or keys of what the user had seen in training, the last first.
    pub history: Vec<String>,
    /// How many items the whole history has, of which `history` may be a part.
    pub n_history: u64,
    /// What is recommended, the best first.
    pub recommended: Vec<ExampleItem>,
    /// Titles or keys of the user's test items.
    pub held_out: Vec<String>,
}

/// One recommended item.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ExampleItem {
    /// Its title or key.
    pub name: String,
    /// Whether it is in the test set of the user.
    pub is_hit: bool,
}
