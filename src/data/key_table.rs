//! Keys while a log streams by: provisional ids in order of appearance, canonical ones at the end.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::{Hash, Hasher};

use foldhash::quality::RandomState;

use super::IdMap;
use super::ids::compare_keys;
use super::key::{Key, KeyFault, ShortKey, is_plain};
use super::number_keys::NumberKeys;
use super::whole_floats::{Written, written};

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

/// Provisional ids by key. The hash tables are seeded anew each time, so that no log can be made to
/// collide; nothing depends on their order.
pub(super) struct KeyTable {
    numbers: NumberKeys,
    short: HashMap<ShortKey, u32, RandomState>,
    long: HashMap<LongKey, u32, RandomState>,
    limit: u32,
}

impl KeyTable {
    /// A table that refuses the key after the `limit`-th.
    pub(super) fn with_limit(limit: u32) -> Self {
        Self {
            numbers: NumberKeys::default(),
            short: HashMap::default(),
            long: HashMap::default(),
            limit,
        }
    }

    /// The provisional id of a key, a new one if need be.
    #[inline]
    pub(super) fn id(&mut self, key: Key<'_>) -> Result<u32, KeyFault> {
        match key {
            Key::Number(number) => match self.numbers.near(number) {
                Some(id) => Ok(id),
                None => self.number_id(number),
            },
            Key::Short(key) => self.short_id(key),
            Key::Long(text) => self.long_id(text),
        }
    }

    fn number_id(&mut self, number: u64) -> Result<u32, KeyFault> {
        if !is_plain(number) {
            return self.long_id(number.to_string().as_bytes());
        }
        if let Some(id) = self.numbers.get(number) {
            return Ok(id);
        }
        let id = self.next_id()?;
        self.numbers.insert(number, id);
        Ok(id)
    }

    fn short_id(&mut self, key: ShortKey) -> Result<u32, KeyFault> {
        if let Some(&id) = self.short.get(&key) {
            return Ok(id);
        }
        if key.is_empty() {
            return Err(KeyFault::Empty);
        }
        if !key.is_utf8() {
            return Err(KeyFault::InvalidUtf8);
        }
        let id = self.next_id()?;
        self.short.insert(key, id);
        Ok(id)
    }

    fn long_id(&mut self, text: &[u8]) -> Result<u32, KeyFault> {
        if let Some(&id) = self.long.get(text) {
            return Ok(id);
        }
        let text = str::from_utf8(text).map_err(|_| KeyFault::InvalidUtf8)?;
        let id = self.next_id()?;
        self.long.insert(LongKey(text.into()), id);
        Ok(id)
    }

    fn next_id(&self) -> Result<u32, KeyFault> {
        let id = self.len();
        if id < self.limit {
            Ok(id)
        } else {
            Err(KeyFault::TooMany)
        }
    }

    /// How many keys there are so far.
    pub(super) fn len(&self) -> u32 {
        (self.numbers.len() + self.short.len() + self.long.len()) as u32
    }

    /// The largest number of keys there may be.
    pub(super) fn limit(&self) -> u32 {
        self.limit
    }

    /// Whether every key is a whole number and some are written as floats, so that they stand for the numbers.
    pub(super) fn holds_whole_floats(&self) -> bool {
        let short = self.short.keys().map(|key| written(key.text().as_bytes()));
        let long = self.long.keys().map(|key| written(key.0.as_bytes()));
        let mut some = false;
        for written in short.chain(long) {
            match written {
                Written::Whole => {}
                Written::AsFloat(_) => some = true,
                Written::Otherwise => return false,
            }
        }
        some
    }

    /// Takes whole floats for the numbers they are, where [`holds_whole_floats`](Self::holds_whole_floats): the new id
    /// of each key.
    pub(super) fn take_whole_floats(&mut self) -> Option<Vec<u32>> {
        if !self.holds_whole_floats() {
            return None;
        }
        let mut floats: Vec<(u32, String)> = Vec::new();
        let mut is_float = |key: &str, id: u32| match written(key.as_bytes()) {
            Written::AsFloat(number) => {
                floats.push((id, number));
                true
            }
            _ => false,
        };
        let mut becomes: Vec<u32> = (0..self.len()).collect();
        self.short.retain(|key, id| !is_float(&key.text(), *id));
        self.long.retain(|key, id| !is_float(&key.0, *id));
        floats.sort_unstable();
        for (id, number) in floats {
            becomes[id as usize] = self.known_or(number.as_bytes(), id);
        }
        // Ids stay without gaps.
        let mut next = 0;
        let mut new = vec![0; becomes.len()];
        for (id, &other) in (0u32..).zip(&becomes) {
            if id == other {
                new[id as usize] = next;
                next += 1;
            }
        }
        self.numbers.rename(&new);
        let others = self.short.values_mut().chain(self.long.values_mut());
        others.for_each(|id| *id = new[*id as usize]);
        Some(becomes.iter().map(|&id| new[id as usize]).collect())
    }

