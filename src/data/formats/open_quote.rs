//! Follows the quotes of a record, to know where one opened that nothing closes.

use memchr::memchr;

/// Where a field is, as `csv_core` sees it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    FieldStart,
    Plain,
    Quoted,
    /// Behind a quote within a quoted field: it ends there, or the quote is doubled.
    AfterQuote,
}

/// The quotes of the bytes that passed.
pub(super) struct OpenQuote {
    delimiter: u8,
    state: State,
    line: u64,
    opened: u64,
}

impl OpenQuote {
    /// At the start of a record.
    pub(super) fn new(delimiter: u8, line: u64) -> Self {
        Self {
            delimiter,
            state: State::FieldStart,
            line,
            opened: line,
        }
    }

    /// Bytes of the record pass, in order.
    pub(super) fn pass(&mut self, mut bytes: &[u8]) {
        while let Some((&byte, rest)) = bytes.split_first() {
            self.state = match (self.state, byte) {
                (State::FieldStart | State::AfterQuote, b'"') => {
                    if self.state == State::FieldStart {
                        self.opened = self.line;
                    }
                    State::Quoted
                }
                (State::Quoted, b'"') => State::AfterQuote,
                (State::Quoted, _) => {
                    let end = memchr(b'"', bytes).unwrap_or(bytes.len());
                    self.line += memchr::memchr_iter(b'\n', &bytes[..end]).count() as u64;
                    bytes = &bytes[end..];
                    continue;
                }
                (_, b'\n' | b'\r') => State::FieldStart,
                (_, byte) if byte == self.delimiter => State::FieldStart,
                _ => State::Plain,
            };
            self.line += u64::from(byte == b'\n');
            bytes = rest;
        }
    }

    /// The line of a quote that is open.
    pub(super) fn line(&self) -> Option<u64> {
        (self.state == State::Quoted).then_some(self.opened)
    }
}
