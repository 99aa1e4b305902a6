//! Outside keys (any string) and inside ids (dense `u32`), both ways.

use std::cmp::Ordering;
use std::collections::HashMap;

/// The two-way map between outside keys and dense inside ids `0..len`.
///
/// A reader's ids follow the order of the keys, never the order of the rows: keys that are all decimal
/// numbers sort as numbers, others as bytes. The same set of keys therefore always gets the same ids,
/// so a shuffled log trains the same model. A training may put them in an order of its own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IdMap {
    keys: Vec<Box<str>>,
    ids: HashMap<Box<str>, u32>,
}

impl IdMap {
    /// A map whose id `i` is the key at position `i`; `None` when a key repeats or when there are
    /// more keys than `u32` can number.
    pub fn from_ordered_keys(keys: Vec<Box<str>>) -> Option<Self> {
        u32::try_from(keys.len()).ok()?;
        let ids: HashMap<Box<str>, u32> =
            (0u32..).zip(&keys).map(|(i, k)| (k.clone(), i)).collect();
        (ids.len() == keys.len()).then_some(Self { keys, ids })
    }

    /// The same keys under other ids: id `i` of the result is id `order[i]` of this map.
    ///
    /// # Panics
    /// When `order` does not hold every id once.
    #[must_use]
    pub fn reordered(mut self, order: &[u32]) -> Self {
        assert_eq!(order.len(), self.keys.len(), "an order of all ids");
        let keys = order
            .iter()
            .map(|&old| std::mem::take(&mut self.keys[old as usize]));
        self.keys = keys.collect();
        for (id, key) in (0..).zip(&self.keys) {
            match self.ids.get_mut(key) {
                Some(known) => *known = id,
                None => panic!("an order holds every id once"),
            }
        }
        self
    }

    /// The id of a key, if the key is known.
    pub fn id(&self, key: &str) -> Option<u32> {
        self.ids.get(key).copied()
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
    }
}
