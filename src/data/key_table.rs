//! Outside keys while a log streams by: provisional ids in order of appearance, canonical ones at the end.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::{Hash, Hasher};

use super::IdMap;
use super::ids::compare_keys;

/// The longest key that is kept within the table itself: looking it up touches memory once.
const SHORT_BYTES: usize = 15;

/// A key of at most [`SHORT_BYTES`], its length in the last byte.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct ShortKey(u64, u64);

impl ShortKey {
    fn new(key: &[u8]) -> Option<Self> {
        let mut padded = [0; 16];
        padded
            .get_mut(..SHORT_BYTES)?
            .get_mut(..key.len())?
            .copy_from_slice(key);
        padded[SHORT_BYTES] = key.len() as u8;
        let packed = u128::from_le_bytes(padded);
        Some(Self(packed as u64, (packed >> 64) as u64))
    }

    fn text(self) -> Box<str> {
        let padded = (u128::from(self.1) << 64 | u128::from(self.0)).to_le_bytes();
        let key = &padded[..usize::from(padded[SHORT_BYTES])];
        // Only valid UTF-8 enters the table, so nothing is lost.
        String::from_utf8_lossy(key).into()
    }
}

/// A key that is found by its bytes, so that a known key costs no allocation and no UTF-8 check.
#[derive(PartialEq, Eq)]
struct LongKey(Box<str>);

impl Hash for LongKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.as_bytes().hash(state);
    }
}

impl Borrow<[u8]> for LongKey {
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
    short: HashMap<ShortKey, u32>,
    long: HashMap<LongKey, u32>,
    limit: u32,
}

impl KeyTable {
    /// A table that refuses the key after the `limit`-th.
    pub(super) fn with_limit(limit: u32) -> Self {
        Self {
            short: HashMap::new(),
            long: HashMap::new(),
            limit,
        }
    }

    /// The provisional id of a key, a new one if need be.
    pub(super) fn id(&mut self, key: &[u8]) -> Result<u32, KeyFault> {
        let short = ShortKey::new(key);
        let known = match &short {
            Some(short) => self.short.get(short),
            None => self.long.get(key),
        };
        if let Some(&id) = known {
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
        match short {
            Some(short) => self.short.insert(short, id),
            None => self.long.insert(LongKey(text.into()), id),
        };
        Ok(id)
    }

    /// How many keys there are so far.
    pub(super) fn len(&self) -> u32 {
        (self.short.len() + self.long.len()) as u32
    }

    /// The largest number of keys there may be.
    pub(super) fn limit(&self) -> u32 {
        self.limit
    }

    /// The keys in canonical order, and for each provisional id its canonical one.
    pub(super) fn into_canonical(self) -> (Vec<Box<str>>, Vec<u32>) {
        let short = self.short.into_iter().map(|(key, id)| (key.text(), id));
        let long = self.long.into_iter().map(|(key, id)| (key.0, id));
        let mut entries: Vec<(Box<str>, u32)> = short.chain(long).collect();
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
    fn keys_around_the_short_length_are_told_apart() {
        let keys: Vec<String> = (1..40)
            .flat_map(|n| ["a".repeat(n), "\0".repeat(n), "é".repeat(n)])
            .collect();
        let mut table = KeyTable::with_limit(u32::MAX);
        for (id, key) in (0u32..).zip(&keys) {
            assert_eq!(table.id(key.as_bytes()), Ok(id));
        }
        let (ordered, canonical) = table.into_canonical();
        for (id, key) in keys.iter().enumerate() {
            assert_eq!(&*ordered[canonical[id] as usize], key);
        }
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
