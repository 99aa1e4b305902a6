//! The formats logs come in: their names, how each is recognized, and one reader per file.

mod adjacency;
mod delimited;
mod json_lines;
mod movielens;
#[cfg(feature = "parquet")]
mod panic_guard;
#[cfg(feature = "parquet")]
mod parquet;
#[cfg(feature = "parquet")]
mod parquet_int128;
#[cfg(feature = "parquet")]
mod parquet_keys;
#[cfg(feature = "parquet")]
mod parquet_times;
mod recbole;
mod records;
#[cfg(feature = "parquet")]
mod strict_cast;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

pub(super) use delimited::Records;
pub(super) use movielens::split_double_colon;
#[cfg(feature = "parquet")]
pub(super) use parquet::{check_codecs, decode, read as read_parquet};
pub(super) use records::Dialect;

use super::columns::{ColumnNames, Columns};
use super::error::{DataError, Place};
use super::json::starts_array;
use super::sink::Sink;
use super::source::Text;

/// A file format of interaction logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Format {
    /// Comma-separated values with a header.
    #[serde(rename = "csv")]
    Csv,
    /// Tab-separated values with a header.
    #[serde(rename = "tsv")]
    Tsv,
    /// `user::item::rating::timestamp`, as MovieLens 1M and 10M and MovieTweetings.
    #[serde(rename = "movielens")]
    MovieLens,
    /// `user item rating timestamp` between tabs, without a header, as `u.data` of MovieLens 100K.
    #[serde(rename = "movielens-tab")]
    MovieLensTab,
    /// A RecBole atomic file: tabs, and a header of `name:type`.
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

/// The format a text looks like, by its first lines; `None` when it looks like none.
pub(super) fn recognize(sample: &[u8]) -> Option<Format> {
    let mut lines = sample.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii);
    let first = lines.clone().find(|line| !line.is_empty())?;
    let has = |byte| first.contains(&byte);
    let header: Vec<String> = first
        .split(|&byte| byte == if has(b'\t') { b'\t' } else { b',' })
        .map(|name| {
            String::from_utf8_lossy(name.trim_ascii())
                .trim_matches('"')
                .to_owned()
        })
        .collect();
    let names_columns = Columns::find(&header, &ColumnNames::default(), &Place::whole("")).is_ok();
    if first.starts_with(b"{") || starts_array(sample) {
        Some(Format::JsonLines)
    } else if recbole::is_header(first) {
        Some(Format::RecBole)
    } else if names_columns {
        Some(if has(b'\t') { Format::Tsv } else { Format::Csv })
    } else if movielens::split_double_colon(first).count() > 1 {
        Some(Format::MovieLens)
    } else if has(b'\t') && movielens::is_tab_row(first) {
        Some(Format::MovieLensTab)
    } else if lines.by_ref().take(10).all(adjacency::is_list_of_numbers) {
        Some(Format::AdjacencyLists)
    } else if has(b'\t') {
        Some(Format::Tsv)
    } else if has(b',') {
        Some(Format::Csv)
    } else {
        None
    }
}

/// Reads a text as a format. Parquet is not text: see `read_parquet`.
pub(super) fn read_text(
    format: Format,
    text: Text<'_>,
    names: &ColumnNames,
    sink: &mut Sink<'_>,
) -> Result<(), DataError> {
    match format {
        Format::Csv => delimited::read(text, Dialect::Csv, names, sink),
        Format::Tsv => delimited::read(text, Dialect::Tsv, names, sink),
        Format::RecBole => delimited::read(text, Dialect::RecBole, names, sink),
        Format::MovieLens => movielens::read_double_colon(text, names, sink),
        Format::MovieLensTab => movielens::read_tab(text, names, sink),
        Format::AdjacencyLists => adjacency::read(text, sink),
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
    fn each_format_is_recognized_by_its_first_lines() {
        let cases: [(&str, Option<Format>); 14] = [
            ("user_id,item_id\n1,2\n", Some(Format::Csv)),
            ("\"userId\",\"movieId\"\r\n1,2\r\n", Some(Format::Csv)),
            ("who,what\n1,2\n", Some(Format::Csv)),
            ("user\titem\trating\n", Some(Format::Tsv)),
            ("1::1074638::7::1365029107\n", Some(Format::MovieLens)),
            ("196\t242\t3\t881250949\n", Some(Format::MovieLensTab)),
            ("user_id:token\titem_id:token\n", Some(Format::RecBole)),
            ("0 1 2 3\n1 4\n", Some(Format::AdjacencyLists)),
            ("\n0\n1 4 5\n", Some(Format::AdjacencyLists)),
            ("{\"user\": 1}\n", Some(Format::JsonLines)),
            ("[\n {\"user\": 1}\n]", Some(Format::JsonLines)),
            ("", None),
            ("hello\n", None),
            ("\u{0}\u{1}\u{2}", None),
        ];
        for (text, format) in cases {
            assert_eq!(recognize(text.as_bytes()), format, "{text:?}");
        }
    }

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
