//! Delimited text, with a header or with names given for its columns: records within a size limit, fields by name.

use super::Format;
use super::layout::{Layout, Names};
use super::recbole::{plain_header, sequences};
use super::records::{Dialect, Quotes, Record, RecordScanner, Spans};
use crate::data::columns::{ColumnNames, Columns};
use crate::data::error::{DataError, Place, Position, Role};
use crate::data::separator::Separator;
use crate::data::sink::{Sink, TextRow};
use crate::data::source::{Text, TextOrigin};

/// Reads a log.
pub(super) fn read(
    text: Text<'_>,
    layout: &Layout,
    names: &ColumnNames,
    sink: &mut Sink<'_>,
) -> Result<(), DataError> {
    let mut records = Records::open(text, layout)?;
    let columns = Columns::find(records.header(), names, &records.header_place());
    let columns = columns.map_err(|fault| match layout.names {
        Names::InFile if layout.format != Format::RecBole => DataError::HeaderOrRow {
            fault: Box::new(fault),
        },
        _ => fault,
    })?;
    sink.begin(&columns, records.header(), names)?;
    if layout.separator != Separator::COMMA {
        sink.allow_decimal_commas();
    }
    loop {
        let (line, record) = match records.next_record() {
            Ok(Some(row)) => row,
            Ok(None) => break,
            Err(error) => {
                sink.bad_row(error)?;
                continue;
            }
        };
        if let Some(event) = columns.event
            && let Err(error) = sink.event(Position::Line(line), &record[event])
        {
            sink.bad_row(error)?;
            continue;
        }
        let row = TextRow {
            user: &record[columns.user],
            item: &record[columns.item],
            weight: columns.weight.map(|column| &record[column]),
            timestamp: columns.timestamp.map(|column| &record[column]),
        };
        sink.text_row(Position::Line(line), row)?;
    }
    let name = &records.origin.name;
    if let Names::Implied(header) = &layout.names {
        sink.remark(format!(
            "{name}: it has no header; its columns were taken for {}. `--columns` names them otherwise",
            header.join(", ")
        ));
    }
    if let Some(Spans {
        first_line,
        n_records,
    }) = records.scanner.spans()
    {
        let rows = match n_records {
            1 => "1 row has".to_owned(),
            n => format!("{n} rows have"),
        };
        sink.remark(format!(
            "{name}:{first_line}: {rows} a quoted field that reaches over the end of its line, the first one here; a \
             quote that stands alone takes all rows up to the next one"
        ));
    }
    Ok(())
}

/// The records of a delimited file, all as wide as its header.
pub(in crate::data) struct Records<'a> {
    scanner: RecordScanner<'a>,
    origin: TextOrigin,
    header: Vec<String>,
    header_line: u64,
    is_named: bool,
    /// Which columns RecBole says to be of several words; none where there are no types.
    sequences: Vec<bool>,
}

impl<'a> Records<'a> {
    /// Opens a text and reads its header, if it has one.
    pub(in crate::data) fn open(text: Text<'a>, layout: &Layout) -> Result<Self, DataError> {
        let origin = text.origin.clone();
        let mut scanner = RecordScanner::new(text, dialect(layout));
        if let Names::Given(header) | Names::Implied(header) = &layout.names {
            return Ok(Self {
                scanner,
                origin,
                header: header.clone(),
                header_line: 1,
                is_named: true,
                sequences: Vec::new(),
            });
        }
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
        let mut are_sequences = Vec::new();
        if layout.format == Format::RecBole {
            are_sequences = sequences(&header);
            header = plain_header(header);
        }
        Ok(Self {
            scanner,
            origin,
            header,
            header_line,
            is_named: false,
            sequences: are_sequences,
        })
    }

    /// Whether a column is said to be of several words between blanks.
    pub(in crate::data) fn is_sequence(&self, column: usize) -> bool {
        self.sequences.get(column).copied().unwrap_or(false)
    }

    /// The column names.
    pub(in crate::data) fn header(&self) -> &[String] {
        &self.header
    }

    /// Where the header is, or the first row.
    pub(in crate::data) fn header_place(&self) -> Place {
        self.origin.line(self.header_line)
    }

    /// The next record and the line it starts on.
    pub(in crate::data) fn next_record(&mut self) -> Result<Option<(u64, Record<'_>)>, DataError> {
        let Some((line, record)) = self.scanner.next_record()? else {
            return Ok(None);
        };
        if record.len() != self.header.len() {
            let mut expected = self.header.len().to_string();
            if self.is_named {
                expected.push_str(" (one a name of `--columns`)");
            }
            return Err(DataError::Ragged {
                place: self.origin.line(line),
                expected,
                found: record.len(),
            });
        }
        Ok(Some((line, record)))
    }
}

/// Quotes are letters in RecBole's files between tabs, reach over lines in CSV, and stay within a line elsewhere.
fn dialect(layout: &Layout) -> Dialect {
    let separator = layout.separator;
    let quotes = match separator {
        Separator::TAB if layout.format == Format::RecBole => Quotes::Letters,
        Separator::COMMA | Separator::Character(b';') => Quotes::AcrossLines,
        _ => Quotes::WithinLine,
    };
    Dialect { separator, quotes }
}
