//! `forgotten.json`: how much was taken out of a run. It names nobody.

use serde::{Deserialize, Serialize};

use super::{File, RunDir, RunError, RunWriter};

/// The content of `forgotten.json`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForgottenNote {
    /// Users that were taken out, of all times together.
    pub users: usize,
    /// Items that were taken out, of all times together.
    pub items: usize,
    /// The UTC date of the last time.
    pub date: String,
}

impl RunDir {
    /// What was taken out of the run; `None` where nothing was.
    ///
    /// # Errors
    /// A damaged file.
    pub fn forgotten(&self) -> Result<Option<ForgottenNote>, RunError> {
        self.has(File::Forgotten)
            .then(|| self.read_json(File::Forgotten))
            .transpose()
    }
}

impl RunWriter {
    /// Writes `forgotten.json`.
    ///
    /// # Errors
    /// [`RunError::CannotWrite`].
    pub fn write_forgotten(&mut self, note: &ForgottenNote) -> Result<(), RunError> {
        self.write_pretty_json(File::Forgotten, note)
    }
}
