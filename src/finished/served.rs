//! What a service keeps of a finished run: the recommender, and the histories that users are known by.

use std::path::Path;
use std::sync::Arc;

use super::new_items::{ItemMaker, Made, NewItem};
use super::open_run::{OpenRun, Seen};
use crate::data::{IdMap, ItemCategories, ItemLists, PairColumns};
use crate::error::Result;
use crate::inference::{Recommender, filter};

/// A finished run, opened to answer for its users as they go on taking items.
pub(crate) struct ServedRun {
    /// Leaves out what users have seen.
    pub(crate) recommender: Recommender,
    /// What the model knows users by: what it was trained on, and what `refresh` was told.
    pub(crate) histories: Arc<ItemLists>,
    /// What each of these pairs counts; empty where each counts 1.
    pub(crate) weights: Arc<Vec<f32>>,
    /// Makes vectors of new items; `None` where the model makes none of features.
    pub(crate) maker: Option<Arc<ItemMaker>>,
}

impl ServedRun {
    /// Opens a run, everything in its log being seen.
    ///
    /// # Errors
    /// A file that is missing or damaged, by name.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let run = OpenRun::open(path, Seen::Everything)?;
        let (histories, weights) = run.histories()?;
        let maker = ItemMaker::of(&run)?;
        Ok(Self {
            recommender: run.recommender,
            histories: Arc::new(histories),
            weights: Arc::new(weights),
            maker: maker.map(Arc::new),
        })
    }

    /// The same with new items, whom nobody has yet. What is known of users is shared.
    ///
    /// # Errors
    /// Rows that do not fit the tables.
    ///
    /// # Panics
    /// When a key is known already, or stands twice.
    pub(crate) fn with_items(&self, items: &[NewItem], made: Made) -> Result<Self> {
        let known = &self.recommender;
        let keys = items.iter().map(|item| item.key.as_str().into()).collect();
        let Some(keys) = IdMap::from_ordered_keys(keys) else {
            panic!("a new item stands once");
        };
        let mut recommender = known.with_items(&keys, made.titles, &made.rows)?;
        let has_some = made.categories.iter().any(|names| !names.is_empty());
        if has_some || known.categories().is_some() {
            let before = known.categories().cloned();
            let before = before.unwrap_or_else(|| ItemCategories::none(known.items().len()));
            recommender = recommender.with_categories(before.with_named(&made.categories))?;
        }
        Ok(Self {
            recommender,
            histories: Arc::clone(&self.histories),
            weights: Arc::clone(&self.weights),
            maker: self.maker.clone(),
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
