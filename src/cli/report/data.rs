//! The data of a report, as plain values: the page computes nothing but its layout.

use serde::{Deserialize, Serialize};

use crate::evaluation::Evaluation;
use crate::run::{ContestRecord, EpochRecord};

/// Everything the page shows. Empty parts are left out with a sentence that says why.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct ReportData {
    /// The name of the run, the title of the page.
    pub(crate) run: String,
    /// The model in a few words, such as `LightGCN, 64 dimensions, 3 layers`.
    pub(crate) model: String,
    /// The data in a few words, such as `ratings.csv, 100,000 interactions`.
    pub(crate) data: String,
    /// The split in a few words, such as `temporal, last 20% for testing`.
    pub(crate) split: String,
    /// When the report was made, as it is to be shown.
    pub(crate) date: String,
    /// The program that made it, with its version.
    pub(crate) tool: String,
    /// Counts and hashes of the data.
    pub(crate) data_facts: Vec<Fact>,
    /// The main settings of the run.
    pub(crate) config_facts: Vec<Fact>,
    /// The complete configuration.
    pub(crate) config_toml: String,
    /// The contest that chose the model, where there was one.
    pub(crate) contest: Option<ContestRecord>,
    /// The epochs of training.
    pub(crate) epochs: Vec<EpochRecord>,
    /// The best of them by the validation metric.
    pub(crate) best_epoch: Option<u32>,
    /// The epochs of the refit, whose model the run keeps; empty where there was none.
    pub(crate) refit_epochs: Vec<EpochRecord>,
    /// Of which run the figures are, where it is another one.
    pub(crate) note: Option<String>,
    /// The result on the test set, the model of the run first; `None` before evaluation.
    pub(crate) evaluation: Option<Evaluation>,
    /// Where recommendations fall between hits and the long tail.
    pub(crate) popularity: Option<PopularityProfile>,
    /// Where items lie, for models with a vector an item.
    pub(crate) item_map: Option<ItemMap>,
    /// Items to look at with those nearest, ten or so.
    pub(crate) neighbours: Vec<Neighbours>,
    /// Users to look at, ten or so.
    pub(crate) examples: Vec<ExampleUser>,
    /// Command lines that repeat the run and this report.
    pub(crate) commands: Vec<String>,
}

/// A name and a value, both as shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Fact {
    /// The name.
    pub(crate) name: String,
    /// The value.
    pub(crate) value: String,
}

impl Fact {
    /// A fact from anything that is text.
    pub(crate) fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            value: value.into(),
        }
    }
}

/// Shares by item popularity: position 0 is the tenth of the catalogue with the most training
/// interactions. Each list sums to 1.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct PopularityProfile {
    /// Of the training interactions.
    pub(crate) interactions: Vec<f64>,
    /// Of the recommendations, by system.
    pub(crate) recommended: Vec<(String, Vec<f64>)>,
}

/// Items on a plane.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct ItemMap {
    /// Categories that have a color of their own, the commonest first.
    pub(crate) categories: Vec<String>,
    /// Place and position in `categories` of each item shown; `None` for any other category or none.
    pub(crate) points: Vec<(f64, f64, Option<usize>)>,
    /// Items there are.
    pub(crate) n_items: u64,
    /// Share of the variance that the plane shows.
    pub(crate) share: f64,
}

impl ItemMap {
    /// Categories with a color of their own at most.
    pub(crate) const CATEGORIES_MAX: usize = 6;
}

/// An item and those nearest.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Neighbours {
    /// Its title or key.
    pub(crate) name: String,
    /// Titles or keys of the nearest items with the cosine, nearest first.
    pub(crate) near: Vec<(String, f64)>,
}

/// One user to look at.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct ExampleUser {
    /// The user's key.
    pub(crate) key: String,
    /// Titles or keys of what the user had seen in training, the last first.
    pub(crate) history: Vec<String>,
    /// How many items the whole history has, of which `history` may be a part.
    pub(crate) n_history: u64,
    /// What is recommended, the best first.
    pub(crate) recommended: Vec<ExampleItem>,
    /// Titles or keys of the user's test items.
    pub(crate) held_out: Vec<String>,
}

/// One recommended item.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct ExampleItem {
    /// Its title or key.
    pub(crate) name: String,
    /// Whether it is in the test set of the user.
    pub(crate) is_hit: bool,
}
