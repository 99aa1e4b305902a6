//! What users have taken since the run was made, by key: it outlives the run that is served.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use super::record::Interaction;
use crate::data::Forgotten;

/// The keys of the items of a user, each once.
type Items = Arc<HashSet<Box<str>>>;

/// Items by user, both by key.
#[derive(Debug, Default)]
pub(in super::super) struct Added {
    users: RwLock<HashMap<Box<str>, Items>>,
    n_pairs: AtomicUsize,
}

impl Added {
    /// What a user has taken; `None` where that is nothing.
    pub(in super::super) fn of(&self, user: &str) -> Option<Items> {
        let users = self.users.read().unwrap_or_else(PoisonError::into_inner);
        users.get(user.trim()).cloned()
    }

    /// The number of pairs of a user and an item.
    pub(in super::super) fn n_pairs(&self) -> usize {
        self.n_pairs.load(Ordering::Relaxed)
    }

    /// Takes out forgotten users and withdrawn items.
    pub(super) fn forget(&self, list: &Forgotten) {
        let mut users = self.users.write().unwrap_or_else(PoisonError::into_inner);
        let mut n_pairs = 0;
        users.retain(|user, items| {
            if list.has_user(user) {
                return false;
            }
            if items.iter().any(|item| list.has_item(item)) {
                Arc::make_mut(items).retain(|item| !list.has_item(item));
            }
            n_pairs += items.len();
            !items.is_empty()
        });
        self.n_pairs.store(n_pairs, Ordering::Relaxed);
    }

    /// Adds some.
    pub(super) fn add(&self, interactions: &[Interaction]) {
        let mut users = self.users.write().unwrap_or_else(PoisonError::into_inner);
        for Interaction { user, item, .. } in interactions {
            if !users.contains_key(&**user) {
                users.insert(user.as_str().into(), Arc::default());
            }
            let Some(items) = users.get_mut(&**user) else {
                continue;
            };
            if !items.contains(&**item) {
                Arc::make_mut(items).insert(item.as_str().into());
                self.n_pairs.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn an_item_counts_once() {
        let added = Added::default();
        let take = |user: &str, item: &str| {
            added.add(&[Interaction {
                user: user.to_owned(),
                item: item.to_owned(),
                time: 0,
            }]);
        };
        for (user, item) in [("a", "x"), ("b", "y"), ("a", "w"), ("a", "x")] {
            take(user, item);
        }
        assert_eq!(*added.of(" a ").unwrap(), ["x", "w"].map(Into::into).into());
        assert_eq!(added.of("c"), None);
        assert_eq!(added.n_pairs(), 3);
    }
}
