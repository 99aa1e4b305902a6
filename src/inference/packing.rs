//! Rows packed for the product kernel.

use super::kernel::{ITEMS, ItemLanes, USERS, UserLanes};

/// `rows` in panels of [`ITEMS`], `[n_panels x dim]`.
pub(super) fn pack_items<'a>(
    rows: impl ExactSizeIterator<Item = &'a [f32]>,
    dim: usize,
) -> Vec<ItemLanes> {
    let mut lanes = vec![ItemLanes([0.0; ITEMS]); rows.len().div_ceil(ITEMS) * dim];
    for (position, row) in rows.enumerate() {
        let panel = &mut lanes[position / ITEMS * dim..][..dim];
        for (lanes, &value) in panel.iter_mut().zip(row) {
            lanes.0[position % ITEMS] = value;
        }
    }
    lanes
}

/// `rows` in panels of [`USERS`], `[n_panels x dim]`.
pub(super) fn pack_users<'a>(
    rows: impl ExactSizeIterator<Item = &'a [f32]>,
    dim: usize,
) -> Vec<UserLanes> {
    let mut lanes = vec![[0.0; USERS]; rows.len().div_ceil(USERS) * dim];
    for (position, row) in rows.enumerate() {
        let panel = &mut lanes[position / USERS * dim..][..dim];
        for (lanes, &value) in panel.iter_mut().zip(row) {
            lanes[position % USERS] = value;
        }
    }
    lanes
}
