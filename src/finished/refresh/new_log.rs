//! A newer log in the ids of a run: what it does not know yet gets ids behind those there are.

use std::collections::HashMap;

use super::OpenRun;
use crate::config::DataConfig;
use crate::data::{Dataset, IdMap, Interactions, read_configured};
use crate::error::{Result, Usage};
use crate::run::File;

/// The rows of a newer log.
pub(super) struct NewLog {
    /// Keys of the users that the run does not know.
    pub(super) new_users: Vec<Box<str>>,
    /// Keys of the items that the run does not know.
    pub(super) new_items: Vec<Box<str>>,
    /// In ids of the run, by user and item.
    pub(super) rows: Vec<Row>,
    /// Pairs that no list may hold, such as items rated below the minimum.
    pub(super) also_seen: Vec<(u32, u32)>,
    /// Titles of the new items.
    new_titles: Vec<Option<String>>,
    pub(super) has_times: bool,
    pub(super) has_weights: bool,
}

/// An interaction.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    pub(super) user: u32,
    pub(super) item: u32,
    pub(super) time: i64,
    pub(super) weight: f32,
}

impl NewLog {
    /// Reads the log that the settings name.
    pub(super) fn read(run: &OpenRun, data: &DataConfig) -> Result<Self> {
        let (log, _) = read_configured(data)?;
        check(run, &log.interactions)?;
        let (users, new_users) = numbered(run.recommender.users(), &log.users);
        let (items, new_items) = numbered(run.recommender.items(), &log.items);
        let new_titles = new_titles(&log, run.recommender.items());
        let rows = &log.interactions;
        let row = |at: usize| Row {
            user: users[rows.users[at] as usize],
            item: items[rows.items[at] as usize],
            time: rows.timestamps.as_ref().map_or(0, |all| all[at]),
            weight: rows.weights.as_ref().map_or(1.0, |all| all[at]),
        };
        let mut sorted: Vec<Row> = (0..rows.len()).map(row).collect();
        sorted.sort_unstable_by_key(|row| (row.user, row.item));
        let also = log.also_seen.users.iter().zip(&log.also_seen.items);
        Ok(Self {
            has_times: rows.timestamps.is_some(),
            has_weights: rows.weights.is_some(),
            also_seen: also
                .map(|(&user, &item)| (users[user as usize], items[item as usize]))
                .collect(),
            rows: sorted,
            new_users,
            new_items,
            new_titles,
        })
    }

    /// Gives a new item, by its place among them, a title where it has none.
    pub(super) fn give_title(&mut self, place: usize, title: Option<String>) {
        if let Some(known) = self.new_titles.get_mut(place)
            && known.is_none()
        {
            *known = title;
        }
    }

    pub(super) fn n_new_users(&self) -> usize {
        self.new_users.len()
    }

    pub(super) fn n_new_items(&self) -> usize {
        self.new_items.len()
    }

    /// The newest time, where there are times.
    pub(super) fn newest(&self) -> Option<i64> {
        let times = self.rows.iter().map(|row| row.time);
        times.max().filter(|_| self.has_times)
    }

    /// The titles of all items, where the run or the item file has any.
    pub(super) fn titles(&self, run: &OpenRun) -> Result<Option<Vec<Option<String>>>> {
        let known = run.dir.titles()?;
        if known.is_none() && self.new_titles.iter().all(Option::is_none) {
            return Ok(None);
        }
        let n_known = run.recommender.items().len();
        let mut titles = known.unwrap_or_else(|| vec![None; n_known]);
        titles.extend(self.new_titles.iter().cloned());
        Ok(Some(titles))
    }
}

/// The id of each key, those that are not known behind the known ones, and their keys.
fn numbered(known: &IdMap, of_log: &IdMap) -> (Vec<u32>, Vec<Box<str>>) {
    let mut new = Vec::new();
    let ids = of_log.keys().iter().map(|key| {
        known.id(key).unwrap_or_else(|| {
            new.push(key.clone());
            (known.len() + new.len() - 1) as u32
        })
    });
    (ids.collect(), new)
}

fn new_titles(log: &Dataset, known: &IdMap) -> Vec<Option<String>> {
    let all: HashMap<&str, usize> = log.items.keys().iter().map(|key| &**key).zip(0..).collect();
    let title = |key: &str| log.titles.as_ref()?[*all.get(key)?].clone();
    let keys = log.items.keys().iter().map(|key| &**key);
    keys.filter(|key| known.id(key).is_none())
        .map(title)
        .collect()
}

/// Refuses a log without what the run reads of it.
fn check(run: &OpenRun, rows: &Interactions) -> Result<()> {
    let config = &run.config;
    let reads_times = run.dir.has(File::Prior) || config.half_life_set().is_some();
    if reads_times && rows.timestamps.is_none() {
        return Err(Usage(
            "the run counts by age, and the new log has no times: name their column with `--timestamp-column NAME`"
                .to_owned(),
        )
        .into());
    }
    let reads_weights = config
        .filter
        .as_ref()
        .is_some_and(|own| own.weighted_histories);
    let weights = rows.weights.as_deref();
    if reads_weights && weights.is_none_or(|all| all.iter().any(|&weight| weight <= 0.0)) {
        return Err(Usage(
            "`filter.weighted_histories` needs a weight above 0 in every row of the new log: name their column with \
             `--weight-column NAME`, or leave rows out with `--min-rating`"
                .to_owned(),
        )
        .into());
    }
    Ok(())
}
