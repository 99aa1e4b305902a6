//! What keeps a run from being trained again.

use std::io;
use std::path::PathBuf;

use crate::failure::{Fails, Failure};

/// What keeps a run from being trained again, or from going back.
#[derive(Debug, thiserror::Error)]
pub(super) enum RetrainError {
    #[error(
        "{0}: no link to a run, so that no other run could take its place in one step. Make a folder of runs with a link, \
         as in `mkdir runs && mv my-run runs/first && ln -s first runs/current`, and give the link",
        path.display()
    )]
    NoLink { path: PathBuf },
    #[error(
        "{}: it leads to {}, which is no run beside it: lead it to a run in its own folder, as in `ln -s first current`",
        link.display(), to.display()
    )]
    LeadsElsewhere { link: PathBuf, to: PathBuf },
    #[error(
        "{}: was made of no files, so that there is no log to train on again; give its log as in `sagebrush retrain --run {0} log.csv`",
        run.display()
    )]
    NoLog { run: PathBuf },
    #[error(
        "{}: has no times, and a retraining is judged on the newest interactions: train on a log with times, whose column \
         `--timestamp-column NAME` names",
        run.display()
    )]
    NoTimes { run: PathBuf },
    #[error(
        "{}: nothing was published before {serving}, so there is nothing to go back to",
        link.display()
    )]
    NothingBefore { link: PathBuf, serving: String },
    #[error(
        "{}: {before}, which was served before, is there no more: restore it, or lead the link to another run",
        link.display()
    )]
    Gone { link: PathBuf, before: String },
    #[error("{}: {source}; check the folder and its permissions", path.display())]
    CannotWrite { path: PathBuf, source: io::Error },
}

impl Fails for RetrainError {
    fn failure(&self) -> Failure {
        match self {
            Self::NoLink { .. } | Self::LeadsElsewhere { .. } | Self::NoLog { .. } => {
                Failure::Usage
            }
            Self::NoTimes { .. } => Failure::BadData,
            Self::NothingBefore { .. } | Self::Gone { .. } => Failure::InputMissing,
            Self::CannotWrite { .. } => Failure::CannotWrite,
        }
    }
}

impl RetrainError {
    pub(super) fn cannot_write(path: &std::path::Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        |source| Self::CannotWrite { path, source }
    }
}
