//! Errors of input: each names its place, what is wrong there, and what to do.

use crate::failure::{Fails, Failure};
use std::fmt;
use std::io;

/// Where in an input something is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The path as given, or the name of bundled data.
    pub file: String,
    /// Where in the file.
    pub position: Position,
}

/// Where in a file something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Position {
    /// The file as a whole.
    Whole,
    /// A line of the uncompressed text, from 1.
    Line(u64),
    /// An interaction that was handed over one by one, from 1.
    Row(u64),
    /// A row group of a Parquet file, from 0 as Parquet tools count them.
    RowGroup(usize),
}

impl Place {
    /// A position in a file.
    pub fn new(file: &str, position: Position) -> Self {
        Self {
            file: file.to_owned(),
            position,
        }
    }

    /// A file as a whole.
    pub fn whole(file: &str) -> Self {
        Self::new(file, Position::Whole)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.position {
            Position::Whole => f.write_str(&self.file),
            Position::Line(line) => write!(f, "{}:{line}", self.file),
            Position::Row(row) => write!(f, "{} number {row}", self.file),
            Position::RowGroup(group) => write!(f, "{} row group {group}", self.file),
        }
    }
}

/// What a column means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Who interacted.
    User,
    /// With what.
    Item,
    /// How strongly: a rating, a weight, a count.
    Weight,
    /// When.
    Timestamp,
    /// What the item is called.
    Title,
    /// The names of the columns themselves.
    Header,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::User => "user",
            Self::Item => "item",
            Self::Weight => "rating",
            Self::Timestamp => "timestamp",
            Self::Title => "title",
            Self::Header => "header",
        })
    }
}

/// Errors of reading a data set.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// The file cannot be opened: it is missing, or may not be read.
    #[error("{path}: cannot be opened ({source}); check the path and its permissions")]
    MissingInput {
        /// The path as given.
        path: String,
        /// What the system said.
        source: io::Error,
    },
    /// Reading failed half way.
    #[error("{place}: reading failed ({source}); check the disk or the connection and try again")]
    Unreadable {
        /// How far reading got.
        place: Place,
        /// What the system said.
        source: io::Error,
    },
    /// A compressed stream ends early or is corrupt.
    #[error(
        "{place}: the {compression} stream is cut short or damaged ({source}); \
         copy or download the file again"
    )]
    DamagedCompression {
        /// The line at which the stream broke.
        place: Place,
        /// `gzip` or `zstd`.
        compression: &'static str,
        /// What the decoder said.
        source: io::Error,
    },
    /// A column that is named and not there.
    #[error("{place}: there is no column \"{column}\"; there are {known}")]
    UnknownColumn {
        /// The header.
        place: Place,
        /// What was asked for.
        column: String,
        /// What is there.
        known: String,
    },
    /// No format fits the content.
    #[error(
        "{place}: the format is not recognized; give it by name (one of {known}), \
         and save text as UTF-8"
    )]
    UnknownFormat {
        /// The file.
        place: Place,
        /// The formats there are.
        known: String,
    },
    /// The build lacks the reader this file needs.
    #[error(
        "{place}: this build cannot read Parquet; build with `--features parquet`, \
         or convert the file to CSV"
    )]
    ParquetFeature {
        /// The file.
        place: Place,
    },
    /// There is no data at all.
    #[error("{place}: the file holds no data rows; check that it was written completely")]
    Empty {
        /// The file.
        place: Place,
    },
    /// A needed column is not there.
    #[error("{place}: there is no {role} column{wanted}; found: {found}; name the column to use")]
    ColumnMissing {
        /// The header, or the first record.
        place: Place,
        /// What is looked for.
        role: Role,
        /// ` called X` where a name was asked for.
        wanted: String,
        /// The columns that are there.
        found: String,
    },
    /// A column has a type that cannot mean what it should.
    #[error("{place}: the {role} column `{column}` has type {found}; {remedy}")]
    ColumnType {
        /// The file.
        place: Place,
        /// What the column should mean.
        role: Role,
        /// Its name.
        column: String,
        /// Its type.
        found: String,
        /// What to do.
        remedy: &'static str,
    },
    /// A record has more or fewer fields than the first.
    #[error(
        "{place}: the row has {found} fields where {expected} are expected; \
         check its separators and quotes"
    )]
    Ragged {
        /// The row.
        place: Place,
        /// Fields of the header or of the first row.
        expected: String,
        /// Fields of this row.
        found: usize,
    },
    /// A key is empty.
    #[error("{place}: the {role} id is empty; fill it in or remove the row")]
    EmptyKey {
        /// The row.
        place: Place,
        /// Which key.
        role: Role,
    },
    /// Text that is not UTF-8.
    #[error("{place}: the {role} is not valid UTF-8; convert the file, as with `iconv -t UTF-8`")]
    InvalidUtf8 {
        /// The row.
        place: Place,
        /// Which field.
        role: Role,
    },
    /// A rating or a timestamp that is not a number.
    #[error("{place}: the {role} `{text}` is not a number; {remedy}")]
    NotANumber {
        /// The row.
        place: Place,
        /// Rating or timestamp.
        role: Role,
        /// The field, shortened.
        text: String,
        /// What to do.
        remedy: &'static str,
    },
    /// A rating or timestamp that no finite value of its type holds.
    #[error("{place}: the {role} `{text}` is not a finite number in range; correct or remove it")]
    NotFinite {
        /// The row.
        place: Place,
        /// Rating or timestamp.
        role: Role,
        /// The field, shortened.
        text: String,
    },
    /// A line or record beyond [`MAX_LINE_BYTES`](super::MAX_LINE_BYTES).
    #[error(
        "{place}: the row is longer than {limit} bytes; \
         check for a missing line end or an unclosed quote"
    )]
    LineTooLong {
        /// The row.
        place: Place,
        /// The limit, bytes.
        limit: usize,
    },
    /// A line that is not the JSON object it should be.
    #[error("{place}: not a JSON object with an id as string or whole number ({reason}); fix it")]
    BadJson {
        /// The line.
        place: Place,
        /// What the parser said.
        reason: String,
    },
    /// A Parquet file that does not decode.
    #[error("{place}: the Parquet data does not decode ({reason}); write or download it again")]
    BadParquet {
        /// The file or the row group.
        place: Place,
        /// What the decoder said.
        reason: String,
    },
    /// A file of vectors that is not what it should be.
    #[error("{place}: {reason}")]
    BadVectors {
        /// The file.
        place: Place,
        /// What is wrong, and what to do.
        reason: String,
    },
    /// More keys or interactions than `u32` numbers.
    #[error("{place}: more than {limit} {what}; split the log or filter it first")]
    TooMany {
        /// Where the limit was met.
        place: Place,
        /// Users, items or interactions.
        what: &'static str,
        /// The largest number there may be.
        limit: u64,
    },
    /// Some inputs have a column that others lack.
    #[error(
        "{place}: this file and the ones before it do not all have a {role} column; \
         add it everywhere, or set the {role} column to `-` to ignore it"
    )]
    MixedColumns {
        /// The file that differs.
        place: Place,
        /// The column.
        role: Role,
    },
    /// A minimum rating was asked for where there are no ratings.
    #[error("{place}: a minimum rating needs a rating column; name the column or drop the minimum")]
    NoRatings {
        /// The first input.
        place: Place,
    },
    /// The filters left nothing.
    #[error(
        "{place}: no interaction is left of {rows} rows ({below_min_rating} below the minimum \
         rating, {k_core} outside the k-core); loosen the filters"
    )]
    NothingLeft {
        /// The first input.
        place: Place,
        /// Rows read.
        rows: u64,
        /// Removed by the minimum rating.
        below_min_rating: u64,
        /// Removed by the k-core.
        k_core: u64,
    },
    /// A test file that shares no user, or no item, with the log.
    #[error(
        "{place}: none of the {role} ids of this test file occurs in the log, starting here; \
         check that both files use the same ids"
    )]
    UnknownTest {
        /// The first row with an unknown key.
        place: Place,
        /// Users or items.
        role: Role,
    },
}

