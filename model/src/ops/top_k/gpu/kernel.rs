//! The device code: the K best of a tile of scores, merged with those of the tiles before.
//!
//! A launch reads each score once (4 bytes) and, for a score above its user's threshold, log2 of the user's seen items;
//! it reads and writes the state of each user, 8 K + 4 bytes.

use burn_cubecl::cubecl::{self, prelude::*};

/// Units of a cube: one user is one cube's.
pub(super) const UNITS: usize = 256;

/// Bits of a positive infinity; a magnitude beyond it is not a number.
const INFINITY: u32 = 0x7f80_0000;
const SIGN: u32 = 0x8000_0000;
const MAGNITUDE: u32 = 0x7fff_ffff;
/// No item, and no item whose score is not a number.
pub(super) const NONE: u32 = u32::MAX;

/// The bits of a score in an order that integers share; `-0.0` becomes `0.0`. Above 0, which is the key of no score.
#[cube]
fn key(bits: u32) -> u32 {
    let mut key = bits | SIGN;
    if bits > SIGN {
        key = bits ^ NONE;
    }
    key
}

/// Whether an ascending part of a list holds an item.
#[cube]
fn holds(list: &Tensor<u32>, start: usize, end: usize, item: u32) -> bool {
    let mut low = start;
    let mut high = end;
    while low < high {
        let middle = (low + high) / 2;
        if list[middle] < item {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    let mut found = false;
    if low < end {
        found = list[low] == item;
    }
    found
}

/// Sorts places best first: the greater key, then the smaller item. A bitonic network, so that every unit reaches every
/// barrier.
// The kernel language knows no other way to ask for an even number.
#[allow(clippy::manual_is_multiple_of)]
#[cube]
fn sort(keys: &mut Shared<[u32]>, items: &mut Shared<[u32]>, #[comptime] n: usize) {
    let pairs = comptime![n / 2];
    let mut size = 2usize;
    while size <= n {
        let mut step = size / 2;
        while step > 0 {
            let mut pair = UNIT_POS_X as usize;
            while pair < pairs {
                let low = pair / step * step * 2 + pair % step;
                let high = low + step;
                let better =
                    keys[high] > keys[low] || (keys[high] == keys[low] && items[high] < items[low]);
                let best_first = low / size % 2 == 0;
                let equal = keys[high] == keys[low] && items[high] == items[low];
                if better == best_first && !equal {
                    let (key, item) = (keys[low], items[low]);
                    keys[low] = keys[high];
                    items[low] = items[high];
                    keys[high] = key;
                    items[high] = item;
                }
                pair += UNITS;
            }
            sync_cube();
            step /= 2;
        }
        size *= 2;
    }
}

/// Drops all places but the better half and empties the other.
#[cube]
fn settle(
    keys: &mut Shared<[u32]>,
    items: &mut Shared<[u32]>,
    filled: &Shared<[Atomic<u32>]>,
    #[comptime] half: usize,
) {
    sort(keys, items, comptime![2 * half]);
    let mut place = half + UNIT_POS_X as usize;
    while place < comptime![2 * half] {
        keys[place] = 0u32;
        items[place] = NONE;
        place += UNITS;
    }
    if UNIT_POS_X == 0 {
        filled[0].store(0u32);
    }
    sync_cube();
}

/// One cube a user, a row of `scores`. `best` holds a user's K keys, K items and the first item whose score is not a
/// number; the first tile finds it unwritten. In shared memory, the better half of the places are the best so far, and
/// the other gathers what beats the worst of them.
#[cube(launch)]
pub(super) fn best_kernel(
    scores: &Tensor<f32>,
    seen_starts: &Tensor<u32>,
    seen: &Tensor<u32>,
    best: &mut Tensor<u32>,
    first_item: u32,
    n_items: u32,
    #[comptime] k: usize,
    #[comptime] half: usize,
) {
    let mut keys = Shared::<[u32]>::new_slice(comptime![2 * half]);
    let mut items = Shared::<[u32]>::new_slice(comptime![2 * half]);
    let filled = Shared::<[Atomic<u32>]>::new_slice(1usize);
    let first_nan = Shared::<[Atomic<u32>]>::new_slice(1usize);
    let user = CUBE_POS_X as usize;
    let unit = UNIT_POS_X as usize;
    let state = user * comptime![2 * k + 1];
    let n_items = n_items as usize;

    let mut place = unit;
    while place < comptime![2 * half] {
        keys[place] = 0u32;
        items[place] = NONE;
        if place < k && first_item > 0 {
            keys[place] = best[state + place];
            items[place] = best[state + k + place];
        }
        place += UNITS;
    }
    if unit == 0 {
        filled[0].store(0u32);
        let mut nan = NONE.runtime();
        if first_item > 0 {
            nan = best[state + comptime![2 * k]];
        }
        first_nan[0].store(nan);
    }
    sync_cube();

    let start = seen_starts[user] as usize;
    let end = seen_starts[user + 1] as usize;
    for chunk in 0..n_items.div_ceil(UNITS) {
        let at = chunk * UNITS + unit;
        if at < n_items {
            let bits = u32::reinterpret(scores[user * n_items + at]);
            let item = first_item + at as u32;
            if bits & MAGNITUDE > INFINITY {
                first_nan[0].fetch_min(item);
            } else {
                let key = key(bits);
                // Items ascend, so a later one of an equal score loses.
                if key > keys[k - 1] && !holds(seen, start, end, item) {
                    let place = half + filled[0].fetch_add(1u32) as usize;
                    keys[place] = key;
                    items[place] = item;
                }
            }
        }
        let n_filled = workgroup_uniform_load_atomic(&filled[0]);
        if n_filled as usize + UNITS > half {
            settle(&mut keys, &mut items, &filled, half);
        }
    }
    settle(&mut keys, &mut items, &filled, half);

    let mut place = unit;
    while place < k {
        best[state + place] = keys[place];
        best[state + k + place] = items[place];
        place += UNITS;
    }
    if unit == 0 {
        best[state + comptime![2 * k]] = first_nan[0].load();
    }
}
