//! Vectors in a byte a coordinate, and how far a product of theirs can be from the score: what reads a quarter of the
//! item table and still leaves no item out.
//!
//! An item `v` and a user `u` are first scaled, coordinate by coordinate, so that items have a root mean square of 1 in
//! each: `v' = v / r`, `u' = u r`, and `u' · v' = u · v`. Then `v' = s_v q_v + d_v` and `u' = s_u q_u + d_u` with whole
//! numbers `q` of -127 to 127 and what rounding leaves, `d`. By Cauchy and Schwarz
//! `|u · v - s_u s_v (q_u · q_v)| <= |s_u q_u| |d_v| + |d_u| |v'|`: an item whose `q_u · q_v` is too small for that enters
//! no list. All others are scored exactly.

use rayon::prelude::*;

use super::byte_kernel::{self, ByteLanes, PanelBounds, UserBounds, UserBytes, UserPanel};
use super::kernel::{ITEMS, USERS, UserLanes};

/// The largest whole number of a coordinate.
const Q_MAX: f64 = 127.0;
/// Item bytes are stored with this added: the instructions take one factor without a sign.
pub(super) const ITEM_OFFSET: i32 = 128;
/// Largest coordinates beyond these limits are not bounded: their bounds could leave the range of single precision.
const LARGEST: std::ops::Range<f64> = 1e-15..1e15;
/// Bounds are computed in single precision from numbers that are rounded up by this.
const UP: f64 = 1.0 + 1e-6;

/// Item vectors in panels of [`ITEMS`], in the order they were given.
#[derive(Debug, Clone)]
pub(super) struct ByteItems {
    /// What each coordinate is divided by; `[dim]`.
    units: Vec<f64>,
    /// `[n_panels x groups]`; a group is four coordinates.
    lanes: Vec<ByteLanes>,
    bounds: Vec<PanelBounds>,
}

/// Users in panels of [`USERS`].
#[derive(Debug, Default)]
pub(super) struct ByteUsers {
    /// `[n_panels x groups]`.
    lanes: Vec<UserBytes>,
    bounds: Vec<UserBounds>,
}

/// A vector as whole numbers of so many steps.
struct Rounded {
    step: f64,
    /// `|d|`.
    error: f64,
    /// `|s q|`.
    length: f64,
}

/// The largest magnitude; not a number where one is not.
fn largest(vector: impl Iterator<Item = f64>) -> f64 {
    vector.fold(0.0, |most, x| match x.abs() {
        x if x.is_nan() || most.is_nan() => f64::NAN,
        x => most.max(x),
    })
}

/// The step by which the largest coordinate is [`Q_MAX`]; `None` where it is out of range.
fn step_of(largest: f64) -> Option<f64> {
    match largest {
        0.0 => Some(1.0),
        _ if LARGEST.contains(&largest) => Some(largest / Q_MAX),
        _ => None,
    }
}

/// Rounds a vector to steps and gives each whole number to `put`.
fn rounded(
    vector: impl Iterator<Item = f64>,
    step: f64,
    mut put: impl FnMut(usize, i8),
) -> Rounded {
    let (mut error, mut length) = (0.0, 0.0);
    for (at, x) in vector.enumerate() {
        let q = (x / step).round().clamp(-Q_MAX, Q_MAX);
        put(at, q as i8);
        let kept = q * step;
        error += (x - kept) * (x - kept);
        length += kept * kept;
    }
    Rounded {
        step,
        error: error.sqrt(),
        length: length.sqrt(),
    }
}

