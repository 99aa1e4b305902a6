//! From raw rows to a clean data set: canonical ids, merged pairs, filters, and a count of each.

use serde::{Deserialize, Serialize};

use super::bad_rows::BadRow;
use super::columns::DetectedColumns;
use super::error::{DataError, Place};
use super::forgotten::Forgotten;
use super::kcore::k_core;
use super::key_table::{KeyTable, keep_keys};
use super::ratings::Ratings;
use super::raw_log::RawLog;
use super::{Dataset, Interactions, ReadOptions};

/// What reading took out, and which columns it read. The counts of the log satisfy `rows =
/// interactions + duplicates_merged + forgotten + zero_weight + below_min_rating + k_core_interactions_removed`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Cleaning {
    /// Interactions read from the log.
    pub rows: u64,
    /// Interactions merged into another of the same user and item.
    pub duplicates_merged: u64,
    /// Interactions of forgotten users and with withdrawn items.
    #[serde(skip_serializing_if = "is_zero")]
    pub forgotten: u64,
    /// Interactions whose events all weigh 0.
    pub zero_weight: u64,
    /// Interactions rated 0 or less, before the filters.
    pub not_positive: u64,
    /// Interactions below the minimum rating.
    pub below_min_rating: u64,
    /// Users the k-core removed.
    pub k_core_users_removed: u64,
    /// Items the k-core removed.
    pub k_core_items_removed: u64,
    /// Interactions the k-core removed.
    pub k_core_interactions_removed: u64,
    /// Interactions read from the test files.
    pub test_rows: u64,
    /// Test interactions merged, below the minimum rating, or of a user or item the filters removed.
    pub test_rows_removed: u64,
    /// Rows of the log that were left out because something in them was wrong; `rows` does not count them.
    pub bad_rows: u64,
    /// The same of the test files.
    pub test_bad_rows: u64,
    /// The first ten of both.
    pub first_bad_rows: Vec<BadRow>,
    /// What the times were: `s`, `ms`, `us` or `ns` since 1970, `YYYYMMDD`, `date` for dates as text, `typed` where the
    /// column's type says it; more where files differ.
    pub time_unit: Option<String>,
    /// Which columns were taken for what, for each input that names its columns.
    pub columns: Vec<DetectedColumns>,
    /// What a person should know of how the inputs were read, in sentences.
    pub remarks: Vec<String>,
}

/// Keys in canonical order, and for each provisional id its canonical one.
pub(super) struct Ids {
    user_keys: Vec<Box<str>>,
    item_keys: Vec<Box<str>>,
    users: Vec<u32>,
    items: Vec<u32>,
}

impl Ids {
    pub(super) fn new(users: KeyTable, items: KeyTable) -> Self {
        let (user_keys, users) = users.into_canonical();
        let (item_keys, items) = items.into_canonical();
        Self {
            user_keys,
            item_keys,
            users,
            items,
        }
    }

    fn present(&self, log: &Interactions) -> Present {
        Present::new(log, self.users.len(), self.items.len())
    }

    /// The keys that are on none of the lists.
    fn not_on(&self, lists: &[Forgotten]) -> Present {
        let user = |key: &str| !lists.iter().any(|list| list.has_user(key));
        let item = |key: &str| !lists.iter().any(|list| list.has_item(key));
        Present {
            users: self.user_keys.iter().map(|key| user(key)).collect(),
            items: self.item_keys.iter().map(|key| item(key)).collect(),
        }
    }

    fn all(&self) -> Present {
        Present {
            users: vec![true; self.users.len()],
            items: vec![true; self.items.len()],
        }
    }
}

/// Turns raw logs in provisional ids into a data set without sources and titles. `place` is what
/// errors about the whole log name.
pub(super) fn clean(
    ids: Ids,
    log: RawLog,
    test: Option<RawLog>,
    options: &ReadOptions,
    cleaning: &mut Cleaning,
    place: &Place,
) -> Result<Dataset, DataError> {
    let (mut log, merged) = log.into_merged(&ids.users, &ids.items);
    cleaning.duplicates_merged = merged;
    if options.events.is_empty() {
        let ratings = Ratings::of(&log);
        cleaning.not_positive = ratings.not_positive;
        let remark = ratings
            .remark(log.len())
            .filter(|_| options.min_rating.is_none());
        cleaning.remarks.extend(remark);
    }
    let mut test = test.map(|test| test.into_merged(&ids.users, &ids.items).0);
    let by_weight = ByWeight::of(options);
    let not_forgotten = (!options.forgotten.is_empty()).then(|| ids.not_on(&options.forgotten));
    let filters = by_weight.is_some() || options.k_core.is_some() || not_forgotten.is_some();
    let before = filters.then(|| ids.present(&log));
    if let Some(stay) = &not_forgotten {
        cleaning.forgotten = stay.retain(&mut log);
        if let Some(test) = &mut test {
            stay.retain(test);
        }
    }
    let mut also_seen = filter(&ids, &mut log, options, cleaning, place)?;
    let mut keep = match before {
        Some(before) => before.still_there(&ids.present(&log)),
        None => ids.all(),
    };
    if let Some(stay) = &not_forgotten {
        keep.and(stay);
    }
    let mut also_seen_in_test = None;
    if let Some(test) = &mut test {
        if filters {
            also_seen_in_test = filter_test(test, by_weight, &keep);
        }
        cleaning.test_rows_removed = cleaning.test_rows - test.len() as u64;
    }
    let too_many = |what| DataError::TooMany {
        place: place.clone(),
        what,
        limit: u64::from(u32::MAX),
    };
    let (users, new_users) =
        keep_keys(ids.user_keys, &keep.users).ok_or_else(|| too_many("users"))?;
    let (items, new_items) =
        keep_keys(ids.item_keys, &keep.items).ok_or_else(|| too_many("items"))?;
    if filters {
        keep.retain(&mut also_seen);
        let of_test = [test.as_mut(), also_seen_in_test.as_mut()];
        let of_log = [&mut log, &mut also_seen];
        for log in of_log.into_iter().chain(of_test.into_iter().flatten()) {
            log.rename(&new_users, &new_items);
        }
    }
    Ok(Dataset {
        interactions: log,
        given_test: test,
        also_seen,
        also_seen_in_test,
        users,
        items,
        titles: None,
        sources: Vec::new(),
    })
}

