//! Lines of a text of any size, each within a limit, with their numbers.

use memchr::memchr;

use super::error::DataError;
use super::source::{Text, TextOrigin};
use super::window::Window;

/// The longest line or record a reader accepts, bytes. An adjacency list of two million items fits;
/// a file without line ends does not fill the memory.
pub const MAX_LINE_BYTES: usize = 16 << 20;

/// Reads line by line.
pub(super) struct Lines<'a> {
    window: Window<'a>,
    origin: TextOrigin,
    number: u64,
}

impl<'a> Lines<'a> {
    pub(super) fn new(text: Text<'a>) -> Self {
        let origin = text.origin.clone();
        Self {
            window: text.into_window(),
            origin,
            number: 0,
        }
    }

    /// The next line that is not blank and its number, without its line end.
    pub(super) fn next_line(&mut self) -> Result<Option<(u64, &[u8])>, DataError> {
        loop {
            self.number += 1;
            let length = self.line_bytes()?;
            if length == 0 {
                return Ok(None);
            }
            if !self.window.bytes()[..length].trim_ascii().is_empty() {
                let line = trim_line_end(self.window.take(length));
                return Ok(Some((self.number, line)));
            }
            self.window.take(length);
        }
    }

    /// The bytes up to and with the next line end, or up to the end of the text.
    fn line_bytes(&mut self) -> Result<usize, DataError> {
        let mut searched = 0;
        let length = loop {
            let bytes = self.window.bytes();
            if let Some(end) = memchr(b'\n', &bytes[searched..]) {
                break searched + end + 1;
            }
            searched = bytes.len();
            let more = searched <= MAX_LINE_BYTES
                && (self.window.more()).map_err(|e| self.origin.read_error(self.number, e))?;
            if !more {
                break searched;
            }
        };
        if length > MAX_LINE_BYTES {
            let place = self.origin.line(self.number);
            return Err(DataError::LineTooLong {
                place,
                limit: MAX_LINE_BYTES,
            });
        }
        Ok(length)
    }
}

fn trim_line_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}
