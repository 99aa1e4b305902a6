//! The formats logs come in: their names, how each is recognized, and one reader per file.

mod adjacency;
mod delimited;
mod fields;
mod json_lines;
mod layout;
mod movielens;
mod open_quote;
#[cfg(feature = "parquet")]
mod parquet;
#[cfg(feature = "parquet")]
mod parquet_keys;
#[cfg(feature = "parquet")]
mod parquet_times;
mod recbole;
mod recognize;
mod records;
#[cfg(feature = "parquet")]
mod strict_cast;
mod unnamed;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

pub(super) use delimited::Records;
pub(super) use layout::{Asked, Layout};
pub(super) use movielens::{FILM_FIELDS, split_double_colon};
#[cfg(feature = "parquet")]
pub(super) use parquet::{ArrowRows, read as read_parquet};
#[cfg(feature = "parquet")]
pub(super) use parquet_keys::uuids;
pub(super) use recognize::{Sample, recognize, recognize_items};
pub(super) use unnamed::is_data;

use super::columns::ColumnNames;
use super::error::{DataError, Place};
use super::sink::Sink;
use super::source::Text;

/// A file format of interaction logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Format {
    /// Values between commas, or another separator, with a header or with names given for the columns.
    #[serde(rename = "csv")]
    Csv,
    /// Values between tabs with a header.
    #[serde(rename = "tsv")]
    Tsv,
    /// `user::item::rating::timestamp`, as MovieLens 1M and 10M and MovieTweetings.
    #[serde(rename = "movielens")]
    MovieLens,
    /// `user item rating timestamp` between tabs, without a header, as `u.data` of MovieLens 100K.
    #[serde(rename = "movielens-tab")]
    MovieLensTab,
    /// A RecBole atomic file: tabs, or another separator, and a header of `name:type`.
    #[serde(rename = "recbole")]
    RecBole,
    /// A line a user: `user item item …`, as LightGCN and NGCF have it.
    #[serde(rename = "adjacency-lists")]
    AdjacencyLists,
    /// Apache Parquet.
    #[serde(rename = "parquet")]
    Parquet,
    /// One JSON object per line, or an array of objects.
    #[serde(rename = "json-lines")]
    JsonLines,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 8] = [
        Self::Csv,
        Self::Tsv,
        Self::MovieLens,
        Self::MovieLensTab,
        Self::RecBole,
        Self::AdjacencyLists,
        Self::Parquet,
        Self::JsonLines,
    ];

    /// The name in flags, in configuration and in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Tsv => "tsv",
            Self::MovieLens => "movielens",
            Self::MovieLensTab => "movielens-tab",
            Self::RecBole => "recbole",
            Self::AdjacencyLists => "adjacency-lists",
            Self::Parquet => "parquet",
            Self::JsonLines => "json-lines",
        }
    }

    /// The names of all formats, for messages.
    pub fn all_names() -> String {
        Self::ALL.map(Self::name).join(", ")
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Format {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|format| format.name() == name);
        found.ok_or_else(|| format!("`{name}` is not a format; use one of {}", Self::all_names()))
    }
}

/// Reads a text of this layout; `insists` where its format was asked for. Parquet is not text: see `read_parquet`.
pub(super) fn read_text(
    layout: &Layout,
    text: Text<'_>,
    names: &ColumnNames,
    insists: bool,
    sink: &mut Sink<'_>,
) -> Result<(), DataError> {
    match layout.format {
        Format::Csv | Format::Tsv | Format::RecBole => delimited::read(text, layout, names, sink),
        Format::MovieLens => movielens::read_double_colon(text, layout, names, sink),
        Format::MovieLensTab => movielens::read_tab(text, layout, names, sink),
        Format::AdjacencyLists => adjacency::read(text, insists, sink),
        Format::JsonLines => json_lines::read(text, names, sink),
        Format::Parquet => Err(DataError::BadParquet {
            place: Place::whole(&text.origin.name),
            reason: "it does not start with the mark `PAR1`".to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_both_ways() {
        for format in Format::ALL {
            assert_eq!(format.name().parse(), Ok(format));
            let json = serde_json::to_string(&format).unwrap_or_default();
            assert_eq!(json, format!("\"{format}\""));
        }
        assert!("xls".parse::<Format>().is_err());
    }
}