/// Removes low ratings from the test part and returns them; removes from both the ids that are not kept: those whose
/// last interaction of the log the filters removed.
fn filter_test(
    test: &mut Interactions,
    by_weight: Option<ByWeight>,
    keep: &Present,
) -> Option<Interactions> {
    let mut low = by_weight.map(|filter| filter.take_out(test));
    for rows in [Some(test), low.as_mut()].into_iter().flatten() {
        keep.retain(rows);
    }
    low
}

/// Applies the minimum rating, then the k-core; something must be left. Returns the rows that stay known as what
/// their users have.
fn filter(
    ids: &Ids,
    log: &mut Interactions,
    options: &ReadOptions,
    cleaning: &mut Cleaning,
    place: &Place,
) -> Result<Interactions, DataError> {
    let mut also_seen = Interactions::default();
    if options.min_rating.is_some() && log.weights.is_none() {
        return Err(DataError::NoRatings {
            place: place.clone(),
        });
    }
    if let Some(filter) = ByWeight::of(options) {
        also_seen = filter.take_out(log);
        let taken = also_seen.weights.as_deref().unwrap_or_default();
        let zeros = taken
            .iter()
            .filter(|&&weight| filter.is_zero(weight))
            .count();
        cleaning.zero_weight = zeros as u64;
        cleaning.below_min_rating = (also_seen.len() - zeros) as u64;
    }
    if let Some(k) = options.k_core {
        let rated = ids.present(log);
        let keep = k_core(log, ids.users.len(), ids.items.len(), k);
        cleaning.k_core_interactions_removed = log.retain(|_, row| keep[row]);
        let core = ids.present(log);
        cleaning.k_core_users_removed = count(&rated.users) - count(&core.users);
        cleaning.k_core_items_removed = count(&rated.items) - count(&core.items);
    }
    if log.is_empty() {
        return Err(DataError::NothingLeft {
            place: place.clone(),
            rows: cleaning.rows,
            forgotten: cleaning.forgotten,
            zero_weight: cleaning.zero_weight,
            below_min_rating: cleaning.below_min_rating,
            k_core: cleaning.k_core_interactions_removed,
        });
    }
    Ok(also_seen)
}

/// Which interactions are left out by their weight.
#[derive(Debug, Clone, Copy)]
struct ByWeight {
    minimum: f32,
    /// Whether 0 is the weight of events that are not trained on.
    zero_is_nothing: bool,
}

impl ByWeight {
    /// `None` where all stay.
    fn of(options: &ReadOptions) -> Option<Self> {
        let zero_is_nothing = !options.events.is_empty() && !options.keep_zero_weights;
        let filter = Self {
            minimum: options.min_rating.unwrap_or(f32::NEG_INFINITY),
            zero_is_nothing,
        };
        (zero_is_nothing || options.min_rating.is_some()).then_some(filter)
    }

    fn is_zero(self, weight: f32) -> bool {
        self.zero_is_nothing && weight == 0.0
    }

    fn take_out(self, log: &mut Interactions) -> Interactions {
        let stays = |weight: f32| weight >= self.minimum && !self.is_zero(weight);
        log.take_out(|rows, row| rows.weights.as_ref().is_none_or(|all| stays(all[row])))
    }
}

/// Which users and items have an interaction.
struct Present {
    users: Vec<bool>,
    items: Vec<bool>,
}

impl Present {
    fn new(rows: &Interactions, n_users: usize, n_items: usize) -> Self {
        let mut present = Self {
            users: vec![false; n_users],
            items: vec![false; n_items],
        };
        rows.users
            .iter()
            .for_each(|&user| present.users[user as usize] = true);
        rows.items
            .iter()
            .for_each(|&item| present.items[item as usize] = true);
        present
    }

    /// Removes the rows of users or items that are not there; says how many.
    fn retain(&self, rows: &mut Interactions) -> u64 {
        rows.retain(|rows, row| {
            self.users[rows.users[row] as usize] && self.items[rows.items[row] as usize]
        })
    }

    /// Leaves those that are there in both.
    fn and(&mut self, other: &Self) {
        let both = |mine: &mut [bool], others: &[bool]| {
            let pairs = mine.iter_mut().zip(others);
            pairs.for_each(|(mine, &other)| *mine &= other);
        };
        both(&mut self.users, &other.users);
        both(&mut self.items, &other.items);
    }

    /// Those that did not lose their last interaction; those that never had one stay.
    fn still_there(&self, after: &Self) -> Self {
        let stay = |before: &[bool], after: &[bool]| {
            let pairs = before.iter().zip(after);
            pairs.map(|(&before, &after)| after || !before).collect()
        };
        Self {
            users: stay(&self.users, &after.users),
            items: stay(&self.items, &after.items),
        }
    }
}

// Serde asks by reference.
#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_zero(n: &u64) -> bool {
    *n == 0
}

fn count(present: &[bool]) -> u64 {
    present.iter().filter(|&&present| present).count() as u64
}
