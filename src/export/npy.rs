//! NumPy's `.npy`, version 1 (NEP 1): a table of `f32` in C order.

use std::io::{self, Write};

use super::destination::{Destination, write_with};
use super::error::ExportError;

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
