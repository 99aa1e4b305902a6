//! A run that answers as a service does, opened to be measured.

use std::path::{Path, PathBuf};

use super::error::RetrainError;
use crate::error::Result;
use crate::finished::{Seen, ServedRun};

/// A run that answers as a service does, and knows of users what came before its test part.
pub(super) struct Served {
    pub(super) run: ServedRun,
    path: PathBuf,
}

impl Served {
    pub(super) fn open(path: &Path) -> Result<Self> {
        Ok(Self {
            run: ServedRun::open_as_of(path, Seen::BeforeTest)?,
            path: path.to_owned(),
        })
    }

    /// The newest interaction that it was trained on or refreshed with, in seconds since 1970.
    ///
    /// # Errors
    /// A run of a log without times.
    pub(super) fn trained_until(&self) -> Result<i64> {
        let no_times = || RetrainError::NoTimes {
            run: self.path.clone(),
        };
        Ok(self.run.known_until.ok_or_else(no_times)?)
    }

    /// Whether its lists leave an item out for a user.
    pub(super) fn has_seen(&self, user: &str, item: &str) -> bool {
        let recommender = &self.run.recommender;
        match (recommender.users().id(user), recommender.items().id(item)) {
            (Some(user), Some(item)) => recommender.seen().contains(user, item),
            _ => false,
        }
    }
}
