//! The options of a reader: the format, the columns, and the filters.

use serde::{Deserialize, Serialize};

use super::columns::ColumnNames;
use super::formats::Format;

/// How to read a log.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ReadOptions {
    /// The format of every input; `None` recognizes each by its content.
    pub format: Option<Format>,
    /// Column names other than the usual ones.
    pub columns: ColumnNames,
    /// Interactions rated below this are left out, after repeated pairs are merged.
    pub min_rating: Option<f32>,
    /// Keep only users and items with at least this many interactions each, iterated until all have.
    pub k_core: Option<usize>,
}
