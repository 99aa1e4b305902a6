//! What a service keeps of a finished run: the recommender, and the histories that users are known by.

use std::path::Path;

use super::open_run::{OpenRun, Seen};
use crate::data::{ItemLists, PairColumns};
use crate::error::Result;
use crate::inference::{Recommender, filter};

/// A finished run, opened to answer for its users as they go on taking items.
pub(crate) struct ServedRun {
    /// Leaves out what users have seen.
    pub(crate) recommender: Recommender,
    /// What the model knows users by: what it was trained on, and what `refresh` was told.
    pub(crate) histories: ItemLists,
    /// What each of these pairs counts; empty where each counts 1.
    pub(crate) weights: Vec<f32>,
}

impl ServedRun {
    /// Opens a run, everything in its log being seen.
    ///
    /// # Errors
    /// A file that is missing or damaged, by name.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let run = OpenRun::open(path, Seen::Everything)?;
        let (histories, weights) = run.histories()?;
        Ok(Self {
            recommender: run.recommender,
            histories,
            weights,
        })
    }
}

impl OpenRun {
    /// What the model knows users by, and what each pair counts where the model weighs histories.
    fn histories(&self) -> Result<(ItemLists, Vec<f32>)> {
        let weighs = self.recommender.scorer().weighs_histories();
        let (histories, columns) = match &self.refreshed {
            Some(new) => self.known_since(new)?,
            None if weighs => (self.trained_on().clone(), self.trained_columns()?),
            None => (self.trained_on().clone(), PairColumns::default()),
        };
        let weights = match weighs {
            true => {
                let (weighted, half_life) = filter::histories_count(&self.config);
                columns.counting(weighted, half_life)
            }
            false => Vec::new(),
        };
        Ok((histories, weights))
    }
}
