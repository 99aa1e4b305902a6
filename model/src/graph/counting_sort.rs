//! Sorting by a small whole number, as transposes need it.

/// Sorts items by their keys, which are below `n_keys`; items of one key keep their order. Calls `put(place, item)` once
/// for each item and returns where the places of each key begin, `[n_keys + 1]`.
pub(crate) fn group_by_key<T>(
    n_keys: usize,
    items: impl Iterator<Item = (u32, T)> + Clone,
    mut put: impl FnMut(usize, T),
) -> Vec<u32> {
    let mut starts = vec![0u32; n_keys + 1];
    items
        .clone()
        .for_each(|(key, _)| starts[key as usize + 1] += 1);
    for key in 0..n_keys {
        starts[key + 1] += starts[key];
    }
    let mut next = starts.clone();
    items.for_each(|(key, item)| {
        let place = &mut next[key as usize];
        put(*place as usize, item);
        *place += 1;
    });
    starts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_sorted_by_key_and_keep_their_order() {
        let items = [(2, 'a'), (0, 'b'), (2, 'c'), (3, 'd'), (0, 'e'), (2, 'f')];
        let mut sorted = [' '; 6];
        let starts = group_by_key(4, items.into_iter(), |place, item| sorted[place] = item);
        assert_eq!(starts, [0, 2, 2, 5, 6]);
        assert_eq!(sorted, ['b', 'e', 'a', 'c', 'f', 'd']);
    }
}
