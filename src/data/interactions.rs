//! Interactions in columns, and the data set a log turns into.

use serde::{Deserialize, Serialize};

use super::IdMap;

/// Interactions as parallel columns in canonical order (user, then item), each pair once.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Interactions {
    /// Internal user ids.
    pub users: Vec<u32>,
    /// Internal item ids.
    pub items: Vec<u32>,
    /// Ratings or weights, where the log has them; finite.
    pub weights: Option<Vec<f32>>,
    /// Seconds since 1970, where the log has them.
    pub timestamps: Option<Vec<i64>>,
}

impl Interactions {
    /// How many interactions there are.
    pub fn len(&self) -> usize {
        self.users.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.users.is_empty()
    }

    /// Renames ids: `users[old]` is the new id of a user, likewise items.
    pub(super) fn rename(&mut self, users: &[u32], items: &[u32]) {
        let rename = |column: &mut [u32], new: &[u32]| {
            column.iter_mut().for_each(|id| *id = new[*id as usize]);
        };
        rename(&mut self.users, users);
        rename(&mut self.items, items);
    }

    /// Keeps the rows for which `keep` says so by position; returns how many went.
    pub(super) fn retain(&mut self, keep: impl Fn(&Self, usize) -> bool) -> u64 {
        let before = self.len();
        let keep: Vec<bool> = (0..before).map(|row| keep(self, row)).collect();
        self.keep_marked(&keep);
        (before - self.len()) as u64
    }

    /// Keeps the rows for which `keep` says so by position; returns the others, in their order.
    pub(super) fn take_out(&mut self, keep: impl Fn(&Self, usize) -> bool) -> Self {
        fn others<T: Copy>(column: &[T], keep: &[bool]) -> Vec<T> {
            let rows = column.iter().zip(keep);
            rows.filter(|(_, keep)| !**keep)
                .map(|(&row, _)| row)
                .collect()
        }
        let keep: Vec<bool> = (0..self.len()).map(|row| keep(self, row)).collect();
        let taken = Self {
            users: others(&self.users, &keep),
            items: others(&self.items, &keep),
            weights: self.weights.as_ref().map(|all| others(all, &keep)),
            timestamps: self.timestamps.as_ref().map(|all| others(all, &keep)),
        };
        self.keep_marked(&keep);
        taken
    }

    fn keep_marked(&mut self, keep: &[bool]) {
        fn drop_others<T>(column: &mut Vec<T>, keep: &[bool]) {
            let mut keep = keep.iter();
            column.retain(|_| keep.next() == Some(&true));
        }
        drop_others(&mut self.users, keep);
        drop_others(&mut self.items, keep);
        if let Some(weights) = &mut self.weights {
            drop_others(weights, keep);
        }
        if let Some(timestamps) = &mut self.timestamps {
            drop_others(timestamps, keep);
        }
    }
}

/// A file a data set was read from, so that a run can say exactly what it was trained on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceFile {
    /// The path as given, or the name of the bundled file.
    pub path: String,
    /// The format it was read as, such as `csv` or `movielens`.
    pub format: String,
    /// Bytes on disk (compressed, where the file is).
    pub bytes: u64,
    /// SHA-256 of the bytes on disk, in hexadecimal.
    pub sha256: String,
    /// Data rows read.
    pub rows: u64,
}

/// A data set: interactions in internal ids, and the two id maps.
#[derive(Debug, Clone)]
pub struct Dataset {
    /// The interactions of the log.
    pub interactions: Interactions,
    /// The interactions of a given test file; `None` when the split is ours to make.
    pub given_test: Option<Interactions>,
    /// What users have in the log besides, such as items they rated below the minimum: pairs that are not among the
    /// interactions, of users and items that are there. Nothing is trained on them, and no list holds them.
    pub also_seen: Interactions,
    /// The same of a given test file.
    pub also_seen_in_test: Option<Interactions>,
    /// Users by key.
    pub users: IdMap,
    /// Items by key.
    pub items: IdMap,
    /// One title per item, where item metadata was given; position = item id.
    pub titles: Option<Vec<Option<String>>>,
    /// The files all this came from.
    pub sources: Vec<SourceFile>,
}

impl Dataset {
    /// A synthetic data set: the keys of users and items are their numbers from 0.
    pub fn numbered(n_users: u32, n_items: u32, users: Vec<u32>, items: Vec<u32>) -> Self {
        let keys = |n: u32| {
            let keys = (0..n).map(|id| id.to_string().into()).collect();
            IdMap::from_ordered_keys(keys).unwrap_or_else(|| unreachable!("no number stands twice"))
        };
        Self {
            interactions: Interactions {
                users,
                items,
                weights: None,
                timestamps: None,
            },
            given_test: None,
            also_seen: Interactions::default(),
            also_seen_in_test: None,
            users: keys(n_users),
            items: keys(n_items),
            titles: None,
            sources: Vec::new(),
        }
    }
}
