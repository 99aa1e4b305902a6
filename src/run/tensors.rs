//! Safetensors files in and out: streamed when written, bounded and checked when read.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{self, Read, Write};
use std::ops::Range;
use std::path::Path;

use safetensors::tensor::{Dtype, Metadata, SafeTensors, TensorInfo};

use sagebrush_model::HostTensor;

use super::atomic::HashingWriter;
use super::{RunError, StoredTable};

/// No header of ours comes near this; a larger claim is damage or an attack.
pub const HEADER_BYTES_MAX: u64 = 64 << 20;
/// The one metadata key in use. More than one would be written in a random order, and equal runs
/// could not be compared byte for byte.
const METADATA_KEY: &str = "sagebrush";
/// The tensor that holds the checksum of a self-checking file: its last 32 bytes.
const CHECKSUM_NAME: &str = "checksum.blake3";
const CHECKSUM_BYTES: usize = blake3::OUT_LEN;
const PIECE_VALUES: usize = 1 << 14;

/// Tensors by name, in the order of their names.
pub type NamedTensors = BTreeMap<String, HostTensor>;

/// The values of a tensor about to be written.
pub(super) enum Values<'a> {
    F32(&'a [f32]),
    F64(&'a [f64]),
    U32(&'a [u32]),
    U64(&'a [u64]),
    I64(&'a [i64]),
}

impl Values<'_> {
    fn dtype(&self) -> Dtype {
        match self {
            Self::F32(_) => Dtype::F32,
            Self::F64(_) => Dtype::F64,
            Self::U32(_) => Dtype::U32,
            Self::U64(_) => Dtype::U64,
            Self::I64(_) => Dtype::I64,
        }
    }

    fn n_bytes(&self) -> usize {
        match self {
            Self::F32(values) => size_of_val(*values),
            Self::F64(values) => size_of_val(*values),
            Self::U32(values) => size_of_val(*values),
            Self::U64(values) => size_of_val(*values),
            Self::I64(values) => size_of_val(*values),
        }
    }

    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        match self {
            Self::F32(values) => write_values(out, values, f32::to_le_bytes),
            Self::F64(values) => write_values(out, values, f64::to_le_bytes),
            Self::U32(values) => write_values(out, values, u32::to_le_bytes),
            Self::U64(values) => write_values(out, values, u64::to_le_bytes),
            Self::I64(values) => write_values(out, values, i64::to_le_bytes),
        }
    }
}

fn write_values<T: Copy, const N: usize>(
    out: &mut dyn Write,
    values: &[T],
    to_bytes: fn(T) -> [u8; N],
) -> io::Result<()> {
    let mut bytes = Vec::with_capacity(PIECE_VALUES * N);
    for piece in values.chunks(PIECE_VALUES) {
        bytes.clear();
        bytes.extend(piece.iter().flat_map(|&value| to_bytes(value)));
        out.write_all(&bytes)?;
    }
    Ok(())
}

/// A tensor about to be written.
pub(super) struct Entry<'a> {
    pub(super) name: String,
    pub(super) shape: Vec<usize>,
    pub(super) values: Values<'a>,
}

impl<'a> Entry<'a> {
    pub(super) fn of_table(name: &str, table: &'a StoredTable) -> Self {
        Self {
            name: name.to_owned(),
            shape: vec![table.rows, table.dim],
            values: Values::F32(&table.values),
        }
    }

    pub(super) fn of(name: impl Into<String>, tensor: &'a HostTensor) -> Self {
        Self {
            name: name.into(),
            shape: tensor.shape.clone(),
            values: Values::F32(&tensor.values),
        }
    }
}

/// Writes a safetensors file. Equal input gives equal bytes.
pub(super) fn write_tensors(
    out: &mut dyn Write,
    entries: Vec<Entry<'_>>,
    metadata: Option<String>,
) -> io::Result<()> {
    write_parts(out, entries, metadata, false)
}

/// Writes a safetensors file whose last tensor is the BLAKE3 of all bytes before it, so that the
/// file alone shows whether it is whole.
pub(super) fn write_checked_tensors(
    out: &mut dyn Write,
    entries: Vec<Entry<'_>>,
    metadata: Option<String>,
) -> io::Result<()> {
    let mut hashing = HashingWriter::new(out);
    write_parts(&mut hashing, entries, metadata, true)?;
    let hash = hashing.hash();
    hashing.write_all(hash.as_bytes())
}

fn write_parts(
    out: &mut dyn Write,
    mut entries: Vec<Entry<'_>>,
    metadata: Option<String>,
    leave_room_for_checksum: bool,
) -> io::Result<()> {
    // Wider values first keeps every tensor aligned to its value size.
    entries.sort_by(|a, b| {
        b.values
            .dtype()
            .cmp(&a.values.dtype())
            .then_with(|| a.name.cmp(&b.name))
    });
    let mut tensors = Vec::with_capacity(entries.len() + 1);
    let mut start = 0;
    for entry in &entries {
        let end = start + entry.values.n_bytes();
        let (dtype, shape) = (entry.values.dtype(), entry.shape.clone());
        tensors.push((
            entry.name.clone(),
            TensorInfo {
                dtype,
                shape,
                data_offsets: (start, end),
            },
        ));
        start = end;
    }
    if leave_room_for_checksum {
        let (dtype, shape) = (Dtype::U8, vec![CHECKSUM_BYTES]);
        let data_offsets = (start, start + CHECKSUM_BYTES);
        tensors.push((
            CHECKSUM_NAME.into(),
            TensorInfo {
                dtype,
                shape,
                data_offsets,
            },
        ));
    }
    let metadata = metadata.map(|text| HashMap::from([(METADATA_KEY.to_owned(), text)]));
    let header = Metadata::new(metadata, tensors).map_err(io::Error::other)?;
    let mut header = serde_json::to_vec(&header)?;
    header.resize(header.len().next_multiple_of(8), b' ');
    if header.len() as u64 > HEADER_BYTES_MAX {
        return Err(io::Error::other(
            "the header of the tensor file would be too large",
        ));
    }
    out.write_all(&(header.len() as u64).to_le_bytes())?;
    out.write_all(&header)?;
    entries.iter().try_for_each(|entry| entry.values.write(out))
}

/// A parsed safetensors file. Every accessor names the file in its errors.
pub(super) struct TensorFile<'a> {
    path: &'a Path,
    header: Metadata,
    /// Where the data begin in the file.
    start: usize,
    data: &'a [u8],
}

