//! `[data]` and `[data.columns]`: the files read and how their rows are filtered.

use std::path::PathBuf;

use serde::Serializer;

use super::section::section;
use super::setting::{Absent, Flag, Tune};
use super::{ALL, flag};
use crate::config::accepts::{Accepts, Choice, MANY, SHARE};
use crate::config::choice::closed_choice;

const SAME_DATA: Tune = Tune::Fixed("every trial needs the same data");

const FORMATS: &[Choice] = &[
    Choice::named("csv"),
    Choice::named("tsv"),
    Choice::named("movielens"),
    Choice::named("movielens-tab"),
    Choice::named("recbole"),
    Choice::named("adjacency-lists"),
    Choice::named("parquet"),
    Choice::named("json-lines"),
];
const BUNDLED: &[Choice] = &[Choice::named("movietweetings-100k")];

closed_choice! {
    /// `data.order`: how users and items are numbered inside.
    IdOrder {
        /// Graph reordering: neighbours in the graph of training interactions lie close together.
        Locality = "locality",
        /// By key.
        Key = "key",
    }
}

closed_choice! {
    /// `data.repeats`: what is made of several interactions of one user with one item.
    Repeats {
        /// The latest stays; of equally late ones that with the greatest weight.
        Latest = "latest",
        /// Their weights are added up; without a rating or event column each weighs 1. The time is the latest.
        Sum = "sum",
        /// The greatest weight stays, with the latest time.
        Max = "max",
    }
}

closed_choice! {
    /// `data.on_bad_row`: what becomes of a row with something wrong in it.
    OnBadRow {
        /// Reading ends with its place and what is wrong.
        Error = "error",
        /// It is left out and counted; the first ten are told of.
        Skip = "skip",
    }
}

closed_choice! {
    /// `data.time_unit`: what timestamps that are numbers count.
    TimeUnit {
        /// Told by all numbers of the log together.
        Auto = "auto",
        /// Seconds since 1970.
        Seconds = "s",
        /// Milliseconds since 1970.
        Milliseconds = "ms",
        /// Microseconds since 1970.
        Microseconds = "us",
        /// Nanoseconds since 1970.
        Nanoseconds = "ns",
    }
}

