//! The list of forgotten users and withdrawn items beside the run, as the service holds it in memory. Other processes may
//! add to it, too.

use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use arc_swap::ArcSwap;

use super::problem::Problem;
use crate::data::Forgotten;
use crate::error::Result;
use crate::run::add_forgotten;

/// The list that lists, interactions and new items are held against.
pub(super) type SharedList = Arc<ArcSwap<Forgotten>>;

/// The list and its file.
pub(super) struct ForgottenKeys {
    path: PathBuf,
    list: SharedList,
    /// Length and time of the file that was read last.
    read: Mutex<Option<(u64, SystemTime)>>,
}

impl ForgottenKeys {
    /// Reads the list, where there is one.
    ///
    /// # Errors
    /// A file that cannot be read, or is no such list.
    pub(super) fn open(path: PathBuf) -> Result<Self> {
        let keys = Self {
            path,
            list: SharedList::default(),
            read: Mutex::default(),
        };
        keys.look()?;
        Ok(keys)
    }

    /// The list now.
    pub(super) fn list(&self) -> Arc<Forgotten> {
        self.list.load_full()
    }

    /// The same for a thread of its own.
    pub(super) fn shared(&self) -> SharedList {
        Arc::clone(&self.list)
    }

    /// Whether a user was forgotten.
    pub(super) fn has_user(&self, key: &str) -> bool {
        self.list.load().has_user(key)
    }

    /// Reads the list again where its file is another one than before; whether it was.
    ///
    /// # Errors
    /// A file that cannot be read, or is no such list; the list of before stays. A file that is gone changes nothing.
    pub(super) fn look(&self) -> Result<bool> {
        let Ok(found) = fs::metadata(&self.path) else {
            return Ok(false);
        };
        let now = (found.len(), found.modified()?);
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if *read == Some(now) {
            return Ok(false);
        }
        self.list.store(Arc::new(Forgotten::read(&self.path)?));
        *read = Some(now);
        Ok(true)
    }

    /// Puts keys on the list; they are on disk, and known to whoever asks, when this returns.
    ///
    /// # Errors
    /// A list that cannot be written; it is as it was then.
    pub(super) fn add(&self, users: &[String], items: &[String]) -> Result<(), Problem> {
        match add_forgotten(&self.path, users, items, "serve") {
            Ok(list) => {
                self.list.store(Arc::new(list));
                Ok(())
            }
            Err(error) => {
                tracing::error!(%error, "the list of forgotten keys cannot be written");
                Err(Problem::unavailable(
                    "the list of forgotten keys cannot be written, and nothing was forgotten",
                    "ask again later; the log of the service says what is wrong",
                ))
            }
        }
    }
}
