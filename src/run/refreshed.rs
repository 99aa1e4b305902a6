//! `refreshed.safetensors`: what users have taken since the training, as `refresh` was told.

use serde::{Deserialize, Serialize};

use super::contents::lists_of;
use super::pair_columns::{column_entries, columns_of};
use super::tensors::TensorFile;
use super::{File, RunDir, RunError, RunWriter};
use crate::data::{ItemLists, PairColumns};

/// The content of `refreshed.safetensors`.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredRefresh {
    /// What users have taken since, or taken again, by user.
    pub lists: ItemLists,
    /// What is known of each of these pairs.
    pub columns: PairColumns,
    /// Of what is beside them.
    pub notes: RefreshNotes,
}

/// The metadata of `refreshed.safetensors`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefreshNotes {
    /// How often the run was refreshed.
    pub n_refreshes: u32,
    /// The users that training knew of; later ones have higher ids.
    pub n_users_before: usize,
    /// The items that training knew of; later ones have higher ids.
    pub n_items_before: usize,
    /// The UTC date of the last refresh.
    pub date: String,
}

impl RunWriter {
    /// Writes `refreshed.safetensors`.
    ///
    /// # Errors
    /// [`RunError::CannotWrite`].
    pub fn write_refreshed(&mut self, refreshed: &StoredRefresh) -> Result<(), RunError> {
        let notes = serde_json::to_string(&refreshed.notes).map_err(|error| {
            RunError::cannot_write(&self.path_of(File::Refreshed))(error.into())
        })?;
        let parts = [("new", &refreshed.lists)];
        let columns = column_entries("new", &refreshed.columns).collect();
        self.write_lists_and(File::Refreshed, &parts, columns, Some(notes))
    }
}

impl RunDir {
    /// What users have taken since the training, checked against the counts of users and items; `None` where the run was
    /// not refreshed.
    ///
    /// # Errors
    /// A damaged file.
    pub fn refreshed(
        &self,
        n_users: usize,
        n_items: usize,
    ) -> Result<Option<StoredRefresh>, RunError> {
        if !self.has(File::Refreshed) {
            return Ok(None);
        }
        let (path, bytes) = (self.path_of(File::Refreshed), self.read(File::Refreshed)?);
        let file = TensorFile::parse(&path, &bytes)?;
        let notes: RefreshNotes = serde_json::from_str(file.metadata().unwrap_or("null"))
            .map_err(|error| RunError::damaged(&path, format!("its metadata: {error}")))?;
        if notes.n_users_before > n_users || notes.n_items_before > n_items {
            return Err(RunError::damaged(&path, "it is of another run"));
        }
        let lists = lists_of(&path, &file, "new", n_users, n_items)?;
        Ok(Some(StoredRefresh {
            columns: columns_of(&path, &file, "new", &lists)?,
            lists,
            notes,
        }))
    }
}
