//! The files that stand beside a run and outlive it: what a service keeps, and the list of forgotten keys.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use super::RunError;
use crate::atomic_file::folder_of;

/// A file beside the run `RUN`. Of a link it is beside the link, and stays when the link goes to another run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Beside {
    /// `RUN.interactions.jsonl`: interactions that a service took.
    Interactions,
    /// `RUN.items.jsonl`: new items that a service took.
    Items,
    /// `RUN.forgotten.jsonl`: forgotten users and withdrawn items.
    Forgotten,
}

/// Where such a file is, of a run whose name may be `.` or end in a slash.
pub(crate) fn beside(run: &Path, what: Beside) -> PathBuf {
    let run = last_part(run);
    let mut name = OsString::from(run.file_name().unwrap_or_default());
    name.push(match what {
        Beside::Interactions => ".interactions.jsonl",
        Beside::Items => ".items.jsonl",
        Beside::Forgotten => ".forgotten.jsonl",
    });
    run.with_file_name(name)
}

/// A path that ends in the name of its run, which one that is `.` or ends in `..` does not.
pub(crate) fn last_part(run: &Path) -> PathBuf {
    match run.file_name() {
        Some(_) => run.to_owned(),
        None => run.canonicalize().unwrap_or_else(|_| run.to_owned()),
    }
}

/// The folders beside a run in which a command that was killed left a copy of it.
///
/// # Errors
/// A folder that cannot be read.
pub(crate) fn copies_beside(run: &Path) -> Result<Vec<PathBuf>, RunError> {
    let place = fs::canonicalize(run).map_err(RunError::unreadable(run))?;
    let name = place.file_name().unwrap_or_default().to_string_lossy();
    let begin = format!(".{name}.sagebrush-");
    let folder = folder_of(&place);
    let entries = fs::read_dir(folder).map_err(RunError::unreadable(folder))?;
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let is_copy = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with(&begin) && path.is_dir()
    };
    Ok(paths.filter(is_copy).collect())
}
