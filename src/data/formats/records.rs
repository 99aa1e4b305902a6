//! Records of delimited text: those without a quote straight from the buffer, the others by `csv_core`.

use std::io;
use std::ops::Index;

use csv_core::{ReadRecordResult, ReaderBuilder};
use memchr::{memchr, memchr_iter, memchr2};

use crate::data::error::DataError;
use crate::data::lines::MAX_LINE_BYTES;
use crate::data::source::{Text, TextOrigin};
use crate::data::window::Window;

/// Longer lines than this go to `csv_core`, which needs no line in one piece.
const PLAIN_LINE_BYTES: usize = 64 << 10;
const FIRST_FIELD_BYTES: usize = 256;
const FIRST_FIELDS: usize = 16;

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

/// The fields of one record.
#[derive(Clone, Copy)]
pub(in crate::data) struct Record<'r> {
    text: &'r [u8],
    /// Where each field ends in the text.
    ends: &'r [usize],
    /// Bytes between two fields.
    gap: usize,
}

impl<'r> Record<'r> {
    pub(in crate::data) fn len(self) -> usize {
        self.ends.len()
    }

    pub(in crate::data) fn iter(self) -> impl Iterator<Item = &'r [u8]> {
        (0..self.len()).map(move |field| self.field(field))
    }

    fn field(self, field: usize) -> &'r [u8] {
        let start = match field.checked_sub(1) {
            Some(before) => self.ends[before] + self.gap,
            None => 0,
        };
        &self.text[start..self.ends[field]]
    }
}

impl Index<usize> for Record<'_> {
    type Output = [u8];

    fn index(&self, field: usize) -> &[u8] {
        self.field(field)
    }
}

/// Cuts a text into records, as `csv` does: empty lines are passed over, `\n`, `\r\n` and `\r` end a
/// record outside quotes.
pub(super) struct RecordScanner<'a> {
    window: Window<'a>,
    origin: TextOrigin,
    delimiter: u8,
    /// What sends a line to `csv_core`; the same byte twice where a quote is a letter.
    marks: [u8; 2],
    core: csv_core::Reader,
    fields: Vec<u8>,
    ends: Vec<usize>,
    line: u64,
    at_start: bool,
    after_carriage_return: bool,
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
        let delimiter = if dialect == Dialect::Csv { b',' } else { b'\t' };
        let quoting = dialect != Dialect::RecBole;
        Self {
            origin,
            window,
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
        }
    }

    /// The next record, and the line that follows the record before it.
    pub(super) fn next_record(&mut self) -> Result<Option<(u64, Record<'_>)>, DataError> {
        self.end_carriage_return()?;
        let line = self.line;
        // Only before its first record does `csv_core` look for a byte order mark.
        let at_start = std::mem::take(&mut self.at_start);
        let plain = if at_start {
            None
        } else {
            self.plain_line(line)?
        };
        let found = match plain {
            Some(plain) => plain,
            None => match self.decode(line)? {
                Some(decoded) => decoded,
                None => return Ok(None),
            },
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
            match result {
                ReadRecordResult::Record => {
                    self.after_carriage_return = last == Some(b'\r');
                    return Ok(Some(Found::Decoded { n_fields }));
                }
                ReadRecordResult::End => return Ok(None),
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull => self.fields.resize(2 * self.fields.len(), 0),
                ReadRecordResult::OutputEndsFull => self.ends.resize(2 * self.ends.len(), 0),
            }
            if taken > MAX_LINE_BYTES {
                return Err(DataError::LineTooLong {
                    place: self.origin.line(line),
                    limit: MAX_LINE_BYTES,
                });
            }
        }
    }

    fn more(&mut self, line: u64) -> Result<bool, DataError> {
        let read: io::Result<bool> = self.window.more();
        read.map_err(|e| self.origin.read_error(line, e))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::io::Read;

    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::data::source::{Origin, Source, open};

    type Rows = Vec<(u64, Vec<Vec<u8>>)>;

    /// Hands out a few bytes at a time.
    struct Trickle<'a>(&'a [u8], usize);

    impl Read for Trickle<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let n = self.1.min(buffer.len());
            self.0.read(&mut buffer[..n])
        }
    }

    fn scanned(text: &[u8], at_once: usize, dialect: Dialect) -> Rows {
        let name = Origin::Memory {
            name: "log",
            bytes: b"",
        };
        let Source::Text(empty) = open(&name).unwrap() else {
            return Vec::new();
        };
        let window = Window::new(Box::new(Trickle(text, at_once)));
        let mut scanner = RecordScanner::from_window(window, empty.origin, dialect);
        let mut rows = Vec::new();
        while let Some((line, record)) = scanner.next_record().unwrap() {
            rows.push((line, record.iter().map(<[u8]>::to_vec).collect()));
        }
        rows
    }

    /// What `csv` makes of it; a record is on the line after the end of the one before.
    fn plainly(text: &[u8], dialect: Dialect) -> Rows {
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(if dialect == Dialect::Csv { b',' } else { b'\t' })
            .quoting(dialect != Dialect::RecBole)
            .has_headers(false)
            .flexible(true)
            .from_reader(text);
        let mut record = csv::ByteRecord::new();
        let mut rows = Vec::new();
        while reader.read_byte_record(&mut record).unwrap() {
            let start = record.position().unwrap().byte() as usize;
            let within_line_end =
                text[..start].ends_with(b"\r") && text[start..].starts_with(b"\n");
            let line =
                1 + memchr_iter(b'\n', &text[..start]).count() + usize::from(within_line_end);
            rows.push((line as u64, record.iter().map(<[u8]>::to_vec).collect()));
        }
        rows
    }

    const DIALECTS: [Dialect; 3] = [Dialect::Csv, Dialect::Tsv, Dialect::RecBole];

    proptest! {
        #[test]
        fn as_csv_does(
            text in vec(prop::sample::select(b"01a,\t\"\r\n \xff".to_vec()), 0..120),
            at_once in 1..200usize,
        ) {
            for dialect in DIALECTS {
                prop_assert_eq!(scanned(&text, at_once, dialect), plainly(&text, dialect));
            }
        }

        #[test]
        fn mostly_plain_lines_as_csv_does(
            lines in vec("[a-z0-9]{0,9}(,[a-z0-9]{0,9}){0,3}|\"[a-z,\n]{0,9}\",[0-9]", 0..40),
            end in prop::sample::select(vec!["\n", "\r\n", "\r"]),
            at_once in 1..400usize,
        ) {
            let text = lines.join(end);
            for dialect in DIALECTS {
                prop_assert_eq!(scanned(text.as_bytes(), at_once, dialect), plainly(text.as_bytes(), dialect));
            }
        }
    }

    #[test]
    fn lines_longer_than_the_buffer() {
        let long = "x".repeat(3 << 20);
        let text = format!("a,b\n{long},1\n2,\"{long}\"\n\n3,4");
        for dialect in DIALECTS {
            assert_eq!(
                scanned(text.as_bytes(), 1 << 16, dialect),
                plainly(text.as_bytes(), dialect)
            );
        }
    }
}
