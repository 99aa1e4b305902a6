//! A user as the normalised mean of items.

use crate::kernels::cpu::sums::add;

/// The normalised mean of each of `lists` of items, `[lists, dim]`, of a table `[_, dim]`: the
/// vector of a user with these items. Beside a list stand the weights of its items, none for 1 each. The vector of an
/// empty list is zero.
///
/// # Panics
/// When an item is out of range.
pub fn mean_vectors<'a>(
    items: &[f32],
    dim: usize,
    lists: impl Iterator<Item = (&'a [u32], &'a [f32])>,
) -> Vec<f32> {
    let mut means = Vec::with_capacity(lists.size_hint().0 * dim);
    let mut row = vec![0.0f32; dim];
    for (list, weights) in lists {
        row.fill(0.0);
        // Of the largest, so that squares of small ones stay numbers.
        let largest = weights.iter().copied().fold(0.0, f32::max);
        for (at, &item) in list.iter().enumerate() {
            let item = &items[item as usize * dim..][..dim];
            match weights.get(at) {
                None => add(&mut row, item),
                Some(weight) => add_scaled(&mut row, weight / largest, item),
            }
        }
        let length = row.iter().map(|value| value * value).sum::<f32>().sqrt();
        if length > 0.0 {
            row.iter_mut().for_each(|value| *value /= length);
        }
        means.extend_from_slice(&row);
    }
    means
}

fn add_scaled(row: &mut [f32], factor: f32, item: &[f32]) {
    for (sum, value) in row.iter_mut().zip(item) {
        *sum += factor * value;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_the_weighted_mean_of_items_at_length_one() {
        let items = [3.0, 0.0, 0.0, 1.0];
        let of =
            |weights: &'static [f32]| mean_vectors(&items, 2, [(&[0, 1][..], weights)].into_iter());
        // (3, 1) / sqrt(10), and (3, 4) / 5 where the second counts four times.
        let plain = of(&[]);
        assert!((plain[0] - 3.0 / 10f32.sqrt()).abs() < 1e-6);
        for (mean, expected) in of(&[0.25e-30, 1e-30]).iter().zip([0.6, 0.8]) {
            assert!((mean - expected).abs() < 1e-6, "{mean}");
        }
        assert_eq!(
            mean_vectors(&items, 2, [(&[][..], &[][..])].into_iter()),
            [0.0, 0.0]
        );
    }
}
