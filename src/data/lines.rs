//! Lines of a text of any size, each within a limit, with their numbers.

use std::io::{BufRead, Read};

use super::error::DataError;
use super::source::{Text, TextOrigin};

/// The longest line or record a reader accepts, bytes. An adjacency list of two million items fits;
/// a file without line ends does not fill the memory.
pub const MAX_LINE_BYTES: usize = 16 << 20;

/// Reads line by line into one buffer.
pub(super) struct Lines<'a> {
    reader: Box<dyn BufRead + 'a>,
    origin: TextOrigin,
    line: Vec<u8>,
    number: u64,
}

impl<'a> Lines<'a> {
    pub(super) fn new(text: Text<'a>) -> Self {
        let origin = text.origin.clone();
        Self {
            reader: text.into_reader(),
            origin,
            line: Vec::new(),
            number: 0,
        }
    }

    /// The next line that is not blank and its number, without its line end.
    pub(super) fn next_line(&mut self) -> Result<Option<(u64, &[u8])>, DataError> {
        loop {
            self.line.clear();
            self.number += 1;
            let limited = (&mut self.reader).take(MAX_LINE_BYTES as u64 + 1);
            let read = read_line(limited, &mut self.line);
            let n = read.map_err(|e| self.origin.read_error(self.number, e))?;
            if n == 0 {
                return Ok(None);
            }
            if n > MAX_LINE_BYTES {
                let place = self.origin.line(self.number);
                return Err(DataError::LineTooLong {
                    place,
                    limit: MAX_LINE_BYTES,
                });
            }
            if !self.line.trim_ascii().is_empty() {
                break;
            }
        }
        Ok(Some((self.number, trim_line_end(&self.line))))
    }
}

fn read_line(mut input: impl BufRead, line: &mut Vec<u8>) -> std::io::Result<usize> {
    input.read_until(b'\n', line)
}

fn trim_line_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}