    /// The id of a number as it is printed; this one where it has none yet.
    fn known_or(&mut self, number: &[u8], id: u32) -> u32 {
        match Key::of(number) {
            Key::Number(number) => self.numbers.get(number).unwrap_or_else(|| {
                self.numbers.insert(number, id);
                id
            }),
            Key::Short(key) => *self.short.entry(key).or_insert(id),
            Key::Long(text) => match self.long.get(text) {
                Some(&known) => known,
                None => {
                    let text = String::from_utf8_lossy(text);
                    self.long.insert(LongKey(text.into()), id);
                    id
                }
            },
        }
    }

    /// The keys in canonical order, and for each provisional id its canonical one.
    pub(super) fn into_canonical(self) -> (Vec<Box<str>>, Vec<u32>) {
        let n_keys = self.len() as usize;
        let numbers = self.numbers.into_sorted().into_iter();
        let numbers = numbers.map(|(value, id)| (value.to_string().into(), id));
        let others = sorted_others(self.short, self.long);
        let mut canonical = vec![0; n_keys];
        let mut keys = Vec::with_capacity(n_keys);
        for (id, (key, provisional)) in (0u32..).zip(numbers.chain(others)) {
            canonical[provisional as usize] = id;
            keys.push(key);
        }
        (keys, canonical)
    }
}

/// The keys that are not in [`NumberKeys`], in canonical order: numbers of more digits come first, so
/// that all numbers are in order after those that are.
fn sorted_others(
    short: HashMap<ShortKey, u32, RandomState>,
    long: HashMap<LongKey, u32, RandomState>,
) -> impl Iterator<Item = (Box<str>, u32)> {
    let mut short: Vec<(u128, ShortKey, u32)> = short
        .into_iter()
        .map(|(key, id)| (key.rank(), key, id))
        .collect();
    short.sort_unstable_by_key(|&(rank, ..)| rank);
    let mut long: Vec<(Box<str>, u32)> = long.into_iter().map(|(key, id)| (key.0, id)).collect();
    long.sort_unstable_by(|a, b| compare_keys(&a.0, &b.0));
    let mut short = short
        .into_iter()
        .map(|(_, key, id)| (key.text(), id))
        .peekable();
    let mut long = long.into_iter().peekable();
    std::iter::from_fn(move || {
        let short_first = match (short.peek(), long.peek()) {
            (Some((short, _)), Some((long, _))) => compare_keys(short, long).is_lt(),
            (short, _) => short.is_some(),
        };
        if short_first {
            short.next()
        } else {
            long.next()
        }
    })
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
        assert_eq!(table.id(Key::of(b"10")), Ok(0));
        assert_eq!(table.id(Key::of(b"9")), Ok(1));
        assert_eq!(table.id(Key::of(b"10")), Ok(0));
        let (keys, canonical) = table.into_canonical();
        assert_eq!(keys, ["9", "10"].map(Box::<str>::from));
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
            assert_eq!(table.id(Key::of(key.as_bytes())), Ok(id));
        }
        let (ordered, canonical) = table.into_canonical();
        for (id, key) in keys.iter().enumerate() {
            assert_eq!(&*ordered[canonical[id] as usize], key);
        }
    }

    #[test]
    fn whole_floats_are_the_numbers_they_write() {
        let mut table = KeyTable::with_limit(u32::MAX);
        let keys = [
            "1.0",
            "7",
            "1",
            "2.0",
            "-3",
            "-3.0",
            "20000000000000000000",
            "2.0E19",
            "4e+00",
        ];
        for (id, key) in (0u32..).zip(keys) {
            assert_eq!(table.id(Key::of(key.as_bytes())), Ok(id));
        }
        let new = table.take_whole_floats().unwrap();
        assert_eq!(new, [1, 0, 1, 2, 3, 3, 4, 4, 5]);
        assert_eq!(table.len(), 6);
        let (keys, canonical) = table.into_canonical();
        let texts: Vec<&str> = canonical.iter().map(|&id| &*keys[id as usize]).collect();
        assert_eq!(texts, ["7", "1", "2", "-3", "20000000000000000000", "4"]);
    }

    #[test]
    fn floats_beside_anything_else_stay_what_they_are() {
        for other in ["1.5", "a", "007", "1e3", "2.10"] {
            let mut table = KeyTable::with_limit(u32::MAX);
            for key in ["1.0", "1", other] {
                assert!(table.id(Key::of(key.as_bytes())).is_ok());
            }
            assert_eq!(table.take_whole_floats(), None, "{other}");
            assert_eq!(table.len(), 3);
        }
        let mut table = KeyTable::with_limit(u32::MAX);
        assert!(table.id(Key::of(b"-1")).is_ok());
        assert_eq!(table.take_whole_floats(), None);
    }

    #[test]
    fn the_limit_and_bad_keys_are_faults() {
        let mut table = KeyTable::with_limit(2);
        assert_eq!(table.id(Key::of(b"")), Err(KeyFault::Empty));
        assert_eq!(table.id(Key::of(b"\xff")), Err(KeyFault::InvalidUtf8));
        assert!(table.id(Key::of(b"a")).is_ok() && table.id(Key::of(b"b")).is_ok());
        assert_eq!(table.id(Key::of(b"c")), Err(KeyFault::TooMany));
        assert_eq!(table.id(Key::of(b"a")), Ok(0));
    }
}
