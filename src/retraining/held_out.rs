//! What is held out of a retraining: the newer half of what came since the serving run was trained.

use std::collections::HashSet;

use super::served::Served;
use crate::data::{Dataset, ItemLists};
use crate::error::Result;
use crate::finished::now;

/// The interactions that both runs are measured on, in the ids of the data set.
pub(super) struct HeldOut {
    moment: i64,
    /// Users with something held out, ascending.
    users: Vec<HeldOutUser>,
}

/// What is asked of the lists of one user, all by key.
pub(super) struct HeldOutUser {
    pub(super) key: Box<str>,
    /// What she has taken up to the moment.
    pub(super) known: Vec<Box<str>>,
    /// What she took after it, and the serving run does not know that she has.
    pub(super) held_out: HashSet<Box<str>>,
}

impl HeldOut {
    /// `None` where nothing is newer than what the serving run was trained on.
    pub(super) fn of(dataset: &Dataset, serving: &Served) -> Result<Option<Self>> {
        let log = &dataset.interactions;
        let trained_until = serving.trained_until()?;
        let all = log.timestamps.as_deref().unwrap_or_default();
        // A time that is yet to come says nothing of what is new.
        let mut newer: Vec<i64> = (all.iter().copied())
            .filter(|&time| time > trained_until && time <= now())
            .collect();
        newer.sort_unstable();
        let Some(&middle) = newer.get(newer.len() / 2) else {
            return Ok(None);
        };
        // What happened at one moment is not torn apart.
        let before = newer.partition_point(|&time| time < middle);
        let moment = match before {
            0 => trained_until,
            n => newer[n - 1],
        };
        let is_held_out = |row: &usize| all[*row] > moment;
        let lists = |held_out: bool| {
            let rows = (0..log.len()).filter(move |row| is_held_out(row) == held_out);
            ItemLists::from_pairs(
                dataset.users.len(),
                rows.map(|row| (log.users[row], log.items[row])),
            )
        };
        let (known, newest) = (lists(false), lists(true));
        let keys = |items: &[u32]| -> Vec<Box<str>> {
            items
                .iter()
                .map(|&item| dataset.items.keys()[item as usize].clone())
                .collect()
        };
        let user = |user: u32| {
            let key = dataset.users.keys()[user as usize].clone();
            let held_out = keys(newest.of(user)).into_iter();
            let held_out: HashSet<_> = held_out
                .filter(|item| !serving.has_seen(&key, item))
                .collect();
            (!held_out.is_empty()).then(|| HeldOutUser {
                known: keys(known.of(user)),
                key,
                held_out,
            })
        };
        let users = (0..dataset.users.len() as u32).filter_map(user).collect();
        Ok(Some(Self { moment, users }))
    }

    /// What is newer is held out.
    pub(super) fn moment(&self) -> i64 {
        self.moment
    }

    pub(super) fn users(&self) -> &[HeldOutUser] {
        &self.users
    }

    pub(super) fn n_users(&self) -> usize {
        self.users.len()
    }

    pub(super) fn n_pairs(&self) -> usize {
        self.users.iter().map(|user| user.held_out.len()).sum()
    }
}
