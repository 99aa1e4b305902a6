//! A user as the normalised mean of items.

use crate::kernels::cpu::sums::add;

/// The normalised mean of each of `lists` of items, `[lists, dim]`, of a table `[_, dim]`: the
/// vector of a user with these items. The vector of an empty list is zero.
///
/// # Panics
/// When an item is out of range.
pub fn mean_vectors<'a>(
    items: &[f32],
    dim: usize,
    lists: impl Iterator<Item = &'a [u32]>,
) -> Vec<f32> {
    let mut means = Vec::with_capacity(lists.size_hint().0 * dim);
    let mut row = vec![0.0f32; dim];
    for list in lists {
        row.fill(0.0);
        for &item in list {
            let item = &items[item as usize * dim..][..dim];
            add(&mut row, item);
        }
        let length = row.iter().map(|value| value * value).sum::<f32>().sqrt();
        if length > 0.0 {
            row.iter_mut().for_each(|value| *value /= length);
        }
        means.extend_from_slice(&row);
    }
    means
}
