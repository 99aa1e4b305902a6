//! Errors of a run directory, each with its path, what is wrong and what to do.

use crate::failure::{Fails, Failure};
use std::io;
use std::path::{Path, PathBuf};

use super::difference::Difference;
use super::holder::Holder;

/// An error of a run directory or of a checkpoint in it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// A path that is needed does not exist.
    #[error("{}: {what}; {remedy}", path.display())]
    Missing {
        /// The path that is not there.
        path: PathBuf,
        /// What is missing, in words.
        what: String,
        /// What to do about it.
        remedy: String,
    },
    /// A run without a manifest: training was stopped before its end.
    #[error(
        "{}: training did not finish here (there is no MANIFEST.json); continue it with \
         `sagebrush train --resume`, or train anew with `--overwrite`",
        path.display()
    )]
    Unfinished {
        /// The run directory.
        path: PathBuf,
    },
    /// A file of a format version this program does not know.
    #[error(
        "{}: format version {found} is not known here (this program reads up to version {known}); use \
         the version of sagebrush that wrote it, or train again",
        path.display()
    )]
    UnknownVersion {
        /// The file that states the version.
        path: PathBuf,
        /// The version found.
        found: u64,
        /// The last version this program reads.
        known: u64,
    },
    /// A file whose bytes are not what was written, or make no sense.
    #[error("{}: damaged: {what}; {remedy}", path.display())]
    Damaged {
        /// The damaged file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
        /// What to do about it.
        remedy: String,
    },
    /// A file that the operating system refuses to read.
    #[error("{}: cannot be read: {source}; check the path and its permissions", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The reason the operating system gives.
        source: io::Error,
    },
    /// A directory that holds something that must not be written over.
    #[error("{}: {what}; {remedy}", path.display())]
    Occupied {
        /// The directory.
        path: PathBuf,
        /// What is in the way.
        what: String,
        /// What to do about it.
        remedy: String,
    },
    /// A run that another process is writing.
    #[error(
        "{} is being written by another sagebrush{}; wait until it has ended, or stop it",
        path.display(),
        holder.as_ref().map_or(String::new(), |holder| format!(" ({holder})"))
    )]
    Busy {
        /// The run directory.
        path: PathBuf,
        /// The process that writes it, where that is known.
        holder: Option<Holder>,
    },
    /// Settings that are not those a run began with.
    #[error(
        "{}: these are not the settings this run began with: {}; restore them, or train a new run with `sagebrush \
         train --config {} --out NEW-RUN`",
        path.display(),
        list(differences),
        path.display()
    )]
    OtherSettings {
        /// The file of settings.
        path: PathBuf,
        /// What differs.
        differences: Vec<Difference>,
    },
    /// A file that cannot be written; what was there before is intact.
    #[error(
        "{}: cannot be written: {source}; check the path, its permissions and the free space \
         (what was there before is intact)",
        path.display()
    )]
    CannotWrite {
        /// The file or directory.
        path: PathBuf,
        /// The reason the operating system gives.
        source: io::Error,
    },
}

impl RunError {
    /// The path the error is about.
    pub fn path(&self) -> &Path {
        match self {
            Self::Missing { path, .. }
            | Self::Unfinished { path }
            | Self::UnknownVersion { path, .. }
            | Self::Damaged { path, .. }
            | Self::Unreadable { path, .. }
            | Self::Occupied { path, .. }
            | Self::Busy { path, .. }
            | Self::OtherSettings { path, .. }
            | Self::CannotWrite { path, .. } => path,
        }
    }

    pub(crate) fn cannot_write(path: &Path) -> impl FnOnce(io::Error) -> Self + '_ {
        move |source| Self::CannotWrite {
            path: path.to_owned(),
            source,
        }
    }

    pub(crate) fn unreadable(path: &Path) -> impl FnOnce(io::Error) -> Self + '_ {
        move |source| Self::Unreadable {
            path: path.to_owned(),
            source,
        }
    }

    /// A damaged file of a run; the remedy is that of all files of a run.
    pub(crate) fn damaged(path: &Path, what: impl Into<String>) -> Self {
        Self::Damaged {
            path: path.to_owned(),
            what: what.into(),
            remedy: "copy the run again from where it is whole, or train it again".into(),
        }
    }
}

fn list(differences: &[Difference]) -> String {
    let shown: Vec<String> = differences.iter().map(Difference::to_string).collect();
    shown.join("; ")
}

impl Fails for RunError {
    fn failure(&self) -> Failure {
        match self {
            Self::Missing { .. } => Failure::InputMissing,
            Self::Unfinished { .. }
            | Self::UnknownVersion { .. }
            | Self::Damaged { .. }
            | Self::OtherSettings { .. } => Failure::BadData,
            Self::Busy { .. } => Failure::Busy,
            Self::Unreadable { source, .. } if source.kind() == io::ErrorKind::NotFound => {
                Failure::InputMissing
            }
            Self::Unreadable { .. } => Failure::BadData,
            Self::Occupied { .. } | Self::CannotWrite { .. } => Failure::CannotWrite,
        }
    }
}
