//! The SHA-256 and the size of a file's bytes, taken while they are read.

use std::cell::RefCell;
use std::io::{self, Read};
use std::rc::Rc;

use sha2::{Digest, Sha256};

/// What passed through a [`HashingReader`].
#[derive(Clone, Default)]
pub(super) struct Tally(Rc<RefCell<(Sha256, u64)>>);

impl Tally {
    /// Bytes that passed.
    pub(super) fn bytes(&self) -> u64 {
        self.0.borrow().1
    }

    /// SHA-256 of the bytes that passed, in lower-case hexadecimal.
    pub(super) fn sha256(&self) -> String {
        let digest = self.0.borrow().0.clone().finalize();
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// Hands bytes through and tallies them.
pub(super) struct HashingReader<R> {
    inner: R,
    tally: Tally,
}

impl<R: Read> HashingReader<R> {
    pub(super) fn new(inner: R, tally: Tally) -> Self {
        Self { inner, tally }
    }
}

impl<R: Read> Read for HashingReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        let mut tally = self.tally.0.borrow_mut();
        tally.0.update(&buffer[..n]);
        tally.1 += n as u64;
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_digest_of_abc_is_the_one_of_fips_180() {
        let tally = Tally::default();
        io::copy(
            &mut HashingReader::new(&b"abc"[..], tally.clone()),
            &mut io::sink(),
        )
        .unwrap();
        assert_eq!(
            tally.sha256(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert_eq!(tally.bytes(), 3);
    }
}
