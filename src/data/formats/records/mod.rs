//! Records of delimited text: those without a quote straight from the buffer, the others by `csv_core`, or line by line
//! where quotes do not reach over lines.

mod record;

use std::io;

use csv_core::{ReadRecordResult, ReaderBuilder};
use memchr::{memchr, memchr_iter, memchr2};

use super::fields;
use super::open_quote::OpenQuote;
pub(in crate::data) use record::{Dialect, Quotes, Record, Spans};

use crate::data::error::DataError;
use crate::data::lines::MAX_LINE_BYTES;
use crate::data::separator::Separator;
use crate::data::source::{Text, TextOrigin};
use crate::data::window::Window;

/// Longer lines than this go to `csv_core`, which needs no line in one piece.
const PLAIN_LINE_BYTES: usize = 64 << 10;
const FIRST_FIELD_BYTES: usize = 256;
const FIRST_FIELDS: usize = 16;
/// How far a quote may reach over lines where lines are rows by themselves.
const MAX_SPAN_BYTES: usize = 256 << 10;
const MAX_SPAN_LINES: usize = 256;

/// Cuts a text into records, as `csv` does: empty lines are passed over, `\n`, `\r\n` and `\r` end a
/// record outside quotes.
pub(super) struct RecordScanner<'a> {
    window: Window<'a>,
    origin: TextOrigin,
    dialect: Dialect,
    /// The separator where it is one character.
    delimiter: u8,
    /// What sends a line to `csv_core` or makes it be cut by itself; the same byte twice where a quote is a letter.
    marks: [u8; 2],
    core: csv_core::Reader,
    fields: Vec<u8>,
    ends: Vec<usize>,
    line: u64,
    at_start: bool,
    after_carriage_return: bool,
    /// Fields of the first record, once it was read.
    width: Option<usize>,
    spans: Option<Spans>,
}

/// A record found, before its bytes are borrowed.
enum Found {
    /// So many bytes at hand, line end included, are a line, its text this long.
    Plain { taken: usize, text: usize },
    /// The fields are decoded.
    Decoded { n_fields: usize },
}

impl<'a> RecordScanner<'a> {
    pub(super) fn new(text: Text<'a>, dialect: Dialect) -> Self {
        let origin = text.origin.clone();
        Self::from_window(text.into_window(), origin, dialect)
    }

    fn from_window(window: Window<'a>, origin: TextOrigin, dialect: Dialect) -> Self {
        let delimiter = match dialect.separator {
            Separator::Character(byte) => byte,
            Separator::Blanks => b' ',
        };
        let quoting = dialect.quotes != Quotes::Letters;
        Self {
            origin,
            window,
            dialect,
            delimiter,
            marks: [if quoting { b'"' } else { b'\r' }, b'\r'],
            core: ReaderBuilder::new()
                .delimiter(delimiter)
                .quoting(quoting)
                .build(),
            fields: vec![0; FIRST_FIELD_BYTES],
            ends: vec![0; FIRST_FIELDS],
            line: 1,
            at_start: true,
            after_carriage_return: false,
            width: None,
            spans: None,
        }
    }

    /// The records so far with a quoted field over several lines.
    pub(super) fn spans(&self) -> Option<Spans> {
        self.spans
    }

    /// Whether lines are cut here, and not by `csv_core`.
    fn by_lines(&self) -> bool {
        self.dialect.quotes == Quotes::WithinLine || self.dialect.separator == Separator::Blanks
    }

    /// The next record, and the line that follows the record before it.
    pub(super) fn next_record(&mut self) -> Result<Option<(u64, Record<'_>)>, DataError> {
        self.end_carriage_return()?;
        let line = self.line;
        // Only before its first record does `csv_core` look for a byte order mark.
        let at_start = std::mem::take(&mut self.at_start);
        let plain = if at_start || self.dialect.separator == Separator::Blanks {
            None
        } else {
            self.plain_line(line)?
        };
        let found = match plain {
            Some(plain) => plain,
            None => {
                let decoded = match self.by_lines() {
                    true => self.cut_line()?,
                    false => self.decode(line)?,
                };
                match decoded {
                    Some(decoded) => decoded,
                    None => return Ok(None),
                }
            }
        };
        let record = match found {
            Found::Plain { taken, text } => {
                self.line += 1;
                let text = &self.window.take(taken)[..text];
                self.ends.clear();
                self.ends.extend(memchr_iter(self.delimiter, text));
                self.ends.push(text.len());
                let (ends, gap) = (&self.ends[..], 1);
                Record { text, ends, gap }
            }
            Found::Decoded { n_fields } => {
                let (text, ends, gap) = (&self.fields[..], &self.ends[..n_fields], 0);
                Record { text, ends, gap }
            }
        };
        self.width.get_or_insert(record.len());
        Ok(Some((line, record)))
    }