impl ByteItems {
    /// Rounds rows of `dim` numbers in the order `items`; `lengths` are those of the first, and so the longest, of each
    /// panel.
    pub(super) fn new(table: &[f32], dim: usize, items: &[u32], lengths: &[f64]) -> Self {
        let units = units(table, dim);
        let groups = dim.div_ceil(4);
        let mut lanes = vec![ByteLanes::EMPTY; items.len().div_ceil(ITEMS) * groups];
        let bounds = lanes.par_chunks_mut(groups).zip(items.par_chunks(ITEMS));
        let bounds = bounds.zip(lengths).map(|((lanes, items), &length)| {
            let scaled = |item: u32| {
                let row = &table[item as usize * dim..][..dim];
                row.iter().zip(&units).map(|(&x, unit)| f64::from(x) / unit)
            };
            let most = largest(items.iter().flat_map(|&item| scaled(item)));
            let Some(step) = step_of(most) else {
                return PanelBounds::UNKNOWN;
            };
            let (mut error, mut longest) = (0f64, 0f64);
            for (lane, &item) in items.iter().enumerate() {
                let put = |at: usize, q: i8| {
                    lanes[at / 4].0[lane][at % 4] = (i32::from(q) + ITEM_OFFSET) as u8;
                };
                let kept = rounded(scaled(item), step, put);
                error = error.max(kept.error);
                longest = longest.max(kept.length + kept.error);
            }
            PanelBounds {
                inverse_step: (1.0 / step) as f32,
                error: (error * UP) as f32,
                scaled_length: (longest * UP) as f32,
                length: (length * UP) as f32,
            }
        });
        let bounds = bounds.collect();
        Self {
            units,
            lanes,
            bounds,
        }
    }

    /// Rounds users of `[dim]` numbers for these items. `rounding` is how much of the product of both lengths a computed
    /// score may be off by.
    pub(super) fn users(&self, rows: &[&[f32]], rounding: f64) -> ByteUsers {
        let groups = self.groups();
        let n_panels = rows.len().div_ceil(USERS);
        let mut users = ByteUsers {
            lanes: vec![[0; USERS]; n_panels * groups],
            bounds: vec![UserBounds::NOBODY; n_panels],
        };
        for (place, row) in rows.iter().enumerate() {
            let (panel, lane) = (place / USERS, place % USERS);
            let lanes = &mut users.lanes[panel * groups..][..groups];
            self.round_user(row, rounding, lane, lanes, &mut users.bounds[panel]);
        }
        users
    }

    fn round_user(
        &self,
        row: &[f32],
        rounding: f64,
        lane: usize,
        lanes: &mut [UserBytes],
        bounds: &mut UserBounds,
    ) {
        let scaled = || {
            row.iter()
                .zip(&self.units)
                .map(|(&x, unit)| f64::from(x) * unit)
        };
        let length: f64 = row.iter().map(|&x| f64::from(x) * f64::from(x)).sum();
        let longest = self
            .bounds
            .first()
            .map_or(0.0, |panel| f64::from(panel.length));
        // A sum that may overflow is not bounded: what is not a number must be found.
        let overflows = length.sqrt() * longest * 4.0 >= f64::from(f32::MAX);
        let step = step_of(largest(scaled())).filter(|_| !overflows);
        let Some(step) = step else {
            bounds.rounding[lane] = f32::INFINITY;
            return;
        };
        let mut sum = 0;
        let kept = rounded(scaled(), step, |at, q| {
            sum += i32::from(q);
            let shift = at % 4 * 8;
            lanes[at / 4][lane] |= i32::from(q as u8) << shift;
        });
        let in_steps = |x: f64| (x / kept.step * UP) as f32;
        bounds.inverse_step[lane] = (1.0 / kept.step) as f32;
        bounds.length[lane] = in_steps(kept.length);
        bounds.error[lane] = in_steps(kept.error);
        bounds.rounding[lane] = in_steps(length.sqrt() * rounding);
        bounds.offset[lane] = sum * ITEM_OFFSET;
    }

    fn groups(&self) -> usize {
        self.units.len().div_ceil(4)
    }

    /// Which items of a panel may have a score that is not below the threshold of each user of a panel, as
    /// [`byte_kernel::hits`].
    pub(super) fn hits(
        &self,
        users: &ByteUsers,
        user_panel: usize,
        panel: usize,
        thresholds: &UserLanes,
    ) -> [u32; USERS] {
        let groups = self.groups();
        let users = UserPanel {
            bytes: &users.lanes[user_panel * groups..][..groups],
            bounds: &users.bounds[user_panel],
            thresholds,
            // Single precision rounds by less than one step in a million of the largest product; one more for the cut to
            // a whole number.
            margin: 2.0 + self.units.len() as f32 * (127.0 * 127.0 / 5e5),
        };
        let items = &self.lanes[panel * groups..][..groups];
        byte_kernel::hits(&users, items, &self.bounds[panel])
    }
}

