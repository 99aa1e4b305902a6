//! EASE where users are fewer than items: the inverse is that of a matrix of users.
//!
//! `(XᵀX + l2 I)^-1 = (I - M) / l2` with `M = Xᵀ (XXᵀ + l2 I)^-1 X` (Woodbury), so that `B_ij = M_ij / (1 - M_jj)`.

use rayon::prelude::*;

use super::{fill_gram, zeros};
use crate::data::ItemLists;
use crate::spectral::{SpectralError, invert_positive};

/// `B`, `[n_items, n_items]`. Takes `n_users^3 / 2` multiply-adds, an addition for every user and interaction and one for
/// every interaction and item; beside the result `n_users * (n_users + n_items)` floats.
pub(super) fn weights(
    train: &ItemLists,
    n_items: usize,
    l2: f64,
    should_stop: &(dyn Fn() -> bool + Sync),
) -> Result<Vec<f32>, SpectralError> {
    let n_users = train.n_users();
    // All tables first: what memory does not hold is refused before any work.
    let mut weights = zeros([n_items; 2], n_items)?;
    let mut of_users = zeros([n_users, n_items], n_items)?;
    let mut inverse = zeros([n_users; 2], n_items)?;
    let by_item = train.turned(n_items);
    let scales = fill_gram(&mut inverse, &by_item, n_users, l2, should_stop)?;
    invert_positive(&mut inverse, n_users, should_stop)?;
    fill_of_users(&mut of_users, train, n_items, &inverse, &scales);
    let rows = weights.par_chunks_exact_mut(n_items.max(1)).enumerate();
    let rests = rows.map(|(item, row)| {
        let users = by_item.of(item as u32);
        let mut own = 0.0;
        for &user in users {
            let values = &of_users[user as usize * n_items..][..n_items];
            own += f64::from(values[item]);
            row.iter_mut()
                .zip(values)
                .for_each(|(sum, value)| *sum += value);
        }
        (!should_stop()).then_some((1.0 - own) as f32)
    });
    let rests = rests.collect::<Option<Vec<f32>>>();
    let rests = rests.ok_or(SpectralError::Stopped)?;
    let rows = weights.par_chunks_exact_mut(n_items.max(1)).enumerate();
    rows.for_each(|(item, row)| {
        let sides = row.iter_mut().zip(&rests);
        sides.for_each(|(weight, rest)| *weight /= rest);
        row[item] = 0.0;
    });
    Ok(weights)
}

/// Writes `(XXᵀ + l2 I)^-1 X`, `[n_users, n_items]`, into zeros.
fn fill_of_users(
    table: &mut [f32],
    train: &ItemLists,
    n_items: usize,
    inverse: &[f32],
    scales: &[f64],
) {
    let n_users = train.n_users();
    let rows = table.par_chunks_exact_mut(n_items.max(1)).enumerate();
    rows.for_each(|(user, row)| {
        for (other, scale) in scales.iter().enumerate() {
            let value = f64::from(inverse[user * n_users + other]) * scales[user] * scale;
            for &item in train.of(other as u32) {
                row[item as usize] += value as f32;
            }
        }
    });
}
