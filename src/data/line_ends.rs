//! Line ends of old, which are a carriage return alone, as those of today.

use std::io::{self, Read};

use memchr::memchr;

/// Hands a text on with a line feed for each carriage return.
pub(super) struct LineEnds<R>(R);

impl<R: Read> LineEnds<R> {
    pub(super) fn new(inner: R) -> Self {
        Self(inner)
    }
}

/// Whether a text that begins like this has carriage returns and no line feed.
pub(super) fn are_old(sample: &[u8]) -> bool {
    memchr(b'\n', sample).is_none() && memchr(b'\r', sample).is_some()
}

impl<R: Read> Read for LineEnds<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.0.read(buffer)?;
        for byte in &mut buffer[..n] {
            if *byte == b'\r' {
                *byte = b'\n';
            }
        }
        Ok(n)
    }
}
