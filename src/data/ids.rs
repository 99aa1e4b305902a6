//! Keys (any string) and internal ids (dense `u32`), both ways.

use std::cmp::Ordering;
use std::hash::BuildHasher;
use std::sync::OnceLock;

use foldhash::quality::RandomState;
use hashbrown::HashTable;

use super::whole_floats::{Written, written};

/// The two-way map between keys and dense internal ids `0..len`.
///
/// A reader's ids follow the order of the keys, never the order of the rows: keys that are all decimal
/// numbers sort as numbers, others as bytes. The same set of keys therefore always gets the same ids,
/// so a shuffled log trains the same model. A training may put them in an order of its own.
#[derive(Debug, Clone, Default)]
pub struct IdMap {
    keys: Vec<Box<str>>,
    /// Made when the first key is looked up: reading and training look up none.
    index: OnceLock<Index>,
    are_whole: OnceLock<bool>,
}

impl IdMap {
    /// A map whose id `i` is the key at position `i`; `None` when a key repeats or when there are
    /// more keys than `u32` can number.
    pub fn from_ordered_keys(keys: Vec<Box<str>>) -> Option<Self> {
        u32::try_from(keys.len()).ok()?;
        let index = OnceLock::new();
        let ascending = keys.is_sorted_by(|a, b| compare_keys(a, b).is_lt());
        let distinct = ascending || index.get_or_init(|| Index::new(&keys)).ids.len() == keys.len();
        let are_whole = OnceLock::new();
        distinct.then_some(Self {
            keys,
            index,
            are_whole,
        })
    }

    /// The same keys under other ids: id `i` of the result is id `order[i]` of this map.
    ///
    /// # Panics
    /// When `order` does not hold every id once.
    #[must_use]
    pub fn reordered(mut self, order: &[u32]) -> Self {
        assert_eq!(order.len(), self.keys.len(), "an order of all ids");
        let mut taken = vec![false; order.len()];
        let keys = order.iter().map(|&old| {
            let again = std::mem::replace(&mut taken[old as usize], true);
            assert!(!again, "an order holds every id once");
            std::mem::take(&mut self.keys[old as usize])
        });
        Self {
            keys: keys.collect(),
            index: OnceLock::new(),
            are_whole: self.are_whole,
        }
    }

    /// The id of a key, if the key is known. White space around it does not count; where all keys are whole numbers,
    /// `7.0` is `7`.
    pub fn id(&self, key: &str) -> Option<u32> {
        let index = self.index.get_or_init(|| Index::new(&self.keys));
        let find = |key: &str| index.id(&self.keys, key);
        if let Some(id) = find(key) {
            return Some(id);
        }
        let trimmed = key.trim();
        match written(trimmed.as_bytes()) {
            Written::AsFloat(number) if self.are_whole_numbers() => find(&number),
            _ if trimmed.len() < key.len() => find(trimmed),
            _ => None,
        }
    }

    /// Whether every key is a whole number as it is printed, and none is beyond an `i64`: such keys are numbers where
    /// results have types.
    pub fn are_whole_numbers(&self) -> bool {
        *self.are_whole.get_or_init(|| {
            let mut keys = self.keys.iter();
            !self.keys.is_empty() && keys.all(|key| whole_number(key).is_some())
        })
    }

    /// The key of an id.
    ///
    /// # Panics
    /// When the id is not below [`len`](Self::len): ids only come from this map.
    pub fn key(&self, id: u32) -> &str {
        &self.keys[id as usize]
    }

    /// All keys; the position is the id.
    pub fn keys(&self) -> &[Box<str>] {
        &self.keys
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }
}

impl PartialEq for IdMap {
    fn eq(&self, other: &Self) -> bool {
        self.keys == other.keys
    }
}

impl Eq for IdMap {}

/// Ids by the hash of their key; the keys themselves stay where they are.
#[derive(Debug, Clone)]
struct Index {
    ids: HashTable<u32>,
    hasher: RandomState,
}

impl Index {
    /// Of keys that repeat, the first is in the index.
    fn new(keys: &[Box<str>]) -> Self {
        let hasher = RandomState::default();
        let mut ids = HashTable::with_capacity(keys.len());
        for (id, key) in (0u32..).zip(keys) {
            ids.entry(
                hasher.hash_one(key),
                |&other: &u32| keys[other as usize] == *key,
                |&other| hasher.hash_one(&keys[other as usize]),
            )
            .or_insert(id);
        }
        Self { ids, hasher }
    }

    fn id(&self, keys: &[Box<str>], key: &str) -> Option<u32> {
        let is_it = |&id: &u32| &*keys[id as usize] == key;
        self.ids.find(self.hasher.hash_one(key), is_it).copied()
    }
}

