//! The options of a reader: the format, the columns, and the filters.

use serde::{Deserialize, Serialize};

use super::columns::ColumnNames;
use super::events::EventWeights;
use super::forgotten::Forgotten;
use super::formats::Format;
use super::merge::MergeRule;
use super::separator::Separator;
use crate::config::{Repeats, TimeUnit};

/// Column names of item files to use instead of the usual ones.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ItemColumnNames {
    /// The column of the items' keys.
    pub id: Option<String>,
    /// The column of titles.
    pub title: Option<String>,
    /// The column of categories.
    pub category: Option<String>,
}

/// How to read a log.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ReadOptions {
    /// The format of every input; `None` recognizes each by its content.
    pub format: Option<Format>,
    /// Column names other than the usual ones.
    pub columns: ColumnNames,
    /// Columns of the item file, where they have other names than the usual ones.
    pub item_columns: ItemColumnNames,
    /// Leaves out rows that cannot be read, as long as they are at most this share of all; `None` refuses the first.
    pub skip_bad_rows: Option<f64>,
    /// What timestamps that are numbers count; told by all of them together by default.
    pub time_unit: TimeUnit,
    /// How timestamps are written, as `strftime` has it: `%d/%m/%Y`.
    pub time_format: Option<String>,
    /// What stands between two fields of delimited text; `None` recognizes it.
    pub separator: Option<Separator>,
    /// The names of all columns in order, of files without a header; `-` for one to leave out.
    pub header: Option<Vec<String>>,
    /// What events weigh, by type; where none weighs anything, types of events are not read.
    pub events: EventWeights,
    /// What is made of several interactions of a user with an item; by default the latest stays.
    pub repeats: Option<Repeats>,
    /// Whether pairs whose events all weigh 0 stay among the interactions.
    #[serde(skip)]
    pub keep_zero_weights: bool,
    /// Interactions rated below this are left out, after repeated pairs are merged.
    pub min_rating: Option<f32>,
    /// Lists of users and items whose interactions are left out, before every other filter.
    #[serde(skip)]
    pub forgotten: Vec<Forgotten>,
    /// Keep only users and items with at least this many interactions each, iterated until all have.
    pub k_core: Option<usize>,
}

impl ReadOptions {
    /// How the rows of a pair are merged.
    pub(super) fn merge_rule(&self) -> MergeRule {
        MergeRule {
            repeats: self.repeats.unwrap_or(Repeats::Latest),
            zero_is_nothing: !self.events.is_empty(),
        }
    }
}
