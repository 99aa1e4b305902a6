//! CSV and TSV with a header: records within a size limit, fields by column name.

use super::recbole::plain_header;
use super::records::{Dialect, Record, RecordScanner};
use crate::data::columns::{ColumnNames, Columns};
use crate::data::error::{DataError, Place, Position, Role};
use crate::data::sink::{Sink, TextRow};
use crate::data::source::{Text, TextOrigin};

/// Reads a log with a header.
pub(super) fn read(
    text: Text<'_>,
    dialect: Dialect,
    names: &ColumnNames,
    sink: &mut Sink<'_>,
) -> Result<(), DataError> {
    let mut records = Records::open(text, dialect)?;
    let columns = Columns::find(records.header(), names, &records.header_place())?;
    sink.set_detected(columns.describe(records.header(), &records.header_place().file));
    sink.set_layout(columns.weight.is_some(), columns.timestamp.is_some())?;
    loop {
        let (line, record) = match records.next_record() {
            Ok(Some(row)) => row,
            Ok(None) => return Ok(()),
            Err(error) => {
                sink.bad_row(error)?;
                continue;
            }
        };
        let row = TextRow {
            user: &record[columns.user],
            item: &record[columns.item],
            weight: columns.weight.map(|column| &record[column]),
            timestamp: columns.timestamp.map(|column| &record[column]),
        };
        sink.text_row(Position::Line(line), row)?;
    }
}

/// The records of a delimited file, all as wide as its header.
pub(in crate::data) struct Records<'a> {
    scanner: RecordScanner<'a>,
    origin: TextOrigin,
    header: Vec<String>,
    header_line: u64,
}

impl<'a> Records<'a> {
    /// Opens a text and reads its header.
    pub(in crate::data) fn open(text: Text<'a>, dialect: Dialect) -> Result<Self, DataError> {
        let origin = text.origin.clone();
        let mut scanner = RecordScanner::new(text, dialect);
        let Some((header_line, record)) = scanner.next_record()? else {
            return Err(DataError::Empty {
                place: Place::whole(&origin.name),
            });
        };
        let names: Option<Vec<String>> = record
            .iter()
            .map(|name| str::from_utf8(name.trim_ascii()).ok().map(str::to_owned))
            .collect();
        let Some(mut header) = names else {
            return Err(DataError::InvalidUtf8 {
                place: origin.line(header_line),
                role: Role::Header,
            });
        };
        if dialect == Dialect::RecBole {
            header = plain_header(header);
        }
        Ok(Self {
            scanner,
            origin,
            header,
            header_line,
        })
    }

    /// The column names.
    pub(in crate::data) fn header(&self) -> &[String] {
        &self.header
    }

    /// Where the header is.
    pub(in crate::data) fn header_place(&self) -> Place {
        self.origin.line(self.header_line)
    }

    /// The next record and the line it starts on.
    pub(in crate::data) fn next_record(&mut self) -> Result<Option<(u64, Record<'_>)>, DataError> {
        let Some((line, record)) = self.scanner.next_record()? else {
            return Ok(None);
        };
        if record.len() != self.header.len() {
            return Err(DataError::Ragged {
                place: self.origin.line(line),
                expected: self.header.len().to_string(),
                found: record.len(),
            });
        }
        Ok(Some((line, record)))
    }
}
