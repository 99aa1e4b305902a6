//! A file of JSON lines that is kept open: lines that were appended survive a kill and a power cut.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use super::lock::is_still;
use super::{RunError, lines};
use crate::atomic_file::{folder_of, sync_folder};

/// A file of lines, open to append to. One process at a time may have it open; who opens it holds a
/// [`RunLock`](super::RunLock) of its path.
#[derive(Debug)]
pub(crate) struct LineFile {
    path: PathBuf,
    file: File,
    /// The bytes of whole lines, all of them on disk.
    whole: u64,
    /// Whether bytes behind those are to be cut off.
    is_torn: bool,
}

impl LineFile {
    /// Opens a file, which is made where there is none, and gives the value of each whole line to `take`. A last line
    /// that a crash tore is cut off.
    ///
    /// # Errors
    /// A file that cannot be made, read or cut; a line that is no such value, by its number.
    pub(crate) fn open<T: DeserializeOwned>(
        path: &Path,
        mut take: impl FnMut(T),
    ) -> Result<Self, RunError> {
        let is_new = !path.exists();
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let file = options.open(path).map_err(RunError::cannot_write(path))?;
        if is_new {
            sync_folder(folder_of(path)).map_err(RunError::cannot_write(path))?;
        }
        let (mut whole, mut line, mut n_lines) = (0, Vec::new(), 0);
        let mut reader = BufReader::new(&file);
        loop {
            line.clear();
            let n_read = reader.read_until(b'\n', &mut line);
            let n_read = n_read.map_err(RunError::unreadable(path))?;
            if !line.ends_with(b"\n") {
                break;
            }
            n_lines += 1;
            whole += n_read as u64;
            let value = serde_json::from_slice(&line).map_err(|error| RunError::Damaged {
                path: path.to_owned(),
                what: format!("line {n_lines}: {error}"),
                remedy: "take the line out, or move the file away".to_owned(),
            })?;
            take(value);
        }
        let mut file = Self {
            path: path.to_owned(),
            file,
            whole,
            is_torn: true,
        };
        file.cut().map_err(RunError::cannot_write(path))?;
        Ok(file)
    }

    /// Appends whole lines in one write; they are on disk when this returns. Where the file was moved away since, a new
    /// one is begun.
    ///
    /// # Errors
    /// They cannot be written; the lines before are whole, and none of these is kept.
    pub(crate) fn append(&mut self, lines: &[u8]) -> Result<(), RunError> {
        let ready = match is_still(&self.file, &self.path) {
            true => self.cut(),
            false => self.begin(),
        };
        let written = ready.and_then(|()| {
            self.is_torn = true;
            lines::append_and_sync(&mut self.file, lines)
        });
        match written {
            Ok(()) => {
                self.is_torn = false;
                self.whole += lines.len() as u64;
                Ok(())
            }
            Err(error) => {
                // Where it cannot be cut now, it is before the next line.
                let _ = self.cut();
                Err(RunError::cannot_write(&self.path)(error))
            }
        }
    }

    /// Begins a new file in place of one that was moved away; whatever lies there by now is appended to.
    fn begin(&mut self) -> std::io::Result<()> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let mut file = options.open(&self.path)?;
        sync_folder(folder_of(&self.path))?;
        self.whole = file.seek(SeekFrom::End(0))?;
        self.file = file;
        self.is_torn = false;
        Ok(())
    }

    /// Cuts off what is behind the whole lines.
    fn cut(&mut self) -> std::io::Result<()> {
        if self.is_torn {
            self.file.set_len(self.whole)?;
            self.file.seek(SeekFrom::Start(self.whole))?;
            self.file.sync_data()?;
            self.is_torn = false;
        }
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::fs;

    use super::*;

    fn read(path: &Path) -> Result<(LineFile, Vec<u32>), RunError> {
        let mut values = Vec::new();
        let file = LineFile::open(path, |value| values.push(value))?;
        Ok((file, values))
    }

    #[test]
    fn lines_come_back_and_a_torn_one_is_cut_off() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lines.jsonl");
        let (mut file, values) = read(&path).unwrap();
        assert!(values.is_empty());
        file.append(b"1\n2\n").unwrap();
        file.append(b"3\n").unwrap();
        drop(file);
        fs::write(&path, "1\n2\n3\n4").unwrap();
        let (mut file, values) = read(&path).unwrap();
        assert_eq!(values, [1, 2, 3]);
        file.append(b"5\n").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"1\n2\n3\n5\n");
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_was_moved_away_is_begun_anew() {
        let folder = tempfile::tempdir().unwrap();
        let [path, moved] = ["lines.jsonl", "moved.jsonl"].map(|name| folder.path().join(name));
        let (mut file, _) = read(&path).unwrap();
        file.append(b"1\n").unwrap();
        fs::rename(&path, &moved).unwrap();
        file.append(b"2\n").unwrap();
        file.append(b"3\n").unwrap();
        assert_eq!(fs::read(&moved).unwrap(), b"1\n");
        assert_eq!(fs::read(&path).unwrap(), b"2\n3\n");
    }

    #[test]
    fn a_bad_line_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lines.jsonl");
        fs::write(&path, "1\nx\n3\n").unwrap();
        let text = read(&path).unwrap_err().to_string();
        assert!(text.contains("lines.jsonl: damaged: line 2: "), "{text}");
        assert!(text.ends_with("take the line out, or move the file away"));
    }
}
