//! Outside keys while a log streams by: provisional ids in order of appearance, canonical ones at the end.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::{Hash, Hasher};

use super::IdMap;
use super::ids::compare_keys;

/// A key that is found by its bytes, so that a known key costs no allocation and no UTF-8 check.
#[derive(PartialEq, Eq)]
struct Key(Box<str>);

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.as_bytes().hash(state);
    }
}

impl Borrow<[u8]> for Key {
    fn borrow(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

/// Why a key gets no id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KeyFault {
    Empty,
    InvalidUtf8,
    TooMany,
}

/// Provisional ids by key.
pub(super) struct KeyTable {
    ids: HashMap<Key, u32>,
    limit: u32,
}

impl KeyTable {
    /// A table that refuses the key after the `limit`-th.
    pub(super) fn with_limit(limit: u32) -> Self {
        Self {
            ids: HashMap::new(),
            limit,
        }
    }

    /// The provisional id of a key, a new one if need be.
    pub(super) fn id(&mut self, key: &[u8]) -> Result<u32, KeyFault> {
        if let Some(&id) = self.ids.get(key) {
            return Ok(id);
        }
        if key.is_empty() {
            return Err(KeyFault::Empty);
        }
        let text = str::from_utf8(key).map_err(|_| KeyFault::InvalidUtf8)?;
        let id = self.len();
        if id >= self.limit {
            return Err(KeyFault::TooMany);
        }
        self.ids.insert(Key(text.into()), id);
        Ok(id)
    }

    /// How many keys there are so far.
    pub(super) fn len(&self) -> u32 {
        self.ids.len() as u32
    }

    /// The largest number of keys there may be.
    pub(super) fn limit(&self) -> u32 {
        self.limit
    }

    /// The keys in canonical order, and for each provisional id its canonical one.
    pub(super) fn into_canonical(self) -> (Vec<Box<str>>, Vec<u32>) {
        let mut entries: Vec<(Box<str>, u32)> =
            self.ids.into_iter().map(|(key, id)| (key.0, id)).collect();
        entries.sort_unstable_by(|a, b| compare_keys(&a.0, &b.0));
        let mut canonical = vec![0; entries.len()];
        let mut keys = Vec::with_capacity(entries.len());
        for (id, (key, provisional)) in (0u32..).zip(entries) {
            canonical[provisional as usize] = id;
            keys.push(key);
        }
        (keys, canonical)
    }
}

/// The map of the keys whose flag is set, and for each old id its new one (anything where unset).
pub(super) fn keep_keys(keys: Vec<Box<str>>, keep: &[bool]) -> Option<(IdMap, Vec<u32>)> {
    let mut next = 0;
    let renumbered = keep
        .iter()
        .map(|&kept| {
            let id = next;
            next += u32::from(kept);
            id
        })
        .collect();
    let kept = keys
        .into_iter()
        .zip(keep)
        .filter_map(|(key, &kept)| kept.then_some(key));
    Some((IdMap::from_ordered_keys(kept.collect())?, renumbered))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn ids_are_provisional_until_all_keys_are_known() {
        let mut table = KeyTable::with_limit(u32::MAX);
        assert_eq!(table.id(b"10"), Ok(0));
        assert_eq!(table.id(b"9"), Ok(1));
        assert_eq!(table.id(b"10"), Ok(0));
        let (keys, canonical) = table.into_canonical();
        assert_eq!(keys, ["9".into(), "10".into()]);
        assert_eq!(canonical, [1, 0]);
        let (map, renumbered) = keep_keys(keys, &[false, true]).unwrap();
        assert_eq!((map.id("10"), map.len(), renumbered[1]), (Some(0), 1, 0));
    }

    #[test]
    fn the_limit_and_bad_keys_are_faults() {
        let mut table = KeyTable::with_limit(2);
        assert_eq!(table.id(b""), Err(KeyFault::Empty));
        assert_eq!(table.id(b"\xff"), Err(KeyFault::InvalidUtf8));
        assert!(table.id(b"a").is_ok() && table.id(b"b").is_ok());
        assert_eq!(table.id(b"c"), Err(KeyFault::TooMany));
        assert_eq!(table.id(b"a"), Ok(0));
    }
}
