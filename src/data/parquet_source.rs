//! A Parquet file as its decoder reads it: whoever asks for bytes behind its end is told so at once. The decoder skips what
//! it does not know, and a damaged file may have it skip billions of values that are not there, one by one.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::sync::Arc;

use ::parquet::errors::Result;
use ::parquet::file::reader::{ChunkReader, Length};
use bytes::Bytes;

/// A file that is read in pieces.
#[derive(Clone)]
pub(super) struct ParquetSource(Arc<File>);

impl ParquetSource {
    pub(super) fn new(file: File) -> Self {
        Self(Arc::new(file))
    }
}

impl Length for ParquetSource {
    fn len(&self) -> u64 {
        Length::len(&*self.0)
    }
}

impl ChunkReader for ParquetSource {
    type T = WithinFile;

    fn get_read(&self, start: u64) -> Result<WithinFile> {
        let mut file = self.0.try_clone()?;
        file.seek(SeekFrom::Start(start))?;
        Ok(WithinFile(BufReader::new(file)))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        ChunkReader::get_bytes(&*self.0, start, length)
    }
}

/// Reads on from a place of a file. Its end is an error: behind the last value of a whole file is its footer.
pub(super) struct WithinFile(BufReader<File>);

impl Read for WithinFile {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self.0.read(out)? {
            0 if !out.is_empty() => Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "it goes on behind the end of the file",
            )),
            n => Ok(n),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn the_end_of_a_file_is_an_error() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"abcdef").unwrap();
        let source = ParquetSource::new(file);
        assert_eq!(source.len(), 6);
        let mut four = [0; 4];
        let mut read = source.get_read(1).unwrap();
        read.read_exact(&mut four).unwrap();
        assert_eq!(&four, b"bcde");
        let skipped = io::copy(&mut read.take(1 << 40), &mut io::sink());
        assert_eq!(skipped.unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
        assert_eq!(source.get_bytes(2, 3).unwrap(), "cde");
    }
}
