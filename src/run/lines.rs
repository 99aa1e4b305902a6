//! Files of JSON lines: a line is appended in one write, and a last line torn by a crash is left out.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::RunError;
use crate::failpoints::{Failpoint, reach};

/// A value as a line.
pub(super) fn to_line<T: Serialize>(value: &T) -> io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    Ok(line)
}

/// Appends a line to a file opened for that.
pub(super) fn append(file: &mut File, line: &[u8]) -> io::Result<()> {
    reach(Failpoint::LineAppend)?;
    file.write_all(line)
}

/// [`append`], and the line survives a power cut.
pub(super) fn append_and_sync(file: &mut File, line: &[u8]) -> io::Result<()> {
    append(file, line)?;
    reach(Failpoint::LineSync)?;
    file.sync_data()
}

/// The values of all whole lines.
pub(super) fn parse<T: DeserializeOwned>(path: &Path, text: &[u8]) -> Result<Vec<T>, RunError> {
    let mut values = Vec::new();
    for (index, line) in text.split_inclusive(|&byte| byte == b'\n').enumerate() {
        match serde_json::from_slice(line) {
            Ok(value) => values.push(value),
            Err(_) if !line.ends_with(b"\n") => break,
            Err(error) => {
                let what = format!("line {}: {error}", index + 1);
                return Err(RunError::damaged(path, what));
            }
        }
    }
    Ok(values)
}

/// Whether the last line is torn, so that nothing can be appended to it.
pub(super) fn is_torn(text: &[u8]) -> bool {
    text.last().is_some_and(|&last| last != b'\n')
}
