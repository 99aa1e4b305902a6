//! Users and items of a run as people look for them: by parts of keys and titles, the most popular first.

mod answers;
mod fold;
mod names;

use std::sync::OnceLock;

use crate::finished::ServedRun;
pub(super) use answers::{
    About, FoundItem, FoundItems, FoundUsers, OneUser, about, found_item, found_user, one_item,
};
use names::Names;

/// What people look through. Nothing of it is made before the first search, so a service that nobody searches pays
/// nothing for it.
#[derive(Debug, Default)]
pub(super) struct Catalogue {
    users: OnceLock<Names>,
    items: OnceLock<Names>,
}

impl Catalogue {
    /// Users by their keys, those with the longest histories first.
    pub(super) fn users(&self, run: &ServedRun) -> &Names {
        self.users.get_or_init(|| {
            let keys = run.recommender.users().keys();
            let lengths = run.histories.row_ptr().windows(2);
            let counts = lengths.map(|ends| (ends[1] - ends[0]) as u32).collect();
            Names::new(counts, |user| (&keys[user], None))
        })
    }

    /// Items by their keys and titles, those in most histories first.
    pub(super) fn items(&self, run: &ServedRun) -> &Names {
        self.items.get_or_init(|| {
            let recommender = &run.recommender;
            let keys = recommender.items().keys();
            let counts = run.histories.counts_by_item(keys.len());
            Names::new(counts, |item| (&keys[item], recommender.title(item as u32)))
        })
    }
}
