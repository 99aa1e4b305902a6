//! What a service keeps of a finished run: the recommender, and the histories that users are known by.

use std::path::Path;
use std::sync::Arc;

#[cfg(feature = "serve")]
use super::new_items::{ItemMaker, Made, NewItem};
use super::open_run::{OpenRun, Seen};
#[cfg(feature = "serve")]
use crate::data::{IdMap, ItemCategories};
use crate::data::{ItemLists, PairColumns};
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
    #[cfg(feature = "serve")]
    pub(crate) maker: Option<Arc<ItemMaker>>,
    /// The newest of them, in seconds since 1970; `None` where the run kept no times.
    #[cfg(all(feature = "train", feature = "cli"))]
    pub(crate) known_until: Option<i64>,
}

/// What somebody is known by: items, ascending, and what each counts; no weights where each counts 1.
pub(crate) type History = (Vec<u32>, Vec<f32>);

impl ServedRun {
    /// Opens a run, everything in its log being seen.
    ///
    /// # Errors
    /// A file that is missing or damaged, by name.
    #[cfg(feature = "serve")]
    pub(crate) fn open(path: &Path) -> Result<Self> {
        Self::open_as_of(path, Seen::Everything)
    }

    /// The same where some of its log is seen.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub(crate) fn open_as_of(path: &Path, seen: Seen) -> Result<Self> {
        let run = OpenRun::open(path, seen)?;
        let (histories, weights) = run.histories()?;
        Ok(Self {
            #[cfg(feature = "serve")]
            maker: ItemMaker::of(&run)?.map(Arc::new),
            #[cfg(all(feature = "train", feature = "cli"))]
            known_until: run.known_until()?,
            recommender: run.recommender,
            histories: Arc::new(histories),
            weights: Arc::new(weights),
        })
    }

    /// The same with new items, whom nobody has yet. What is known of users is shared.
    ///
    /// # Errors
    /// Rows that do not fit the tables.
    ///
    /// # Panics
    /// When a key is known already, or stands twice.
    #[cfg(feature = "serve")]
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
            #[cfg(all(feature = "train", feature = "cli"))]
            known_until: self.known_until,
            recommender,
            histories: Arc::clone(&self.histories),
            weights: Arc::clone(&self.weights),
            maker: self.maker.clone(),
        })
    }

    /// What somebody is known by who has taken some items since; they are ascending, and each counts 1. `None` for a user of
    /// the run who has nothing new: the model knows her by herself.
    pub(crate) fn history(&self, user: Option<u32>, mut items: Vec<u32>) -> Option<History> {
        let known = user.map_or(&[][..], |user| self.histories.of(user));
        items.retain(|item| known.binary_search(item).is_err());
        if user.is_some() && items.is_empty() {
            return None;
        }
        let start = user.map_or(0, |user| self.histories.row_ptr()[user as usize]);
        let weight = |at: usize| self.weights.get(start + at).copied().unwrap_or(1.0);
        let known = (0..).zip(known).map(|(at, &item)| (item, weight(at)));
        let mut history: Vec<(u32, f32)> = known.collect();
        history.extend(items.into_iter().map(|item| (item, 1.0)));
        history.sort_by_key(|&(item, _)| item);
        history.dedup_by_key(|&mut (item, _)| item);
        let weights = match self.weights.is_empty() {
            true => Vec::new(),
            false => history.iter().map(|&(_, weight)| weight).collect(),
        };
        Some((history.into_iter().map(|(item, _)| item).collect(), weights))
    }
}

impl OpenRun {
    /// The newest interaction that it was trained on or refreshed with; those whose time is yet to come do not count.
    #[cfg(all(feature = "train", feature = "cli"))]
    fn known_until(&self) -> Result<Option<i64>> {
        let trained = self.trained_columns()?.times;
        let since = self.refreshed.as_ref();
        let since = since.map_or(&[][..], |new| &new.columns.times);
        let times = trained.iter().chain(since).copied();
        Ok(times.filter(|&time| time <= now()).max())
    }

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

/// Seconds since 1970.
#[cfg(all(feature = "train", feature = "cli"))]
pub(crate) fn now() -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.map_or(0, |now| now.as_secs() as i64)
}
