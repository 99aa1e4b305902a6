//! Keys that are plain decimal numbers, in a table by value: a known one is found without hashing.

use std::collections::HashMap;

use foldhash::quality::RandomState;

/// How far the table by value may reach: so many entries of 4 bytes per key take no more memory than a
/// hash table would.
const ROOM_PER_KEY: u64 = 8;
/// How far it may always reach, whatever the keys.
const FREE_ROOM: u64 = 1 << 16;
const NONE: u32 = u32::MAX;

/// Ids by number.
#[derive(Default)]
pub(super) struct NumberKeys {
    /// By value, [`NONE`] where there is no id.
    near: Vec<u32>,
    /// Values beyond `near`.
    far: HashMap<u64, u32, RandomState>,
    len: usize,
}

impl NumberKeys {
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// The id of a number within the table by value.
    #[inline]
    pub(super) fn near(&self, value: u64) -> Option<u32> {
        let at = usize::try_from(value).ok()?;
        self.near.get(at).copied().filter(|&id| id != NONE)
    }

    pub(super) fn get(&self, value: u64) -> Option<u32> {
        self.near(value).or_else(|| self.far.get(&value).copied())
    }

    /// Adds a number that is not there; `id` is below `u32::MAX`.
    pub(super) fn insert(&mut self, value: u64, id: u32) {
        self.len += 1;
        if value >= self.near.len() as u64 && value < self.room() {
            self.reach(value);
        }
        match usize::try_from(value)
            .ok()
            .and_then(|at| self.near.get_mut(at))
        {
            Some(slot) => *slot = id,
            None => {
                self.far.insert(value, id);
            }
        }
    }

    fn room(&self) -> u64 {
        FREE_ROOM.max(ROOM_PER_KEY * self.len as u64)
    }

    /// Makes the table by value reach this value and, so that this happens seldom, as far again as it
    /// may.
    fn reach(&mut self, value: u64) {
        let length = (value + 1).max(self.room().min(2 * self.near.len() as u64));
        self.near.resize(length as usize, NONE);
        for (value, id) in self.far.extract_if(|&value, _| value < length) {
            self.near[value as usize] = id;
        }
    }

    /// Gives each id its new one.
    pub(super) fn rename(&mut self, new: &[u32]) {
        let known = self.near.iter_mut().filter(|id| **id != NONE);
        for id in known.chain(self.far.values_mut()) {
            *id = new[*id as usize];
        }
    }

    /// All numbers and their ids, by value.
    pub(super) fn into_sorted(self) -> Vec<(u64, u32)> {
        let near = (0..).zip(self.near).filter(|&(_, id)| id != NONE);
        let mut sorted = Vec::with_capacity(self.len);
        sorted.extend(near);
        let n_near = sorted.len();
        sorted.extend(self.far);
        sorted[n_near..].sort_unstable();
        sorted
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_table_by_value_stays_within_its_room() {
        let mut keys = NumberKeys::default();
        for id in 0..100_000u32 {
            keys.insert(u64::from(id).pow(3), id);
            assert!(keys.near.len() as u64 <= keys.room());
        }
        assert!(keys.near.len() >= FREE_ROOM as usize && keys.far.len() > 90_000);
    }

    proptest! {
        #[test]
        fn as_a_map_does(values in vec(prop_oneof![0..300u64, 60_000..70_000u64, 0..1_000_000u64, any::<u64>()], 0..400)) {
            let (mut keys, mut map) = (NumberKeys::default(), BTreeMap::new());
            for value in values {
                prop_assert_eq!(keys.get(value), map.get(&value).copied());
                if !map.contains_key(&value) {
                    let id = map.len() as u32;
                    keys.insert(value, id);
                    map.insert(value, id);
                }
                prop_assert_eq!(keys.len(), map.len());
            }
            prop_assert!(map.iter().all(|(&value, &id)| keys.get(value) == Some(id)));
            prop_assert_eq!(keys.into_sorted(), map.into_iter().collect::<Vec<_>>());
        }
    }
}