/// The canonical order of keys: by value when both are plain decimal numbers without leading zeros,
/// numbers before other keys, other keys by their bytes.
pub fn compare_keys(a: &str, b: &str) -> Ordering {
    match (is_canonical_number(a), is_canonical_number(b)) {
        (true, true) => a.len().cmp(&b.len()).then_with(|| a.cmp(b)),
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
        (false, false) => a.cmp(b),
    }
}

/// The whole number that a key is, as it is printed: without leading zeros or a plus.
pub fn whole_number(key: &str) -> Option<i64> {
    let number: i64 = key.parse().ok()?;
    let digits = key.strip_prefix('-').unwrap_or(key);
    let as_printed = digits == "0" && key == "0" || !digits.starts_with(['0', '+']);
    as_printed.then_some(number)
}

fn is_canonical_number(key: &str) -> bool {
    let bytes = key.as_bytes();
    !bytes.is_empty()
        && bytes.iter().all(u8::is_ascii_digit)
        && (bytes[0] != b'0' || bytes.len() == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_any_size_sort_by_value_and_before_words() {
        let mut keys = vec!["b", "10", "9", "007", "99999999999999999999999", "0", "a"];
        keys.sort_by(|a, b| compare_keys(a, b));
        assert_eq!(
            keys,
            ["0", "9", "10", "99999999999999999999999", "007", "a", "b"]
        );
    }

    #[test]
    fn whole_numbers_are_told_from_texts() {
        let map = |keys: &[&str]| {
            let keys = keys.iter().map(|&key| key.into()).collect();
            IdMap::from_ordered_keys(keys).unwrap_or_default()
        };
        let whole = map(&["-5", "0", "9223372036854775807", "-9223372036854775808"]);
        assert!(whole.are_whole_numbers());
        for other in [
            "007",
            "+5",
            "-0",
            "00",
            "9223372036854775808",
            "1.0",
            "a",
            " 1",
            "--5",
            "-+5",
        ] {
            assert!(!map(&["1", other]).are_whole_numbers(), "{other}");
        }
        assert!(!map(&[]).are_whole_numbers());
        assert_eq!((whole_number("-5"), whole_number("05")), (Some(-5), None));
    }

    #[test]
    fn a_key_is_found_with_blanks_around_it_and_as_a_float() {
        let keys = |keys: [&str; 2]| {
            IdMap::from_ordered_keys(keys.map(Box::from).to_vec()).unwrap_or_default()
        };
        let numbers = keys(["1", "20"]);
        for key in ["20", " 20", "20\t", "20.0", " 20.00\u{a0}", "2.0e+01"] {
            assert_eq!(numbers.id(key), Some(1), "{key}");
        }
        for key in ["", " ", "020", "20.5", "2 0"] {
            assert_eq!(numbers.id(key), None, "{key}");
        }
        let texts = keys(["1", "a"]);
        assert_eq!((texts.id(" a\n"), texts.id("1.0")), (Some(1), None));
        assert_eq!(keys(["1.0", "1.5"]).id("1.0"), Some(0));
    }

    #[test]
    fn another_order_moves_keys_and_ids() {
        let map = IdMap::from_ordered_keys(vec!["a".into(), "b".into(), "c".into()]);
        let map = map.unwrap_or_default().reordered(&[2, 0, 1]);
        assert_eq!((map.key(0), map.key(1), map.key(2)), ("c", "a", "b"));
        assert_eq!(
            (map.id("a"), map.id("b"), map.id("c")),
            (Some(1), Some(2), Some(0))
        );
    }

    #[test]
    fn a_repeated_key_is_refused() {
        assert!(IdMap::from_ordered_keys(vec!["a".into(), "a".into()]).is_none());
        assert!(IdMap::from_ordered_keys(vec!["b".into(), "a".into(), "b".into()]).is_none());
    }

    #[test]
    fn keys_in_any_order_are_found_and_others_are_not() {
        let keys: Vec<Box<str>> = (0..1000)
            .map(|n| (n * 7919 % 1000).to_string().into())
            .collect();
        let map = IdMap::from_ordered_keys(keys.clone()).unwrap_or_default();
        for (id, key) in (0u32..).zip(&keys) {
            assert_eq!(map.id(key), Some(id));
        }
        assert_eq!(
            (map.id("1000"), map.id(""), map.id("07")),
            (None, None, None)
        );
    }

    #[test]
    #[should_panic(expected = "every id once")]
    fn an_order_that_repeats_an_id_is_our_mistake() {
        let map = IdMap::from_ordered_keys(vec!["a".into(), "b".into()]);
        let _ = map.unwrap_or_default().reordered(&[0, 0]);
    }
}
