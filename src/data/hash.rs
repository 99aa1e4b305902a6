//! The SHA-256 and the size of a file's bytes, taken while they are read.

use std::cell::RefCell;
use std::io::{self, Read};
use std::path::Path;
use std::rc::Rc;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::error::{DataError, unreadable};
use super::remote;

/// A file as it was when its bytes were hashed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HashedFile {
    /// The path as given.
    pub path: String,
    /// Bytes.
    pub bytes: u64,
    /// SHA-256 of the bytes, in hexadecimal.
    pub sha256: String,
}

/// Reads a file for its size and hash alone.
///
/// # Errors
/// A file that is missing or cannot be read.
pub fn hash_file(path: &Path) -> Result<HashedFile, DataError> {
    let name = path.display().to_string();
    let bytes = remote::open_bytes(path)?;
    let tally = Tally::default();
    io::copy(
        &mut HashingReader::new(bytes, tally.clone()),
        &mut io::sink(),
    )
    .map_err(|source| unreadable(&name, source))?;
    Ok(HashedFile {
        path: name.clone(),
        bytes: tally.bytes(),
        sha256: tally.sha256(),
    })
}

/// What passed through a [`HashingReader`].
#[derive(Clone, Default)]
pub(super) struct Tally(Rc<RefCell<(Sha256, u64)>>);

impl Tally {
    /// Takes bytes in.
    pub(super) fn add(&self, bytes: &[u8]) {
        let mut tally = self.0.borrow_mut();
        tally.0.update(bytes);
        tally.1 += bytes.len() as u64;
    }

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
        self.tally.add(&buffer[..n]);
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
