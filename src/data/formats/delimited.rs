//! CSV and TSV with a header: records within a size limit, fields by column name.

use std::cell::Cell;
use std::io::{self, BufRead, Read};
use std::rc::Rc;

use crate::data::columns::{ColumnNames, Columns};
use crate::data::error::{DataError, Place, Position, Role};
use crate::data::lines::MAX_LINE_BYTES;
use crate::data::sink::{Sink, TextRow};
use crate::data::source::{Text, TextOrigin};

const BUFFER_BYTES: usize = 64 << 10;

/// How fields are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::data) enum Dialect {
    /// Commas, fields may be quoted.
    Csv,
    /// Tabs, fields may be quoted.
    Tsv,
    /// Tabs, a quote is a letter like any other.
    RecBole,
}

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
    while let Some((line, record)) = records.next_record()? {
        let row = TextRow {
            user: &record[columns.user],
            item: &record[columns.item],
            weight: columns.weight.map(|column| &record[column]),
            timestamp: columns.timestamp.map(|column| &record[column]),
        };
        sink.text_row(Position::Line(line), row)?;
    }
    Ok(())
}

/// The records of a delimited file, all as wide as its header.
pub(in crate::data) struct Records<'a> {
    reader: csv::Reader<RecordGuard<'a>>,
    origin: TextOrigin,
    header: Vec<String>,
    header_line: u64,
    record: csv::ByteRecord,
    since_record: Rc<Cell<usize>>,
    crlf: bool,
}

impl<'a> Records<'a> {
    /// Opens a text and reads its header.
    pub(in crate::data) fn open(text: Text<'a>, dialect: Dialect) -> Result<Self, DataError> {
        let origin = text.origin.clone();
        let first_line_end = text.sample().iter().position(|&byte| byte == b'\n');
        let crlf = first_line_end.is_some_and(|end| text.sample()[..end].ends_with(b"\r"));
        let since_record = Rc::new(Cell::new(0));
        let inner = text.into_reader();
        let guard = RecordGuard {
            inner,
            since_record: Rc::clone(&since_record),
        };
        let reader = csv::ReaderBuilder::new()
            .delimiter(if dialect == Dialect::Csv { b',' } else { b'\t' })
            .quoting(dialect != Dialect::RecBole)
            .has_headers(false)
            .buffer_capacity(BUFFER_BYTES)
            .from_reader(guard);
        let record = csv::ByteRecord::new();
        let (header, header_line) = (Vec::new(), 1);
        let mut records = Self {
            reader,
            origin,
            header,
            header_line,
            record,
            since_record,
            crlf,
        };
        records.read_header(dialect)?;
        Ok(records)
    }

    fn read_header(&mut self, dialect: Dialect) -> Result<(), DataError> {
        let Some((line, record)) = self.next_record()? else {
            return Err(DataError::Empty {
                place: Place::whole(&self.origin.name),
            });
        };
        let names: Option<Vec<String>> = record
            .iter()
            .map(|name| str::from_utf8(name.trim_ascii()).ok().map(str::to_owned))
            .collect();
        let Some(mut names) = names else {
            return Err(DataError::InvalidUtf8 {
                place: self.origin.line(line),
                role: Role::Header,
            });
        };
        if dialect == Dialect::RecBole {
            names = super::recbole::plain_header(names);
        }
        (self.header, self.header_line) = (names, line);
        Ok(())
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
    pub(in crate::data) fn next_record(
        &mut self,
    ) -> Result<Option<(u64, &csv::ByteRecord)>, DataError> {
        self.since_record.set(0);
        let read = self.reader.read_byte_record(&mut self.record);
        let position = self.record.position();
        // After `\r\n` the csv reader still stands before the `\n`, one line behind.
        let behind = u64::from(self.crlf && position.is_some_and(|p| p.record() > 0));
        let line = position.map_or(1, csv::Position::line) + behind;
        match read {
            Ok(true) => Ok(Some((line, &self.record))),
            Ok(false) => Ok(None),
            Err(error) => Err(self.record_error(line, error)),
        }
    }

    fn record_error(&self, line: u64, error: csv::Error) -> DataError {
        let place = self.origin.line(line);
        match error.into_kind() {
            csv::ErrorKind::Io(_) if self.since_record.get() > MAX_LINE_BYTES => {
                DataError::LineTooLong {
                    place,
                    limit: MAX_LINE_BYTES,
                }
            }
            csv::ErrorKind::Io(source) => self.origin.read_error(line, source),
            csv::ErrorKind::UnequalLengths {
                expected_len, len, ..
            } => DataError::Ragged {
                place,
                expected: expected_len.to_string(),
                found: usize::try_from(len).unwrap_or(usize::MAX),
            },
            other => {
                let source = io::Error::other(format!("{other:?}"));
                DataError::Unreadable { place, source }
            }
        }
    }
}

/// Stops a record that does not end, such as one after an unclosed quote, before it fills the memory.
struct RecordGuard<'a> {
    inner: Box<dyn BufRead + 'a>,
    since_record: Rc<Cell<usize>>,
}

impl Read for RecordGuard<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.since_record.set(self.since_record.get() + n);
        if self.since_record.get() > MAX_LINE_BYTES {
            return Err(io::Error::other("the record does not end"));
        }
        Ok(n)
    }
}
