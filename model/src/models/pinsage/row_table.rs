//! A table that is written row after row and then read by rows: in memory, or in a file that has no name.

use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::Path;

/// Bytes of a float.
const FLOAT: usize = size_of::<f32>();

/// A table under way.
pub(super) enum Writer {
    Memory(Vec<f32>),
    File(BufWriter<File>),
}

/// A table as it was written, `[_, width]`.
pub(super) struct RowTable {
    width: usize,
    values: Values,
}

enum Values {
    Memory(Vec<f32>),
    File(File),
}

impl Writer {
    /// A table in memory; in a file of `folder`, where there is one. The file goes with the table.
    pub(super) fn new(folder: Option<&Path>) -> io::Result<Self> {
        Ok(match folder {
            None => Self::Memory(Vec::new()),
            Some(folder) => Self::File(BufWriter::new(tempfile::tempfile_in(folder)?)),
        })
    }

    pub(super) fn append(&mut self, values: impl Iterator<Item = f32>) -> io::Result<()> {
        match self {
            Self::Memory(table) => table.extend(values),
            Self::File(file) => {
                for value in values {
                    file.write_all(&value.to_le_bytes())?;
                }
            }
        }
        Ok(())
    }

    pub(super) fn finish(self, width: usize) -> io::Result<RowTable> {
        let values = match self {
            Self::Memory(table) => Values::Memory(table),
            Self::File(file) => Values::File(file.into_inner()?),
        };
        Ok(RowTable { width, values })
    }
}

impl RowTable {
    /// Floats of a row.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// Some rows, one behind the other; what follows one another in a file is read at once.
    pub(super) fn rows(&self, rows: &[u32]) -> io::Result<Vec<f32>> {
        let width = self.width;
        match &self.values {
            Values::Memory(table) => {
                let row = |&row: &u32| &table[row as usize * width..][..width];
                Ok(rows.iter().flat_map(row).copied().collect())
            }
            Values::File(file) => {
                let mut file: &File = file;
                let mut bytes = vec![0; rows.len() * width * FLOAT];
                let mut rest = &mut bytes[..];
                for run in rows.chunk_by(|&a, &b| a + 1 == b) {
                    let (now, later) = rest.split_at_mut(run.len() * width * FLOAT);
                    file.seek(SeekFrom::Start(u64::from(run[0]) * (width * FLOAT) as u64))?;
                    file.read_exact(now)?;
                    rest = later;
                }
                let (floats, _) = bytes.as_chunks::<FLOAT>();
                Ok(floats
                    .iter()
                    .map(|float| f32::from_le_bytes(*float))
                    .collect())
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_back_from_memory_and_from_a_file() {
        let folder = std::env::temp_dir();
        for folder in [None, Some(folder.as_path())] {
            let mut writer = Writer::new(folder).unwrap();
            for row in 0..5 {
                writer
                    .append((0..3).map(|at| (10 * row + at) as f32))
                    .unwrap();
            }
            let table = writer.finish(3).unwrap();
            let expected = [40.0, 41.0, 42.0, 1.0, 2.0];
            let found = table.rows(&[4, 0, 1, 4]).unwrap();
            assert_eq!(
                (&found[..3], &found[4..6]),
                (&expected[..3], &expected[3..])
            );
            assert_eq!(found[6..], [10.0, 11.0, 12.0, 40.0, 41.0, 42.0]);
            assert!(table.rows(&[]).unwrap().is_empty());
        }
        let nowhere = Path::new("no/such/folder");
        assert!(Writer::new(Some(nowhere)).is_err());
    }
}
