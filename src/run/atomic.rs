//! Files of a run on disk: written whole or not at all, with their size and hash.

use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::RunError;
use crate::atomic_file::{AtomicFile, is_aside, remove_file};

const TEMPORARY_SUFFIX: &str = ".tmp";
const BUFFER_BYTES: usize = 1 << 20;

/// Size and hash of a file, as the manifest lists them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileDigest {
    /// Bytes.
    pub bytes: u64,
    /// BLAKE3 of the bytes, in hexadecimal.
    pub blake3: String,
}

/// Writes a file whole or not at all: into a temporary file beside it, synced, renamed over `path`,
/// and the directory synced. When `fill` or the system fails, the old file stays and the temporary
/// one is removed.
///
/// # Errors
/// [`RunError::CannotWrite`] naming `path`.
pub fn write_atomically(
    path: &Path,
    fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<FileDigest, RunError> {
    write_and_sync(path, fill).map_err(RunError::cannot_write(path))
}

fn write_and_sync(
    path: &Path,
    fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<FileDigest> {
    let file = AtomicFile::create(path, TEMPORARY_SUFFIX)?;
    let mut hashing = HashingWriter::new(BufWriter::with_capacity(BUFFER_BYTES, file));
    fill(&mut hashing)?;
    let (buffered, digest) = hashing.finish();
    buffered
        .into_inner()
        .map_err(|error| error.into_error())?
        .commit()?;
    Ok(digest)
}

/// Finds out whether files can be made in a folder that is there, before long work for them.
///
/// # Errors
/// [`RunError::CannotWrite`]
pub fn check_writable(folder: &Path) -> Result<(), RunError> {
    match folder.is_dir() {
        true => tempfile::tempfile_in(folder)
            .map(|_| ())
            .map_err(RunError::cannot_write(folder)),
        false => Ok(()),
    }
}

/// Whether a file name is one of our temporary files.
pub(super) fn is_temporary(name: &str) -> bool {
    is_aside(name, TEMPORARY_SUFFIX)
}

/// Removes what a killed process left behind; says how many files that were.
///
/// # Errors
/// [`RunError::CannotWrite`] when a leftover cannot be removed.
pub fn remove_leftovers(directory: &Path) -> Result<usize, RunError> {
    let mut removed = 0;
    for entry in fs::read_dir(directory).map_err(RunError::unreadable(directory))? {
        let entry = entry.map_err(RunError::unreadable(directory))?;
        if entry.file_name().to_str().is_some_and(is_temporary) {
            let path = entry.path();
            remove_file(&path).map_err(RunError::cannot_write(&path))?;
            removed += 1;
        }
    }
    Ok(removed)
}

/// Size and hash of a file on disk, read in pieces.
pub(super) fn digest_of(path: &Path) -> Result<FileDigest, RunError> {
    let mut file = File::open(path).map_err(RunError::unreadable(path))?;
    let mut hasher = HashingWriter::new(io::sink());
    let mut piece = vec![0; BUFFER_BYTES];
    loop {
        let n_read = file.read(&mut piece).map_err(RunError::unreadable(path))?;
        if n_read == 0 {
            return Ok(hasher.finish().1);
        }
        hasher
            .write_all(&piece[..n_read])
            .map_err(RunError::unreadable(path))?;
    }
}

/// Counts and hashes what passes through it.
pub(super) struct HashingWriter<W> {
    inner: W,
    hasher: blake3::Hasher,
    bytes: u64,
}

impl<W: Write> HashingWriter<W> {
    pub(super) fn new(inner: W) -> Self {
        Self {
            inner,
            hasher: blake3::Hasher::new(),
            bytes: 0,
        }
    }

    /// The hash of what was written so far.
    pub(super) fn hash(&self) -> blake3::Hash {
        self.hasher.finalize()
    }

    fn finish(self) -> (W, FileDigest) {
        let blake3 = self.hasher.finalize().to_hex().to_string();
        (
            self.inner,
            FileDigest {
                bytes: self.bytes,
                blake3,
            },
        )
    }
}

impl<W: Write> Write for HashingWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n_written = self.inner.write(bytes)?;
        self.hasher.update(&bytes[..n_written]);
        self.bytes += n_written as u64;
        Ok(n_written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::failure::{Fails, Failure};

    #[test]
    fn the_digest_is_that_of_the_content() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        let written = write_atomically(&path, |out| out.write_all(b"abc")).unwrap();
        // BLAKE3 of "abc", from the published test vectors of b3sum.
        let expected = "6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85";
        assert_eq!(
            written,
            FileDigest {
                bytes: 3,
                blake3: expected.into()
            }
        );
        assert_eq!(digest_of(&path).unwrap(), written);
    }

    #[test]
    fn a_failing_writer_leaves_the_old_file_and_nothing_else() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        write_atomically(&path, |out| out.write_all(b"old")).unwrap();
        let full = |out: &mut dyn Write| {
            out.write_all(b"half of the n")?;
            Err(io::Error::from(io::ErrorKind::StorageFull))
        };
        let error = write_atomically(&path, full).unwrap_err();
        assert_eq!(error.failure(), Failure::CannotWrite);
        assert!(
            error.to_string().contains("file: cannot be written"),
            "{error}"
        );
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_parent_that_is_a_file_is_an_error() {
        let directory = tempfile::tempdir().unwrap();
        let parent = directory.path().join("parent");
        fs::write(&parent, "").unwrap();
        let error = write_atomically(&parent.join("file"), |_| Ok(())).unwrap_err();
        assert_eq!(error.failure(), Failure::CannotWrite);
    }

    #[test]
    fn leftovers_of_a_killed_process_are_removed_and_nothing_else() {
        let directory = tempfile::tempdir().unwrap();
        for name in [
            ".sagebrush-x1.tmp",
            ".sagebrush-x2.tmp",
            ".sagebrush-notes",
            "a.tmp",
        ] {
            fs::write(directory.path().join(name), "").unwrap();
        }
        assert_eq!(remove_leftovers(directory.path()).unwrap(), 2);
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 2);
    }
}
