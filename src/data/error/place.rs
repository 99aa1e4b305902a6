//! Where in an input something is, as errors tell it.

use std::fmt;

/// Where in an input something is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The path as given, or the name of bundled data.
    pub file: String,
    /// Where in the file.
    pub position: Position,
}

/// Where in a file something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Position {
    /// The file as a whole.
    Whole,
    /// A line of the uncompressed text, from 1.
    Line(u64),
    /// A row of a Parquet file, an object of a JSON array, or an interaction that was handed over one by one, from 1.
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
            position => write!(f, "{} {position}", self.file),
        }
    }
}

impl fmt::Display for Position {
    /// As it is told after the name of the file.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole => f.write_str("the file"),
            Self::Line(line) => write!(f, "line {line}"),
            Self::Row(row) => write!(f, "row {row}"),
            Self::RowGroup(group) => write!(f, "row group {group}"),
        }
    }
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
}
