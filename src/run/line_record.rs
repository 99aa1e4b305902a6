//! A record of JSON lines that work stopped at any moment goes on from: of a search, of a contest.

use std::fs::{self, File};
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{RunError, lines, write_atomically};

/// Adds a line to a file, which is made where there is none; on disk when this returns.
///
/// # Errors
/// It cannot be written; the lines before are whole.
pub(crate) fn add_line<T: Serialize>(path: &Path, value: &T) -> Result<(), RunError> {
    let append = || {
        let line = lines::to_line(value)?;
        let mut file = File::options().create(true).append(true).open(path)?;
        lines::append_and_sync(&mut file, &line)
    };
    append().map_err(RunError::cannot_write(path))
}

/// Gives the value of each whole line to `take`, which refuses one with what is wrong with it. A last line that a crash
/// tore is dropped from the file, so that lines can be added. No file is no lines.
///
/// # Errors
/// A file that cannot be read, or written where its last line is torn; a line that is refused, by its number.
pub(crate) fn resume_lines<T: DeserializeOwned>(
    path: &Path,
    mut take: impl FnMut(T) -> Result<(), String>,
) -> Result<(), RunError> {
    if !path.exists() {
        return Ok(());
    }
    let text = fs::read(path).map_err(RunError::unreadable(path))?;
    let whole = text.iter().rposition(|&byte| byte == b'\n');
    let whole = &text[..whole.map_or(0, |end| end + 1)];
    for (at, line) in whole.split_inclusive(|&byte| byte == b'\n').enumerate() {
        serde_json::from_slice(line)
            .map_err(|error| error.to_string())
            .and_then(&mut take)
            .map_err(|what| RunError::damaged(path, format!("line {}: {what}", at + 1)))?;
    }
    if whole.len() < text.len() {
        write_atomically(path, |out| out.write_all(whole))?;
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_back_a_torn_one_is_dropped_and_a_refused_one_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("record.jsonl");
        let read = |most: u32| {
            let mut values = Vec::new();
            let read = resume_lines(&path, |value: u32| {
                values.push(value);
                (value <= most).then_some(()).ok_or("too much".to_owned())
            });
            read.map(|()| values).map_err(|error| error.to_string())
        };
        assert_eq!(read(9), Ok(Vec::new()));
        for value in [4, 5] {
            add_line(&path, &value).unwrap();
        }
        // A value that lost its line end may have lost digits.
        fs::write(&path, "4\n5\n6").unwrap();
        let refused = read(4).unwrap_err();
        assert!(refused.contains("line 2: too much"), "{refused}");
        assert_eq!(fs::read(&path).unwrap(), b"4\n5\n6");
        assert_eq!(read(9), Ok(vec![4, 5]));
        add_line(&path, &7).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"4\n5\n7\n");
        fs::write(&path, "4\nx\n").unwrap();
        assert!(read(9).unwrap_err().contains("line 2: "));
    }
}
