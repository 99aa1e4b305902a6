//! Products of bytes: 12 users by 32 items, compared with what each user needs.

use super::kernel::{ITEMS, USERS, UserLanes};

/// Four coordinates of a panel of items, without a sign.
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
pub(super) struct ByteLanes(pub(super) [[u8; 4]; ITEMS]);

impl ByteLanes {
    /// No items.
    pub(super) const EMPTY: Self = Self([[0; 4]; ITEMS]);
}

/// Four coordinates of a panel of users, bytes with a sign; the first is the lowest.
pub(super) type UserBytes = [i32; USERS];

/// Whether the processor multiplies bytes quicker than the numbers they stand for.
pub(super) fn is_quick() -> bool {
    #[cfg(target_arch = "x86_64")]
    {
        is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512vnni")
    }
    #[cfg(not(target_arch = "x86_64"))]
    false
}

/// What the vectors of a panel of items have at most.
#[derive(Debug, Clone, Copy)]
pub(super) struct PanelBounds {
    /// `1 / s_v`, the same for all of the panel.
    pub(super) inverse_step: f32,
    /// `|d_v|`; infinite where nothing is known.
    pub(super) error: f32,
    /// `|v'|`.
    pub(super) scaled_length: f32,
    /// `|v|`.
    pub(super) length: f32,
}

/// Of each user of a panel, divided by `s_u`.
#[derive(Debug, Clone, Copy)]
pub(super) struct UserBounds {
    /// `1 / s_u`.
    pub(super) inverse_step: UserLanes,
    /// `|s_u q_u|`.
    pub(super) length: UserLanes,
    /// `|d_u|`.
    pub(super) error: UserLanes,
    /// `|u|` times the rounding of a score; infinite where nothing is known.
    pub(super) rounding: UserLanes,
    /// What the offset of the items' bytes adds to each product.
    pub(super) offset: [i32; USERS],
}

/// Bounds beyond this are as good as none; sums of bytes stay far below it.
const FAR: f32 = 1e9;

/// A panel of users: one entry of bytes for every four coordinates, and what they need to be hit.
pub(super) struct UserPanel<'a> {
    pub(super) bytes: &'a [UserBytes],
    pub(super) bounds: &'a UserBounds,
    pub(super) thresholds: &'a UserLanes,
    /// What single precision may be off by in the bounds, in steps.
    pub(super) margin: f32,
}

/// Bit `i` of a user's number is set when item `i` may have a score that is not below the user's threshold. `items` has
/// one entry for every four coordinates.
pub(super) fn hits(
    users: &UserPanel<'_>,
    items: &[ByteLanes],
    panel: &PanelBounds,
) -> [u32; USERS] {
    assert_eq!(users.bytes.len(), items.len(), "vectors of one width");
    #[cfg(target_arch = "x86_64")]
    if is_quick() {
        // SAFETY: the processor has the instructions.
        return unsafe { hits_avx512(users, items, panel) };
    }
    hits_in_loops(users.bytes, items, &bars(users, panel))
}