    /// Takes the `\n` of a `\r\n` whose `\r` ended a record.
    fn end_carriage_return(&mut self) -> Result<(), DataError> {
        if !std::mem::take(&mut self.after_carriage_return) {
            return Ok(());
        }
        if self.window.bytes().is_empty() {
            self.more(self.line)?;
        }
        if self.window.bytes().first() == Some(&b'\n') {
            self.window.take(1);
            self.line += 1;
        }
        Ok(())
    }

    /// Passes over empty lines and finds the next line, where it is at hand and plain.
    fn plain_line(&mut self, line: u64) -> Result<Option<Found>, DataError> {
        loop {
            let bytes = self.window.bytes();
            let Some(end) = memchr(b'\n', bytes) else {
                if bytes.len() < PLAIN_LINE_BYTES && self.more(line)? {
                    continue;
                }
                return Ok(None);
            };
            let text = bytes[..end].strip_suffix(b"\r").unwrap_or(&bytes[..end]);
            if text.is_empty() {
                self.window.take(end + 1);
                self.line += 1;
                continue;
            }
            let [quote, carriage_return] = self.marks;
            let is_plain = memchr2(quote, carriage_return, text).is_none();
            let (taken, text) = (end + 1, text.len());
            return Ok(is_plain.then_some(Found::Plain { taken, text }));
        }
    }

    /// Reads a record piece by piece; `None` at the end of the text.
    fn decode(&mut self, line: u64) -> Result<Option<Found>, DataError> {
        let (mut n_bytes, mut n_fields, mut taken) = (0, 0, 0);
        let mut open = OpenQuote::new(self.delimiter, self.line);
        let first_line = self.line;
        self.ends.resize(self.ends.capacity().max(FIRST_FIELDS), 0);
        loop {
            if self.window.bytes().is_empty() {
                self.more(line)?;
            }
            let (result, read, written, ended) = self.core.read_record(
                self.window.bytes(),
                &mut self.fields[n_bytes..],
                &mut self.ends[n_fields..],
            );
            let bytes = self.window.take(read);
            self.line += memchr_iter(b'\n', bytes).count() as u64;
            let last = bytes.last().copied();
            (n_bytes, n_fields, taken) = (n_bytes + written, n_fields + ended, taken + read);
            if result != ReadRecordResult::Record && self.dialect.quotes != Quotes::Letters {
                open.pass(bytes);
            }
            match result {
                ReadRecordResult::Record => {
                    // With no byte left, the end of the text ends the record.
                    if let (None, Some(line)) = (last, open.line()) {
                        return Err(DataError::UnclosedQuote {
                            place: self.origin.line(line),
                        });
                    }
                    self.after_carriage_return = last == Some(b'\r');
                    if self.line > first_line + 1 {
                        let ended = u64::from(last == Some(b'\n'));
                        self.note_span_of(n_bytes, ended);
                    }
                    return Ok(Some(Found::Decoded { n_fields }));
                }
                ReadRecordResult::End => return Ok(None),
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull => self.fields.resize(2 * self.fields.len(), 0),
                ReadRecordResult::OutputEndsFull => self.ends.resize(2 * self.ends.len(), 0),
            }
            if taken > MAX_LINE_BYTES {
                return Err(DataError::LineTooLong {
                    place: self.origin.line(open.line().unwrap_or(line)),
                    limit: MAX_LINE_BYTES,
                });
            }
        }
    }

    /// Cuts the next line that is not empty; `None` at the end of the text.
    fn cut_line(&mut self) -> Result<Option<Found>, DataError> {
        let length = loop {
            let length = self.line_length(0)?;
            match self.window.bytes().get(length) {
                None if length == 0 => return Ok(None),
                Some(_) if length == 0 => self.take_line(0)?,
                _ => break length,
            }
        };
        let line = self.line;
        let quotes = self.dialect.quotes == Quotes::WithinLine;
        let mut any_open = self.cut_at_hand(length, quotes);
        let width = self.width;
        let is_other = |found: usize| width.is_some_and(|width| width != found);
        if quotes && is_other(self.ends.len()) {
            self.cut_at_hand(length, false);
            match is_other(self.ends.len()) {
                true => any_open = self.cut_at_hand(length, true),
                false => any_open = false,
            }
        }
        let spanning = match (any_open, self.width) {
            (true, Some(width)) if !self.are_rows(length, width)? => self.span(length, width)?,
            _ => None,
        };
        match spanning {
            Some(length) => {
                self.take_line(length)?;
                self.note_span(line);
            }
            None => self.take_line(length)?,
        }
        let n_fields = self.ends.len();
        Ok(Some(Found::Decoded { n_fields }))
    }