impl PanelBounds {
    /// Every item of it is scored exactly.
    const UNKNOWN: Self = Self {
        inverse_step: 1.0,
        error: f32::INFINITY,
        scaled_length: f32::INFINITY,
        length: f32::INFINITY,
    };
}

impl UserBounds {
    /// Places that no user takes.
    const NOBODY: Self = Self {
        inverse_step: [1.0; USERS],
        length: [0.0; USERS],
        error: [0.0; USERS],
        rounding: [0.0; USERS],
        offset: [0; USERS],
    };
}

/// The root mean square of each coordinate, as far as it is a usual number; 1 otherwise.
fn units(table: &[f32], dim: usize) -> Vec<f64> {
    let n = (table.len() / dim).max(1) as f64;
    let mut sums = vec![0f64; dim];
    for row in table.chunks_exact(dim) {
        for (sum, &x) in sums.iter_mut().zip(row) {
            *sum += f64::from(x) * f64::from(x);
        }
    }
    let unit = |sum: f64| match (sum / n).sqrt() {
        unit if LARGEST.contains(&unit) => unit,
        _ => 1.0,
    };
    sums.into_iter().map(unit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers of several magnitudes and signs.
    fn number(at: usize) -> f32 {
        ((at * 7919 % 1013) as f32 - 500.0) / (1 + at % 7) as f32
    }

    #[test]
    fn no_item_that_reaches_the_threshold_is_missed_and_few_others_are_taken() {
        const DIM: usize = 65;
        let n_items = 40 * ITEMS - 5;
        // The last coordinate is much larger than the others, as a prior may be.
        let table: Vec<f32> = (0..n_items * DIM)
            .map(|at| number(at) * if at % DIM == DIM - 1 { 300.0 } else { 1.0 })
            .collect();
        let items: Vec<u32> = (0..n_items as u32).collect();
        let length = |row: &[f32]| {
            row.iter()
                .map(|&x| f64::from(x).powi(2))
                .sum::<f64>()
                .sqrt()
        };
        let longest = |panel: &[f32]| panel.chunks(DIM).map(length).fold(0.0, f64::max);
        let lengths: Vec<f64> = table.chunks(DIM * ITEMS).map(longest).collect();
        let bytes = ByteItems::new(&table, DIM, &items, &lengths);
        let rows: Vec<Vec<f32>> = (0..USERS + 1)
            .map(|user| {
                (0..DIM)
                    .map(|at| number(9001 + user * 77 + at) * 1e-3)
                    .collect()
            })
            .collect();
        let rows: Vec<&[f32]> = rows.iter().map(Vec::as_slice).collect();
        let users = bytes.users(&rows, 1e-5);
        let (mut reached, mut taken) = (0, 0);
        for (user, row) in rows.iter().enumerate() {
            let score = |item: &[f32]| row.iter().zip(item).map(|(x, y)| x * y).sum::<f32>();
            let scores: Vec<f32> = table.chunks(DIM).map(score).collect();
            let mut falling = scores.clone();
            falling.sort_by(|a, b| b.total_cmp(a));
            let thresholds = [falling[20]; USERS];
            let (panel, lane) = (user / USERS, user % USERS);
            for (at, scores) in scores.chunks(ITEMS).enumerate() {
                let hit = bytes.hits(&users, panel, at, &thresholds)[lane];
                let known = u32::MAX >> (ITEMS - scores.len());
                taken += (hit & known).count_ones();
                for (place, &score) in scores.iter().enumerate() {
                    if score >= thresholds[0] {
                        reached += 1;
                        assert!(
                            hit >> place & 1 == 1,
                            "user {user}, panel {at}, place {place}"
                        );
                    }
                }
            }
        }
        assert_eq!(reached, 21 * rows.len());
        assert!(taken < 3 * reached as u32, "{taken} of {reached}");
    }
}
