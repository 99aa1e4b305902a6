//! How a text is laid out: its format, the separator of its fields, and where the names of its columns come from.

use super::Format;
use crate::data::columns::ColumnNames;
use crate::data::error::{DataError, Place};
use crate::data::separator::Separator;

/// What was said of the layout of a log; what was not is recognized.
#[derive(Debug, Clone, Copy)]
pub(in crate::data) struct Asked<'a> {
    pub(in crate::data) format: Option<Format>,
    pub(in crate::data) columns: &'a ColumnNames,
    pub(in crate::data) separator: Option<Separator>,
    /// Names of all columns, of a file without a header.
    pub(in crate::data) header: Option<&'a [String]>,
}

/// How a text is laid out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::data) struct Layout {
    pub(in crate::data) format: Format,
    /// Of delimited text.
    pub(in crate::data) separator: Separator,
    /// Of delimited text.
    pub(in crate::data) names: Names,
}

/// Where the names of the columns come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::data) enum Names {
    /// From the first record, or from the format.
    InFile,
    /// They were given.
    Given(Vec<String>),
    /// From the values of the columns.
    Implied(Vec<String>),
}

impl Layout {
    /// The usual layout of a format.
    pub(in crate::data) fn of(format: Format) -> Self {
        let separator = match format {
            Format::Tsv | Format::RecBole | Format::MovieLensTab => Separator::TAB,
            Format::AdjacencyLists => Separator::Blanks,
            _ => Separator::COMMA,
        };
        Self {
            format,
            separator,
            names: Names::InFile,
        }
    }

    /// The layout of `u.item`, an item file of MovieLens.
    pub(in crate::data) fn of_films() -> Self {
        Self {
            separator: Separator::Character(b'|'),
            ..Self::of(Format::MovieLens)
        }
    }

    /// Delimited text: its format is that of its separator.
    pub(super) fn delimited(separator: Separator, names: Names) -> Self {
        let format = match separator {
            Separator::TAB => Format::Tsv,
            _ => Format::Csv,
        };
        Self {
            format,
            separator,
            names,
        }
    }

    /// What the text looks like, for a message.
    pub(in crate::data) fn describe(&self) -> String {
        let Self {
            format, separator, ..
        } = self;
        match *separator {
            _ if *separator == Self::of(*format).separator => format!("`{format}`"),
            Separator::TAB | Separator::Blanks => format!("`{format}` between {separator}s"),
            Separator::Character(_) => format!("`{format}` between `{separator}`"),
        }
    }
}

/// Why no layout is certain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::data) enum Unclear {
    /// The text looks like nothing known.
    Unknown,
    /// The first row has no names, and what its columns mean is not certain.
    NoHeader { row: String, columns: String },
    /// Lines of numbers that are rows as well as lists of items.
    RowsOrLists { row: String, columns: String },
    /// Names were given for a file that has names.
    HeaderThere { row: String },
}

impl Unclear {
    /// Whether rows of another part of the log may tell.
    pub(in crate::data) fn is_doubt(&self) -> bool {
        matches!(self, Self::RowsOrLists { .. })
    }

    /// As the error of a file.
    pub(in crate::data) fn error(self, name: &str) -> DataError {
        let place = Place::whole(name);
        match self {
            Self::Unknown => DataError::UnknownFormat {
                place,
                known: Format::all_names(),
            },
            Self::NoHeader { row, columns } => DataError::NoHeader {
                place,
                row,
                columns,
            },
            Self::RowsOrLists { row, columns } => DataError::RowsOrLists {
                place,
                row,
                columns,
            },
            Self::HeaderThere { row } => DataError::HeaderThere { place, row },
        }
    }
}
