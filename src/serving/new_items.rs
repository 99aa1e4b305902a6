//! New items that the service took: in memory and in the file beside the run, from which they are there again after a start
//! and in every run that is served next.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::error::ServeError;
use super::problem::Problem;
use crate::data::Forgotten;
use crate::finished::{KeptItems, NewItem};
use crate::run::{RunError, RunLock};

/// Items that are kept at most.
const ITEMS_MAX: usize = 1_000_000;

/// The new items, and where they are kept.
pub(super) struct NewItems {
    /// `None` for a service that takes none.
    path: Option<PathBuf>,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    items: Vec<NewItem>,
    /// Opened when there is something in it, for runs of most models have none.
    file: Option<(KeptItems, RunLock)>,
}

impl NewItems {
    /// Reads the file, where there is one, and goes on writing it. What is on the list goes out of it.
    ///
    /// # Errors
    /// A file that another process writes, that cannot be read or written, or with a line that is no item.
    pub(super) fn open(path: Option<PathBuf>, list: &Forgotten) -> Result<Self, ServeError> {
        let new = Self {
            path,
            held: Mutex::default(),
        };
        if new.path.as_ref().is_some_and(|path| path.exists()) {
            new.opened(&mut new.lock()).map_err(ServeError::Items)?;
        }
        new.forget(list).map_err(ServeError::Items)?;
        Ok(new)
    }

    /// Refuses a service that takes none.
    ///
    /// # Errors
    /// It does.
    pub(super) fn check(&self) -> Result<(), Problem> {
        match self.path {
            Some(_) => Ok(()),
            None => Err(Problem::not_possible(
                "this service takes no new items: it was started with `--read-only`",
                "ask the service that keeps them",
            )),
        }
    }

    /// All of them, in the order in which they came.
    pub(super) fn all(&self) -> Vec<NewItem> {
        self.lock().items.clone()
    }

    /// Keeps some; they are on disk when this returns.
    ///
    /// # Errors
    /// They cannot be written; none of them is kept.
    pub(super) fn keep(&self, items: &[NewItem]) -> Result<(), Problem> {
        let mut held = self.lock();
        if held.items.len() + items.len() > ITEMS_MAX {
            return Err(Problem::unavailable(
                format!("{ITEMS_MAX} new items are kept at most, and these were not taken"),
                "train the run with them, move their file away, and start the service again",
            ));
        }
        self.opened(&mut held)
            .map_err(crate::error::Error::from)
            .and_then(|file| file.append(items))
            .map_err(|error| cannot_keep(&error))?;
        held.items.extend_from_slice(items);
        Ok(())
    }

    /// Takes those out that are on the list.
    ///
    /// # Errors
    /// The file cannot be written; it is as it was.
    pub(super) fn forget(&self, list: &Forgotten) -> Result<(), RunError> {
        let mut held = self.lock();
        let before = held.items.len();
        held.items.retain(|item| !list.has_item(&item.key));
        if held.items.len() < before
            && let Some((file, _)) = &mut held.file
        {
            file.drop_items(|key| list.has_item(key))?;
        }
        Ok(())
    }

    /// The file, which is made where there is none.
    fn opened<'h>(&self, held: &'h mut Held) -> Result<&'h mut KeptItems, RunError> {
        if let (None, Some(path)) = (&held.file, &self.path) {
            let lock = RunLock::take(path, "serve")?;
            let (file, items) = KeptItems::open(path)?;
            held.items = items;
            held.file = Some((file, lock));
        }
        match &mut held.file {
            Some((file, _)) => Ok(file),
            None => Err(RunError::cannot_write(std::path::Path::new("-"))(
                std::io::ErrorKind::Unsupported.into(),
            )),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn cannot_keep(error: &crate::error::Error) -> Problem {
    tracing::error!(%error, "new items cannot be kept");
    Problem::unavailable(
        "the items cannot be written down, and were not taken",
        "send them again later; the log of the service says what is wrong",
    )
}