    fn cut_at_hand(&mut self, length: usize, quotes: bool) -> bool {
        let text = &self.window.bytes()[..length];
        let separator = self.dialect.separator;
        fields::cut(text, separator, quotes, &mut self.fields, &mut self.ends)
    }

    /// Whether the line that was cut and the one behind it have the width of a row.
    fn are_rows(&mut self, length: usize, width: usize) -> Result<bool, DataError> {
        if self.ends.len() != width {
            return Ok(false);
        }
        let Some(next) = self.next_line(length)? else {
            return Ok(true);
        };
        let end = self.line_length(next)?;
        let line = &self.window.bytes()[next..end];
        let (mut fields, mut ends) = (Vec::new(), Vec::new());
        let separator = self.dialect.separator;
        let widths = [true, false].map(|quotes| {
            fields::cut(line, separator, quotes, &mut fields, &mut ends);
            ends.len()
        });
        Ok(line.is_empty() || widths.contains(&width))
    }

    /// The length of the record in which quoted fields reach over lines, where one of this width begins here; its
    /// fields are cut then.
    fn span(&mut self, length: usize, width: usize) -> Result<Option<usize>, DataError> {
        let mut end = length;
        for _ in 0..MAX_SPAN_LINES {
            let Some(next) = self.next_line(end)? else {
                break;
            };
            end = self.line_length(next)?;
            if end > MAX_SPAN_BYTES {
                break;
            }
            if !self.cut_at_hand(end, true) {
                if self.ends.len() == width {
                    return Ok(Some(end));
                }
                break;
            }
        }
        self.cut_at_hand(length, true);
        Ok(None)
    }

    /// Where the line behind the one of this end begins, if the text goes on.
    fn next_line(&mut self, end: usize) -> Result<Option<usize>, DataError> {
        let line = self.line;
        while self.window.bytes().len() < end + 2 && self.more(line)? {}
        let next = match self.window.bytes().get(end..) {
            Some([b'\r', b'\n', ..]) => end + 2,
            Some([_, ..]) => end + 1,
            _ => return Ok(None),
        };
        Ok(Some(next))
    }

    /// How far the line reaches that begins at `start` of the bytes at hand, without its end.
    fn line_length(&mut self, start: usize) -> Result<usize, DataError> {
        let mut searched = start;
        loop {
            let bytes = self.window.bytes();
            if let Some(end) = memchr2(b'\n', b'\r', &bytes[searched..]) {
                return Ok(searched + end);
            }
            searched = bytes.len();
            if searched - start > MAX_LINE_BYTES {
                return Err(DataError::LineTooLong {
                    place: self.origin.line(self.line),
                    limit: MAX_LINE_BYTES,
                });
            }
            if !self.more(self.line)? {
                return Ok(searched);
            }
        }
    }

    /// Takes bytes at hand and the line end behind them.
    fn take_line(&mut self, length: usize) -> Result<(), DataError> {
        let taken = self.window.take(length);
        self.line += memchr_iter(b'\n', taken).count() as u64;
        match self.window.take(1).first().copied() {
            Some(b'\n') => self.line += 1,
            Some(_) => {
                self.after_carriage_return = true;
                self.end_carriage_return()?;
            }
            None => {}
        }
        Ok(())
    }

    /// Notes the record of these decoded bytes, if a field of it reaches over lines; `ended` lines end behind it.
    fn note_span_of(&mut self, n_bytes: usize, ended: u64) {
        let within = memchr_iter(b'\n', &self.fields[..n_bytes]).count() as u64;
        if within > 0 {
            self.note_span(self.line - within - ended);
        }
    }

    fn note_span(&mut self, line: u64) {
        let none = Spans {
            first_line: line,
            n_records: 0,
        };
        self.spans.get_or_insert(none).n_records += 1;
    }

    fn more(&mut self, line: u64) -> Result<bool, DataError> {
        let read: io::Result<bool> = self.window.more();
        read.map_err(|e| self.origin.read_error(line, e))
    }
}

#[cfg(test)]
mod tests;