impl<'a> TensorFile<'a> {
    /// Parses a file that is in memory.
    pub(super) fn parse(path: &'a Path, bytes: &'a [u8]) -> Result<Self, RunError> {
        if let Some(first) = bytes.first_chunk() {
            check_header_size(path, u64::from_le_bytes(*first), bytes.len() as u64)?;
        }
        let (header_bytes, header) = SafeTensors::read_metadata(bytes)
            .map_err(|error| RunError::damaged(path, format!("not a tensor file: {error}")))?;
        Ok(Self {
            path,
            header,
            start: 8 + header_bytes,
            data: &bytes[8 + header_bytes..],
        })
    }

    /// Parses a file written by [`write_checked_tensors`], its checksum first.
    pub(super) fn parse_checked(path: &'a Path, bytes: &'a [u8]) -> Result<Self, RunError> {
        let Some((content, checksum)) = bytes.split_last_chunk::<CHECKSUM_BYTES>() else {
            return Err(RunError::damaged(path, "too short to hold its checksum"));
        };
        if blake3::hash(content) != *checksum {
            return Err(RunError::damaged(
                path,
                "its content does not match its checksum",
            ));
        }
        Self::parse(path, bytes)
    }

    /// The metadata text, where there is one.
    pub(super) fn metadata(&self) -> Option<&str> {
        self.header
            .metadata()
            .as_ref()?
            .get(METADATA_KEY)
            .map(String::as_str)
    }

    /// The names of all tensors but the checksum.
    pub(super) fn names(&self) -> Vec<String> {
        let mut names = self.header.offset_keys();
        names.retain(|name| name != CHECKSUM_NAME);
        names
    }

    fn bytes_of(&self, name: &str, dtype: Dtype) -> Result<(&TensorInfo, &'a [u8]), RunError> {
        let problem = |what: String| RunError::damaged(self.path, what);
        let info = self
            .header
            .info(name)
            .ok_or_else(|| problem(format!("tensor `{name}` is missing")))?;
        if info.dtype != dtype {
            return Err(problem(format!(
                "tensor `{name}` holds {:?} where {dtype:?} is expected",
                info.dtype
            )));
        }
        let (start, end) = info.data_offsets;
        let bytes = self.data.get(start..end);
        bytes
            .map(|bytes| (info, bytes))
            .ok_or_else(|| problem(format!("`{name}` is cut off")))
    }

    /// A tensor of `f32`, bit for bit.
    pub(super) fn f32(&self, name: &str) -> Result<HostTensor, RunError> {
        let (info, bytes) = self.bytes_of(name, Dtype::F32)?;
        Ok(HostTensor {
            shape: info.shape.clone(),
            values: values_of(bytes, f32::from_le_bytes),
        })
    }

    /// The shape of a tensor of `f32`, and which bytes of the file are its values.
    pub(super) fn f32_at(&self, name: &str) -> Result<(Vec<usize>, Range<usize>), RunError> {
        let info = self.bytes_of(name, Dtype::F32)?.0;
        let (start, end) = info.data_offsets;
        Ok((info.shape.clone(), self.start + start..self.start + end))
    }

    /// The shape and the values of a tensor of `f64`, bit for bit.
    pub(super) fn f64(&self, name: &str) -> Result<(Vec<usize>, Vec<f64>), RunError> {
        let (info, bytes) = self.bytes_of(name, Dtype::F64)?;
        Ok((info.shape.clone(), values_of(bytes, f64::from_le_bytes)))
    }

