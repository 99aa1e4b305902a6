//! Recommendation lists, block by block, in the format of choice.

use std::path::Path;

use super::csv::CsvWriter;
use super::destination::{Destination, Output};
use super::error::ExportError;
use super::json_lines::JsonLinesWriter;
use super::key_types::KeyTypes;
#[cfg(feature = "parquet")]
use super::parquet::ParquetWriter;
use crate::inference::UserList;

/// The formats of recommendation lists; columns `user, rank, item, score`, `title` where items have titles,
/// and `source`, which is `model` or `popularity`; in JSON lines the latter alone is written. Reasons are in JSON lines alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListFormat {
    /// Comma-separated values with a header.
    Csv,
    /// One JSON object a line.
    JsonLines,
    /// Parquet, compressed.
    Parquet,
}

impl ListFormat {
    /// The format a file name asks for.
    ///
    /// # Errors
    /// When the name ends in none of `.csv`, `.jsonl`, `.ndjson` and `.parquet`.
    pub fn of_path(path: &Path) -> Result<Self, ExportError> {
        let extension = path.extension().map(|e| e.to_string_lossy().to_lowercase());
        match extension.as_deref() {
            Some("csv") => Ok(Self::Csv),
            Some("jsonl" | "ndjson") => Ok(Self::JsonLines),
            Some("parquet") => Ok(Self::Parquet),
            _ => Err(ExportError::UnknownFormat {
                path: path.display().to_string(),
            }),
        }
    }
}

enum Format {
    Csv(Box<CsvWriter>),
    JsonLines(JsonLinesWriter),
    #[cfg(feature = "parquet")]
    Parquet(Box<ParquetWriter>),
}

/// Writes lists as they come, so that memory does not grow with the number of users. Without
/// [`finish`](Self::finish) no file appears.
pub struct RecommendationWriter {
    format: Format,
}

impl RecommendationWriter {
    /// Opens the destination; `with_titles` adds the column of titles, `types` says which keys are numbers.
    ///
    /// # Errors
    /// When the destination cannot be written, or Parquet is not in this build.
    pub fn create(
        destination: &Destination,
        format: ListFormat,
        with_titles: bool,
        types: KeyTypes,
    ) -> Result<Self, ExportError> {
        let output = || Output::create(destination);
        let format = match format {
            ListFormat::Csv => Format::Csv(Box::new(CsvWriter::new(output()?, with_titles)?)),
            ListFormat::JsonLines => Format::JsonLines(JsonLinesWriter::new(output()?, types)),
            #[cfg(feature = "parquet")]
            ListFormat::Parquet => {
                Format::Parquet(Box::new(ParquetWriter::new(output()?, with_titles, types)?))
            }
            #[cfg(not(feature = "parquet"))]
            ListFormat::Parquet => return Err(ExportError::NoParquet),
        };
        Ok(Self { format })
    }

    /// Appends the lists of some users.
    ///
    /// # Errors
    /// When the destination does not take them; a pipe closed by its reader is no error.
    pub fn write(&mut self, lists: &[UserList]) -> Result<(), ExportError> {
        match &mut self.format {
            Format::Csv(writer) => writer.write(lists),
            Format::JsonLines(writer) => writer.write(lists),
            #[cfg(feature = "parquet")]
            Format::Parquet(writer) => writer.write(lists),
        }
    }

    /// Whether the reader of the pipe has gone: the caller may stop computing.
    pub fn is_closed(&self) -> bool {
        match &self.format {
            Format::Csv(writer) => writer.is_closed(),
            Format::JsonLines(writer) => writer.is_closed(),
            #[cfg(feature = "parquet")]
            Format::Parquet(writer) => writer.is_closed(),
        }
    }

    /// Completes the file and puts it in its place.
    ///
    /// # Errors
    /// When the last bytes do not fit or the file cannot be moved.
    pub fn finish(self) -> Result<(), ExportError> {
        match self.format {
            Format::Csv(writer) => writer.finish(),
            Format::JsonLines(writer) => writer.finish(),
            #[cfg(feature = "parquet")]
            Format::Parquet(writer) => writer.finish(),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
pub(super) mod fixture {
    use super::*;
    use crate::inference::{ListSource, Listed};

    /// Two users, three places, one title with a comma and quotes; what the writer puts into a file.
    pub(in crate::export) fn written(format: ListFormat, with_titles: bool) -> Vec<u8> {
        written_as(format, with_titles, "anna", KeyTypes::default())
    }

    /// The same with another first user, and with types of keys.
    pub(in crate::export) fn written_as(
        format: ListFormat,
        with_titles: bool,
        first_user: &str,
        types: KeyTypes,
    ) -> Vec<u8> {
        let place = |rank, item: &str, score, title: Option<&str>| Listed {
            rank,
            item: item.to_owned(),
            score,
            title: title.filter(|_| with_titles).map(str::to_owned),
            why: None,
        };
        let first = vec![
            place(1, "x", 1.5, Some("Me, \"You\"")),
            place(2, "y", 0.1, None),
        ];
        let lists = [
            UserList {
                user: first_user.to_owned(),
                source: ListSource::Model,
                items: first,
            },
            UserList {
                user: "7".to_owned(),
                source: ListSource::Popularity,
                items: vec![place(1, "x", -2.0, None)],
            },
        ];
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lists");
        let mut writer =
            RecommendationWriter::create(&(&*path).into(), format, with_titles, types).unwrap();
        lists
            .chunks(1)
            .for_each(|block| writer.write(block).unwrap());
        assert!(!writer.is_closed() && !path.exists());
        writer.finish().unwrap();
        std::fs::read(&path).unwrap()
    }

    #[test]
    fn names_choose_the_format() {
        assert_eq!(
            ListFormat::of_path(Path::new("a/b.CSV")).unwrap(),
            ListFormat::Csv
        );
        assert_eq!(
            ListFormat::of_path(Path::new("b.jsonl")).unwrap(),
            ListFormat::JsonLines
        );
        assert_eq!(
            ListFormat::of_path(Path::new("b.parquet")).unwrap(),
            ListFormat::Parquet
        );
        assert!(ListFormat::of_path(Path::new("b.txt")).is_err());
    }
}
