//! A file of JSON lines that is kept open: lines that were appended survive a kill and a power cut.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use super::lock::is_still;
use super::{RunError, lines};
use crate::atomic_file::{AtomicFile, folder_of, is_aside, remove_file, sync_folder};

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

    /// Takes lines out, as [`drop_lines`] does, and goes on with the file.
    ///
    /// # Errors
    /// As [`drop_lines`]; the file is as it was then.
    #[cfg(feature = "serve")]
    pub(crate) fn drop_lines<T: DeserializeOwned>(
        &mut self,
        goes: impl Fn(&T) -> bool,
    ) -> Result<usize, RunError> {
        // What lies there is the file that is read, whether it was moved away or not.
        if is_still(&self.file, &self.path) {
            self.cut().map_err(RunError::cannot_write(&self.path))?;
        }
        let n_gone = drop_lines(&self.path, goes)?;
        if n_gone > 0 {
            self.begin().map_err(RunError::cannot_write(&self.path))?;
        }
        Ok(n_gone)
    }

    /// Begins a new file in place of one that was moved away; whatever lies there by now is appended to.
    fn begin(&mut self) -> io::Result<()> {
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
    fn cut(&mut self) -> io::Result<()> {
        if self.is_torn {
            self.file.set_len(self.whole)?;
            self.file.seek(SeekFrom::Start(self.whole))?;
            self.file.sync_data()?;
            self.is_torn = false;
        }
        Ok(())
    }
}

/// What a file that is written anew is called until it is whole.
fn suffix_of(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    format!(".{name}.forget")
}

/// Takes the lines out of a file for which `goes` says so, in one step: a kill leaves the old file or the new one. Says how
/// many went; a file that is not there has none. A last line that a crash tore goes with them. Whoever calls holds the
/// lock of the path.
///
/// # Errors
/// A file that cannot be read or written; it is as it was then.
pub(crate) fn drop_lines<T: DeserializeOwned>(
    path: &Path,
    goes: impl Fn(&T) -> bool,
) -> Result<usize, RunError> {
    let (suffix, folder) = (suffix_of(path), folder_of(path));
    let entries = std::fs::read_dir(folder).map_err(RunError::unreadable(folder))?;
    for entry in entries.filter_map(Result::ok) {
        let name = entry.file_name();
        if name.to_str().is_some_and(|name| is_aside(name, &suffix)) {
            remove_file(&entry.path()).map_err(RunError::cannot_write(&entry.path()))?;
        }
    }
    if !has_line(path, &goes)? {
        return Ok(0);
    }
    let mut n_gone = 0;
    let rewritten = AtomicFile::create(path, &suffix).and_then(|aside| {
        let mut out = io::BufWriter::with_capacity(1 << 20, aside);
        each_line(path, |line, value: Option<T>| {
            match value.as_ref().is_some_and(&goes) {
                true => n_gone += 1,
                false => out.write_all(line)?,
            }
            Ok(true)
        })?;
        out.into_inner()
            .map_err(io::IntoInnerError::into_error)?
            .commit()
    });
    rewritten.map_err(RunError::cannot_write(path))?;
    Ok(n_gone)
}

/// Whether a file has a line for which `goes` says so; one that is not there has none.
///
/// # Errors
/// A file that cannot be read.
pub(crate) fn has_line<T: DeserializeOwned>(
    path: &Path,
    goes: impl Fn(&T) -> bool,
) -> Result<bool, RunError> {
    let mut found = false;
    let read = each_line(path, |_, value: Option<T>| {
        found = value.as_ref().is_some_and(&goes);
        Ok(!found)
    });
    read.map_err(RunError::unreadable(path))?;
    Ok(found)
}

/// Hands over every whole line, with its value where it has one, until `take` says that it is enough.
fn each_line<T: DeserializeOwned>(
    path: &Path,
    mut take: impl FnMut(&[u8], Option<T>) -> io::Result<bool>,
) -> io::Result<()> {
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        opened => opened?,
    };
    let (mut reader, mut line) = (BufReader::new(file), Vec::new());
    loop {
        line.clear();
        reader.read_until(b'\n', &mut line)?;
        if !line.ends_with(b"\n") || !take(&line, serde_json::from_slice(&line).ok())? {
            return Ok(());
        }
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
    fn lines_are_taken_out_in_one_step() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lines.jsonl");
        assert_eq!(drop_lines(&path, |_: &u32| true).unwrap(), 0);
        fs::write(&path, "1\n2\nx\n1\n3").unwrap();
        let left = folder.path().join(".sagebrush-abc.lines.jsonl.forget");
        fs::write(&left, "what a kill left").unwrap();
        assert_eq!(drop_lines(&path, |&n: &u32| n == 7).unwrap(), 0);
        assert_eq!(fs::read(&path).unwrap(), b"1\n2\nx\n1\n3");
        assert_eq!(drop_lines(&path, |&n: &u32| n == 1).unwrap(), 2);
        assert_eq!(fs::read(&path).unwrap(), b"2\nx\n");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(has_line(&path, |&n: &u32| n == 2).unwrap());
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