/// The least product of bytes with which an item of the panel may have each user's threshold.
fn bars(users: &UserPanel<'_>, panel: &PanelBounds) -> [i32; USERS] {
    let user = users.bounds;
    std::array::from_fn(|at| {
        let off = user.length[at] * panel.error
            + user.error[at] * panel.scaled_length
            + user.rounding[at] * panel.length;
        let needed = users.thresholds[at] * user.inverse_step[at] - off;
        let needed = needed * panel.inverse_step - users.margin;
        // What is not a number is no bound.
        let needed = if needed > -FAR { needed.min(FAR) } else { -FAR };
        needed as i32 + user.offset[at]
    })
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn bars_avx512(users: &UserPanel<'_>, panel: &PanelBounds) -> [i32; 16] {
    use std::arch::x86_64::*;
    const LANES: u16 = (1 << USERS) - 1;
    let (user, set) = (users.bounds, |x: f32| _mm512_set1_ps(x));
    // SAFETY: twelve numbers of each array are read.
    let of = |lanes: &UserLanes| unsafe { _mm512_maskz_loadu_ps(LANES, lanes.as_ptr()) };
    let off = _mm512_mul_ps(of(&user.length), set(panel.error));
    let off = _mm512_fmadd_ps(of(&user.error), set(panel.scaled_length), off);
    let off = _mm512_fmadd_ps(of(&user.rounding), set(panel.length), off);
    let needed = _mm512_fmsub_ps(of(users.thresholds), of(&user.inverse_step), off);
    let needed = _mm512_fmsub_ps(needed, set(panel.inverse_step), set(users.margin));
    // Both give the second factor where one is not a number, and so -FAR in the end.
    let needed = _mm512_max_ps(_mm512_min_ps(set(FAR), needed), set(-FAR));
    // SAFETY: as above; all sixteen of `bars` are written.
    unsafe {
        let offset = _mm512_maskz_loadu_epi32(LANES, user.offset.as_ptr());
        let mut bars = [0; 16];
        let sums = _mm512_add_epi32(_mm512_cvttps_epi32(needed), offset);
        _mm512_storeu_si512(bars.as_mut_ptr().cast(), sums);
        bars
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vnni")]
fn hits_avx512(users: &UserPanel<'_>, items: &[ByteLanes], panel: &PanelBounds) -> [u32; USERS] {
    use std::arch::x86_64::*;
    let mut sums = [[_mm512_setzero_si512(); 2]; USERS];
    for (user, item) in users.bytes.iter().zip(items) {
        // SAFETY: `item` holds 128 bytes.
        let item = unsafe {
            let start = item.0.as_ptr().cast::<u8>();
            [
                _mm512_loadu_si512(start.cast()),
                _mm512_loadu_si512(start.add(64).cast()),
            ]
        };
        for (sums, &user) in sums.iter_mut().zip(user) {
            let user = _mm512_set1_epi32(user);
            sums[0] = _mm512_dpbusd_epi32(sums[0], item[0], user);
            sums[1] = _mm512_dpbusd_epi32(sums[1], item[1], user);
        }
    }
    let bars = bars_avx512(users, panel);
    let mut hits = [0; USERS];
    for ((hits, sums), bar) in hits.iter_mut().zip(&sums).zip(bars) {
        let bar = _mm512_set1_epi32(bar);
        let low = _mm512_cmpge_epi32_mask(sums[0], bar);
        let high = _mm512_cmpge_epi32_mask(sums[1], bar);
        *hits = u32::from(low) | u32::from(high) << 16;
    }
    hits
}

/// What a processor without such instructions does; it is quicker without bytes.
fn hits_in_loops(users: &[UserBytes], items: &[ByteLanes], bars: &[i32; USERS]) -> [u32; USERS] {
    std::array::from_fn(|user| {
        let mut hits = 0;
        for place in 0..ITEMS {
            let products = users.iter().zip(items).map(|(users, items)| {
                let pairs = users[user].to_le_bytes().into_iter().zip(items.0[place]);
                pairs
                    .map(|(x, y)| i32::from(x as i8) * i32::from(y))
                    .sum::<i32>()
            });
            let is_hit = products.sum::<i32>() >= bars[user];
            hits |= u32::from(is_hit) << place;
        }
        hits
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_instruction_set_gives_the_same() {
        let byte = |at: usize| (at * 7919 % 256) as u8;
        let users: Vec<UserBytes> = (0..17)
            .map(|k| {
                std::array::from_fn(|u| {
                    let at = 31 * k + 7 * u;
                    i32::from_le_bytes(std::array::from_fn(|i| byte(at + i)))
                })
            })
            .collect();
        let items: Vec<ByteLanes> = (0..17)
            .map(|k| {
                ByteLanes(std::array::from_fn(|place| {
                    std::array::from_fn(|i| byte(5000 + 131 * k + 4 * place + i))
                }))
            })
            .collect();
        // By hand, coordinate by coordinate, for user 3 and item 20.
        let mut product = 0;
        for (users, items) in users.iter().zip(&items) {
            for at in 0..4 {
                let user = (users[3] >> (8 * at)) as u8 as i8;
                product += i32::from(user) * i32::from(items.0[20][at]);
            }
        }
        for (bar, is_hit) in [(product, 1), (product + 1, 0)] {
            let found = hits_in_loops(&users, &items, &[bar; USERS]);
            assert_eq!(found[3] >> 20 & 1, is_hit);
        }
        // Bounds of several magnitudes, and those that are none.
        let lanes = |scale: f32| -> UserLanes { std::array::from_fn(|u| scale * (1 + u) as f32) };
        let mut bounds = UserBounds {
            inverse_step: lanes(1.0),
            length: lanes(0.5),
            error: lanes(3.0),
            rounding: lanes(0.25),
            offset: std::array::from_fn(|u| 1000 * u as i32 - 5000),
        };
        (bounds.rounding[5], bounds.length[6]) = (f32::INFINITY, f32::NAN);
        let mut thresholds: UserLanes = std::array::from_fn(|u| 3000.0 * (u as f32 - 6.0));
        thresholds[..3].copy_from_slice(&[f32::NEG_INFINITY, f32::INFINITY, 1e30]);
        let panel = UserPanel {
            bytes: &users,
            bounds: &bounds,
            thresholds: &thresholds,
            margin: 2.0,
        };
        for error in [0.125, f32::INFINITY] {
            let item = PanelBounds {
                inverse_step: 0.5,
                error,
                scaled_length: 2.0,
                length: 4.0,
            };
            let found = hits(&panel, &items, &item);
            assert_eq!(found, hits_in_loops(&users, &items, &bars(&panel, &item)));
            assert_eq!([found[0], found[5], found[6]], [u32::MAX; 3]);
            let none = if error.is_finite() { 0 } else { u32::MAX };
            assert_eq!([found[1], found[2]], [none; 2]);
        }
    }
}
