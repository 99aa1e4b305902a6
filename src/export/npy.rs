//! NumPy's `.npy`, version 1 (NEP 1): a table of `f32` in C order; and the keys of its rows in a file beside it.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde_json::json;

use super::destination::{Destination, write_with};
use super::error::ExportError;
use super::key_types::JsonKey;
use crate::data::IdMap;

/// Headers end at a multiple of this.
const ALIGNMENT: usize = 64;

/// Writes `[n, width]`, row after row.
///
/// # Errors
/// When the destination cannot be written.
pub fn write_npy<'a>(
    destination: &Destination,
    n: usize,
    width: usize,
    rows: impl Iterator<Item = &'a [f32]>,
) -> Result<(), ExportError> {
    write_with(destination, |out| write(out, n, width, rows))
}

/// Where the keys of a table in `items.npy` are: `items.keys.json`.
pub(crate) fn keys_beside(table: &Path) -> PathBuf {
    table.with_extension("keys.json")
}

/// Writes the keys of a table's rows beside it. Two files cannot change in one step, so they hold the hash of the table
/// that they belong to.
///
/// # Errors
/// When the file cannot be written.
pub(crate) fn write_keys_beside(
    table: &Path,
    ids: &IdMap,
    dim: usize,
    run: &str,
    sha256: &str,
) -> Result<(), ExportError> {
    let are_numbers = ids.are_whole_numbers();
    let keys: Vec<JsonKey<'_>> = ids
        .keys()
        .iter()
        .map(|key| JsonKey::of(key, are_numbers))
        .collect();
    let text =
        json!({ "run": run, "sha256": sha256, "rows": keys.len(), "dim": dim, "keys": keys });
    write_with(&Destination::File(keys_beside(table)), |out| {
        writeln!(out, "{text}")
    })
}

fn write<'a>(
    out: &mut dyn Write,
    n: usize,
    width: usize,
    rows: impl Iterator<Item = &'a [f32]>,
) -> io::Result<()> {
    let header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({n}, {width}), }}");
    let before = b"\x93NUMPY\x01\x00".len() + size_of::<u16>();
    let padded = (before + header.len() + 1).next_multiple_of(ALIGNMENT) - before - 1;
    out.write_all(b"\x93NUMPY\x01\x00")?;
    out.write_all(&(padded as u16 + 1).to_le_bytes())?;
    writeln!(out, "{header:<padded$}")?;
    for row in rows {
        let bytes: Vec<u8> = row.iter().flat_map(|value| value.to_le_bytes()).collect();
        out.write_all(&bytes)?;
    }
    Ok(())
}
