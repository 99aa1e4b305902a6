//! Tables that are read where they lie in a file: the system holds one copy for all processes, and none is made to open
//! a run.

use std::fmt;
use std::ops::{Deref, Range};
use std::sync::Arc;

use memmap2::Mmap;

/// Numbers in memory, or in a file that is mapped into it. Clones of mapped ones share the file.
#[derive(Clone)]
pub struct Floats(Source);

#[derive(Clone)]
enum Source {
    Own(Vec<f32>),
    /// Bytes of a file, in the byte order of this machine and on the boundary of a number.
    Mapped(Arc<Mmap>, Range<usize>),
}

impl Floats {
    /// The numbers at a range of bytes of a file. They are copied where they lie on no boundary, or in another byte order.
    ///
    /// # Panics
    /// When the range leaves the file.
    pub(super) fn mapped(file: &Arc<Mmap>, bytes: Range<usize>) -> Self {
        let values = &file[bytes.clone()];
        let fits = bytemuck::try_cast_slice::<u8, f32>(values).is_ok();
        if cfg!(target_endian = "little") && fits {
            return Self(Source::Mapped(Arc::clone(file), bytes));
        }
        let values = values.as_chunks().0.iter();
        Self(Source::Own(
            values.map(|&value| f32::from_le_bytes(value)).collect(),
        ))
    }
}

impl Deref for Floats {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        match &self.0 {
            Source::Own(values) => values,
            Source::Mapped(file, bytes) => bytemuck::cast_slice(&file[bytes.clone()]),
        }
    }
}

impl From<Vec<f32>> for Floats {
    fn from(values: Vec<f32>) -> Self {
        Self(Source::Own(values))
    }
}

impl PartialEq for Floats {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl fmt::Debug for Floats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

/// A table of vectors.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredTable {
    /// The number of rows.
    pub rows: usize,
    /// The width of a row.
    pub dim: usize,
    /// `[rows x dim]`, row-major.
    pub values: Floats,
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_a_file_are_read_wherever_they_begin() {
        let mut file = tempfile::tempfile().unwrap();
        let bytes: Vec<u8> = [1.5f32, -2.0, 0.25]
            .into_iter()
            .flat_map(f32::to_le_bytes)
            .collect();
        std::io::Write::write_all(&mut file, &[&[0; 3], &bytes[..], &[0], &bytes[..]].concat())
            .unwrap();
        // SAFETY: nobody else knows the file.
        let map = Arc::new(unsafe { Mmap::map(&file) }.unwrap());
        for start in [3, 16] {
            let floats = Floats::mapped(&map, start..start + 12);
            assert_eq!(floats, Floats::from(vec![1.5, -2.0, 0.25]));
        }
        assert!(matches!(Floats::mapped(&map, 16..28).0, Source::Mapped(..)));
        assert!(matches!(Floats::mapped(&map, 3..15).0, Source::Own(_)));
    }
}
