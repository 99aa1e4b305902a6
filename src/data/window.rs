//! The bytes of a text through one buffer, those not taken yet always in one piece.

use std::io::{self, ErrorKind, Read};

/// How much is read at once: it stays in the second-level cache.
const BUFFER_BYTES: usize = 256 << 10;

/// What was read of a text and not taken yet.
pub(super) struct Window<'a> {
    reader: Box<dyn Read + 'a>,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
}

impl<'a> Window<'a> {
    pub(super) fn new(reader: Box<dyn Read + 'a>) -> Self {
        Self {
            reader,
            buffer: vec![0; BUFFER_BYTES],
            start: 0,
            end: 0,
        }
    }

    /// The bytes at hand.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// Takes the first `n` bytes at hand.
    pub(super) fn take(&mut self, n: usize) -> &[u8] {
        let start = self.start;
        self.start = self.end.min(start + n);
        &self.buffer[start..self.start]
    }

    /// Reads more behind the bytes at hand; false at the end of the text.
    pub(super) fn more(&mut self) -> io::Result<bool> {
        if self.end == self.buffer.len() {
            self.make_room();
        }
        loop {
            match self.reader.read(&mut self.buffer[self.end..]) {
                Ok(n) => {
                    self.end += n;
                    return Ok(n > 0);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn make_room(&mut self) {
        self.buffer.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, self.end - self.start);
        if self.end == self.buffer.len() {
            self.buffer.resize(2 * self.end, 0);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn bytes_stay_in_one_piece_whatever_is_taken() {
        let text: Vec<u8> = (0..3 * BUFFER_BYTES).map(|i| (i % 251) as u8).collect();
        let mut window = Window::new(Box::new(&text[..]));
        while window.bytes().len() < BUFFER_BYTES + 1 {
            assert!(window.more().unwrap());
        }
        assert_eq!(window.take(7), &text[..7]);
        while window.more().unwrap() {}
        assert_eq!(window.bytes(), &text[7..]);
        window.take(text.len());
        assert!(window.bytes().is_empty() && !window.more().unwrap());
    }
}