/// The error of a file that cannot be read.
pub(super) fn unreadable(name: &str, source: io::Error) -> DataError {
    DataError::Unreadable {
        place: Place::whole(name),
        source,
    }
}

impl Fails for DataError {
    fn failure(&self) -> Failure {
        match self {
            Self::MissingInput { .. } => Failure::InputMissing,
            _ => Failure::BadData,
        }
    }
}

impl DataError {
    /// Whether the input is not there at all, rather than there and wrong.
    pub fn is_missing_input(&self) -> bool {
        matches!(self, Self::MissingInput { .. })
    }
}

/// A field as an error shows it: valid text of at most 40 characters.
pub(super) fn excerpt(field: &[u8]) -> String {
    const SHOWN_CHARS: usize = 40;
    let head = &field[..field.len().min(4 * SHOWN_CHARS)];
    let text = String::from_utf8_lossy(head);
    let mut shown: String = text
        .chars()
        .take(SHOWN_CHARS)
        .flat_map(char::escape_debug)
        .collect();
    if text.chars().count() > SHOWN_CHARS || head.len() < field.len() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_reads_as_editors_and_people_write_it() {
        assert_eq!(
            Place::new("ratings.csv", Position::Line(418)).to_string(),
            "ratings.csv:418"
        );
        let group = Place::new("log.parquet", Position::RowGroup(2));
        assert_eq!(group.to_string(), "log.parquet row group 2");
    }

    #[test]
    fn a_huge_field_is_shown_short() {
        assert_eq!(excerpt(b"abc"), "abc");
        assert_eq!(excerpt(&[b'x'; 1 << 20]).chars().count(), 41);
    }
}
