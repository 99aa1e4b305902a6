//! `openings.jsonl`: every time the test part of a run was opened, oldest first.
//!
//! The file is only ever appended to, stands outside the manifest, and outlives the run that is replaced: what was seen
//! cannot be unseen.

use std::fs;
use std::io;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::atomic::write_atomically;
use super::files::OPENINGS_NAME;
use super::{File, RunDir, RunError, RunWriter, lines};

/// One opening of the test part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opening {
    /// The UTC date.
    pub date: String,
    /// Seconds since 1970.
    pub unix_seconds: u64,
    /// The depths measured.
    pub ks: Vec<usize>,
    /// BLAKE3 of the test part's content, in hexadecimal; runs of format 1 did not record it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split: Option<String>,
}

impl Opening {
    /// An opening now, to measure at these depths.
    #[must_use]
    pub fn now(mut ks: Vec<usize>, split: String) -> Self {
        ks.sort_unstable();
        ks.dedup();
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let unix_seconds = now.map_or(0, |now| now.as_secs());
        Self {
            date: crate::data::iso_date(unix_seconds as i64),
            unix_seconds,
            ks,
            split: Some(split),
        }
    }
}

/// What a run of format 1 kept in its `evaluation.json`.
#[derive(Deserialize)]
struct Earlier {
    #[serde(default)]
    openings: Vec<Opening>,
}

impl RunDir {
    /// All openings of the test part so far, those of a run that was replaced here included. A last line torn by a
    /// crash is left out.
    ///
    /// # Errors
    /// A file that cannot be read or makes no sense.
    pub fn openings(&self) -> Result<Vec<Opening>, RunError> {
        let path = self.path().join(OPENINGS_NAME);
        match fs::read(&path) {
            Ok(text) => lines::parse(&path, &text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(self.earlier_openings()),
            Err(error) => Err(RunError::unreadable(&path)(error)),
        }
    }

    /// The openings that `evaluation.json` lists, as format 1 had it; a file that makes no sense lists none.
    fn earlier_openings(&self) -> Vec<Opening> {
        let path = self.path().join(File::Evaluation.name());
        let Ok(text) = fs::read(&path) else {
            return Vec::new();
        };
        match serde_json::from_slice(&text) {
            Ok(Earlier { openings }) => openings,
            Err(error) => {
                tracing::warn!(
                    "{}: damaged ({error}), so it does not tell how often the test part was opened before",
                    path.display()
                );
                Vec::new()
            }
        }
    }

    /// Moves the openings of a run of format 1 to the file of their own, before the file that holds them changes.
    pub(super) fn keep_openings(&self) -> Result<(), RunError> {
        let path = self.path().join(OPENINGS_NAME);
        if path.exists() {
            return Ok(());
        }
        match self.earlier_openings() {
            openings if openings.is_empty() => Ok(()),
            openings => self.write_openings(&openings),
        }
    }

    fn write_openings(&self, openings: &[Opening]) -> Result<(), RunError> {
        let path = self.path().join(OPENINGS_NAME);
        write_atomically(&path, |out| {
            let mut lines = openings.iter().map(lines::to_line);
            lines.try_for_each(|line| out.write_all(&line?))
        })?;
        Ok(())
    }
}

impl RunWriter {
    /// Takes the record of openings of another run, of which this one is made.
    ///
    /// # Errors
    /// A record that cannot be read, or written here.
    pub fn copy_openings(&mut self, from: &RunDir) -> Result<(), RunError> {
        match from.openings()? {
            openings if openings.is_empty() => Ok(()),
            openings => self.write_openings(&openings),
        }
    }

    /// Records an opening; on disk when this returns.
    ///
    /// # Errors
    /// The file cannot be read or written: the test part is not to be opened then.
    pub fn record_opening(&mut self, opening: &Opening) -> Result<(), RunError> {
        self.keep_openings()?;
        let path = self.path().join(OPENINGS_NAME);
        let text = match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            read => Some(read.map_err(RunError::unreadable(&path))?),
        };
        match text {
            Some(text) if !lines::is_torn(&text) => {
                let append = || {
                    let mut file = fs::File::options().append(true).open(&path)?;
                    lines::append_and_sync(&mut file, &lines::to_line(opening)?)
                };
                append().map_err(RunError::cannot_write(&path))
            }
            _ => {
                let mut openings = self.openings()?;
                openings.push(opening.clone());
                self.write_openings(&openings)
            }
        }
    }
}