    /// A flat tensor of `u32`.
    pub(super) fn u32(&self, name: &str) -> Result<Vec<u32>, RunError> {
        Ok(values_of(
            self.bytes_of(name, Dtype::U32)?.1,
            u32::from_le_bytes,
        ))
    }

    /// A flat tensor of `u64`.
    pub(super) fn u64(&self, name: &str) -> Result<Vec<u64>, RunError> {
        Ok(values_of(
            self.bytes_of(name, Dtype::U64)?.1,
            u64::from_le_bytes,
        ))
    }

    /// A flat tensor of `i64`.
    pub(super) fn i64(&self, name: &str) -> Result<Vec<i64>, RunError> {
        Ok(values_of(
            self.bytes_of(name, Dtype::I64)?.1,
            i64::from_le_bytes,
        ))
    }

    /// All tensors whose name starts with the prefix, the prefix taken off; all are `f32`.
    pub(super) fn all_f32(&self, prefix: &str) -> Result<NamedTensors, RunError> {
        let names = self.names();
        let matching = names
            .iter()
            .filter_map(|name| Some((name, name.strip_prefix(prefix)?)));
        matching
            .map(|(name, short)| Ok((short.to_owned(), self.f32(name)?)))
            .collect()
    }
}

fn values_of<T, const N: usize>(bytes: &[u8], from_bytes: fn([u8; N]) -> T) -> Vec<T> {
    bytes
        .as_chunks::<N>()
        .0
        .iter()
        .map(|&chunk| from_bytes(chunk))
        .collect()
}

fn check_header_size(path: &Path, header_bytes: u64, file_bytes: u64) -> Result<(), RunError> {
    let what = if header_bytes > HEADER_BYTES_MAX {
        format!("its header claims {header_bytes} bytes (at most {HEADER_BYTES_MAX} are allowed)")
    } else if header_bytes.saturating_add(8) > file_bytes {
        format!("its header claims {header_bytes} bytes, but the file has {file_bytes}")
    } else {
        return Ok(());
    };
    Err(RunError::damaged(path, what))
}

/// Looks at the first eight bytes of a tensor file, so that a false claim costs no memory.
pub(super) fn check_file_header(path: &Path, file: &mut File, bytes: u64) -> Result<(), RunError> {
    let mut first = [0; 8];
    file.read_exact(&mut first)
        .map_err(|_| RunError::damaged(path, "too short to be a tensor file"))?;
    check_header_size(path, u64::from_le_bytes(first), bytes)?;
    io::Seek::rewind(file).map_err(RunError::unreadable(path))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_bytes_are_those_of_the_format() {
        let tensor = HostTensor {
            shape: vec![1, 2],
            values: vec![1.0, -2.0],
        };
        let mut bytes = Vec::new();
        write_tensors(&mut bytes, vec![Entry::of("a", &tensor)], None).unwrap();
        let header = br#"{"a":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}}"#;
        // Length, header padded to a multiple of 8, then 1.0 and -2.0 in IEEE 754, little endian.
        let mut expected = 56u64.to_le_bytes().to_vec();
        expected.extend(header);
        expected.extend([0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0]);
        assert_eq!(header.len(), 56);
        assert_eq!(bytes, expected);
    }

    #[test]
    fn a_hundred_gigabyte_header_is_refused_by_name() {
        let mut bytes = 100_000_000_000u64.to_le_bytes().to_vec();
        bytes.extend(b"{}      ");
        let error = TensorFile::parse(Path::new("evil.safetensors"), &bytes)
            .err()
            .unwrap();
        assert!(
            error
                .to_string()
                .starts_with("evil.safetensors: damaged: its header claims")
        );
        for claim in [u64::MAX, u64::MAX - 8, 9, HEADER_BYTES_MAX] {
            bytes[..8].copy_from_slice(&claim.to_le_bytes());
            assert!(TensorFile::parse(Path::new("evil"), &bytes).is_err());
        }
    }

    #[test]
    fn a_shape_that_does_not_fit_its_values_is_not_written() {
        let tensor = HostTensor {
            shape: vec![3],
            values: vec![1.0],
        };
        assert!(write_tensors(&mut Vec::new(), vec![Entry::of("a", &tensor)], None).is_err());
    }

    #[test]
    fn a_tensor_of_another_type_is_refused() {
        let entry = Entry {
            name: "a".into(),
            shape: vec![1],
            values: Values::U64(&[7]),
        };
        let mut bytes = Vec::new();
        write_tensors(&mut bytes, vec![entry], Some("note".into())).unwrap();
        let file = TensorFile::parse(Path::new("t"), &bytes).unwrap();
        assert_eq!(file.metadata(), Some("note"));
        assert_eq!(file.u64("a").unwrap(), [7]);
        assert!(
            file.f32("a")
                .unwrap_err()
                .to_string()
                .contains("holds U64 where F32")
        );
        assert!(
            file.u32("b")
                .unwrap_err()
                .to_string()
                .contains("`b` is missing")
        );
    }
}
