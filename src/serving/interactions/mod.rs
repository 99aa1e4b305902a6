//! Interactions as they happen: written down before they are acknowledged, and known to every list from then on.

mod added;
mod record;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::oneshot;

use super::error::ServeError;
use super::forgotten::SharedList;
use super::problem::Problem;
use crate::run::RunLock;
pub(super) use added::Added;
pub(super) use record::Interaction;
use writer::{Order, Post, Writer};

/// Interactions in memory and on disk. One process at a time writes the file.
pub(super) struct Interactions {
    added: Arc<Added>,
    kept: Option<Kept>,
}

/// The file of a service that takes interactions.
struct Kept {
    path: PathBuf,
    writer: Writer,
    _lock: RunLock,
}

impl Interactions {
    /// A service that takes none.
    pub(super) fn none() -> Self {
        Self {
            added: Arc::default(),
            kept: None,
        }
    }

    /// Reads the file, which is made where there is none, and goes on writing it. What is on the list is never in it.
    ///
    /// # Errors
    /// A file that another process writes, that cannot be written, or with a line that is no interaction.
    pub(super) fn open(path: &Path, list: SharedList) -> Result<Self, ServeError> {
        let lock = RunLock::take(path, "serve").map_err(ServeError::Interactions)?;
        let added = Arc::new(Added::default());
        let writer = Writer::open(path, &added, list).map_err(ServeError::Interactions)?;
        let kept = Kept {
            path: path.to_owned(),
            writer,
            _lock: lock,
        };
        Ok(Self {
            added,
            kept: Some(kept),
        })
    }

    /// What users have taken since.
    pub(super) fn added(&self) -> &Added {
        &self.added
    }

    /// Where they are kept.
    pub(super) fn path(&self) -> Option<&Path> {
        self.kept.as_ref().map(|kept| &*kept.path)
    }

    /// Takes some interactions: they are on disk, and in memory, when this returns. Says how many are not taken, for their
    /// user or item is forgotten.
    ///
    /// # Errors
    /// A service that takes none, or a file that cannot be written; then none of them is taken.
    pub(super) async fn take(&self, interactions: Vec<Interaction>) -> Result<usize, Problem> {
        let Some(kept) = &self.kept else {
            return Err(Problem::not_possible(
                "this service takes no interactions: it was started with `--read-only`",
                "ask the service that keeps them",
            ));
        };
        let (reply, done) = oneshot::channel();
        let post = Post::new(interactions, reply).map_err(|_| Problem::internal())?;
        if !kept.writer.send(Order::Take(post)) {
            return Err(Problem::internal());
        }
        match done.await {
            Ok(written) => written,
            Err(_) => Err(Problem::internal()),
        }
    }

    /// Takes out what is on the list of forgotten keys; says how many interactions that were. It waits.
    ///
    /// # Errors
    /// A file that cannot be written; of what was forgotten nothing is in memory all the same.
    pub(super) fn forget(&self) -> Result<usize, Problem> {
        let Some(kept) = &self.kept else {
            return Ok(0);
        };
        let (reply, done) = oneshot::channel();
        if !kept.writer.send(Order::Forget(reply)) {
            return Err(Problem::internal());
        }
        match done.blocking_recv() {
            Ok(gone) => gone,
            Err(_) => Err(Problem::internal()),
        }
    }
}