section! {
    /// The files read and how their rows are filtered.
    ["data"] DataConfig { models: ALL, tune: SAME_DATA }

    /// Interaction logs: CSV, TSV, MovieLens, RecBole .inter, adjacency lists, Parquet or JSON lines, plain, gzip or
    /// zstd; files, folders of part files, or patterns such as `logs/*.csv`.
    #[serde(with = "crate::config::path_text::many")]
    train: Vec<PathBuf> {
        default: Vec::new();
        flag: flag("", "FILE"),
    }

    /// Held-out interaction logs, for `split.method = given`.
    #[serde(with = "crate::config::path_text::many")]
    test: Vec<PathBuf> {
        default: Vec::new();
        flag: flag("test", "FILE"),
    }

    /// Item metadata: titles, categories, and what `pinsage` reads of items; in any format of a log but adjacency lists; a
    /// file, a folder of part files, or a pattern such as `items/*.csv`.
    #[serde(default)]
    #[serde(with = "crate::config::path_text::one")]
    items: Option<PathBuf> {
        default: None;
        flag: flag("items", "FILE"),
    }

    /// Column of the item file that holds the items' ids; found by its name or its content when absent.
    item_id_column: Option<String> {
        default: None;
        flag: flag("item-id-column", "NAME"),
    }

    /// Column of the item file that holds the titles.
    title_column: Option<String> {
        default: None;
        flag: flag("title-column", "NAME"),
    }

    /// Column of the item file that holds the categories which lists may be held to; `genres`, `genre`, `categories` or
    /// `category` when absent.
    category_column: Option<String> {
        default: None;
        flag: flag("category-column", "NAME"),
    }

    /// A data set that comes with the program: film ratings (MovieTweetings 100K).
    bundled: Option<String> {
        default: None;
        accepts: Accepts::Choice(BUNDLED),
        flag: Some(Flag { long: "bundled", value: "" }),
    }

    /// Format of the logs; recognized from their content when absent.
    format: Option<String> {
        default: None;
        accepts: Accepts::Choice(FORMATS),
        flag: flag("format", "NAME"),
    }

    /// What becomes of a row that cannot be read: another number of fields, an empty id, no number, broken JSON.
    on_bad_row: OnBadRow {
        default: OnBadRow::Error;
        absent: Absent::Was("\"error\""),
        flag: flag("on-bad-row", "WHAT"),
    }

    /// The largest share of rows that may be left out as bad.
    max_bad_share: f64 {
        default: 0.5;
        accepts: SHARE,
        absent: Absent::Was("0.5"),
        flag: flag("max-bad-share", "SHARE"),
    }

    /// What timestamps that are numbers count; columns of a type that says its unit, and dates as text, need none.
    time_unit: TimeUnit {
        default: TimeUnit::Auto;
        absent: Absent::Default,
        flag: flag("time-unit", "UNIT"),
    }

    /// How timestamps are written, as `strftime` has it: `%d/%m/%Y`. Without it numbers and ISO 8601 are read.
    time_format: Option<String> {
        default: None;
        flag: flag("time-format", "FORMAT"),
    }

    /// What stands between the fields of a log: a character such as `;` or `|`, `tab` or `blank`; recognized when absent.
    separator: Option<String> {
        default: None;
        flag: flag("separator", "CHARACTER"),
    }

    /// Names of all columns of logs without a header, in order, such as `user,item,rating,timestamp`; `-` for one to
    /// leave out.
    header: Option<Vec<String>> {
        default: None;
        flag: flag("columns", "NAMES"),
    }

    /// Encoding of the logs and the item file, such as `latin1` or `windows-1252`; UTF-8, or UTF-16 where a file shows it,
    /// when absent.
    encoding: Option<String> {
        default: None;
        flag: flag("encoding", "NAME"),
    }

    /// Interactions with a lower rating are left out.
    #[serde(serialize_with = "shortest_single")]
    min_rating: Option<f32> {
        default: None;
        flag: flag("min-rating", "RATING"),
    }

    /// What each type of event weighs, `NAME=WEIGHT` with commas between; there is no default for others. Events that
    /// weigh 0 are not trained on, but count as what the user has.
    event_weights: Vec<String> {
        default: Vec::new();
        absent: Absent::Was("[]"),
        flag: flag("event-weight", "NAME=WEIGHT,…"),
    }

    /// What is made of several interactions of one user with one item.
    repeats: Repeats {
        default: Repeats::Latest;
        absent: Absent::Was("\"latest\""),
        flag: flag("repeats", "RULE"),
    }

    /// Users and items with fewer interactions are left out, until none is left.
    k_core: Option<usize> {
        default: None;
        accepts: Accepts::Whole(1, MANY),
        flag: flag("k-core", "K"),
    }

    /// Lists of forgotten users and withdrawn items, as `sagebrush forget` writes them: their interactions are left out
    /// before every other filter. The list beside a run is found by itself.
    #[serde(default)]
    #[serde(with = "crate::config::path_text::many")]
    forget: Vec<PathBuf> {
        default: Vec::new();
        absent: Absent::Was("[]"),
        flag: flag("forget", "FILE"),
    }

    /// How users and items get internal ids; results have keys either way.
    order: IdOrder {
        default: IdOrder::Locality;
        absent: Absent::Was("\"key\""),
    }

    sections {
        /// Names of the columns.
        columns: ColumnNames,
    }
}

section! {
    /// Column names that replace the recognized ones.
    ["data.columns"] ColumnNames { models: ALL, tune: SAME_DATA }

    /// Column of user ids.
    user: Option<String> {
        default: None;
        flag: flag("user-column", "NAME"),
    }

    /// Column of item ids.
    item: Option<String> {
        default: None;
        flag: flag("item-column", "NAME"),
    }

    /// Column of ratings or weights.
    weight: Option<String> {
        default: None;
        flag: flag("weight-column", "NAME"),
    }

    /// Column of types of events; read where `data.event_weights` says what they weigh.
    event: Option<String> {
        default: None;
        flag: flag("event-column", "NAME"),
    }

    /// Column of timestamps.
    timestamp: Option<String> {
        default: None;
        flag: flag("timestamp-column", "NAME"),
    }
}

// `closed_choice!` marks no variant as the default.
#[allow(clippy::derivable_impls)]
impl Default for TimeUnit {
    fn default() -> Self {
        Self::Auto
    }
}

impl Default for DataConfig {
    /// No data named yet.
    fn default() -> Self {
        super::RunConfig::default().data
    }
}

/// Writes a single-precision number with its own shortest digits: 3.3, not 3.299999952316284.
#[allow(clippy::ref_option)]
fn shortest_single<S: Serializer>(value: &Option<f32>, serializer: S) -> Result<S::Ok, S::Error> {
    match value {
        Some(single) => {
            let double = single.to_string().parse().unwrap_or(f64::from(*single));
            serializer.serialize_some(&double)
        }
        None => serializer.serialize_none(),
    }
}
