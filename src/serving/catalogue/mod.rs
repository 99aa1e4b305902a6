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
    /// The users whose keys hold every word of a query, best first; one whose key it is comes before all.
    pub(super) fn search_users(&self, run: &ServedRun, query: &str, limit: usize) -> Vec<u32> {
        let found = self.users(run).search(query, limit);
        first(run.recommender.users().id(query), found, limit)
    }

    /// The items whose keys and titles hold every word of a query, best first; one whose key it is comes before all.
    pub(super) fn search_items(&self, run: &ServedRun, query: &str, limit: usize) -> Vec<u32> {
        let found = self.items(run).search(query, limit);
        first(run.recommender.items().id(query), found, limit)
    }

    /// Users by their keys, those with the longest histories first.
    fn users(&self, run: &ServedRun) -> &Names {
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

/// With one before the others: it may be so little known that a search does not come to it.
fn first(one: Option<u32>, mut others: Vec<u32>, limit: usize) -> Vec<u32> {
    if let Some(one) = one {
        others.retain(|&other| other != one);
        others.insert(0, one);
        others.truncate(limit);
    }
    others
}

#[cfg(test)]
mod tests {
    use super::first;

    #[test]
    fn a_whole_key_comes_first_and_once() {
        assert_eq!(first(Some(3), vec![1, 3, 2], 2), [3, 1]);
        assert_eq!(first(Some(9), Vec::new(), 2), [9]);
        assert_eq!(first(None, vec![1, 2], 2), [1, 2]);
    }
}
