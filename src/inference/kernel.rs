//! The inner product kernel: 12 users by 32 items held in registers, compared with thresholds on the way out.
//!
//! A score is one chain of multiply-adds over the dimensions in ascending order, whatever the instruction set
//! and the other users and items of the tile, so its bits depend on the two vectors alone (and on whether the
//! machine fuses a multiply with an add).

/// Users of a tile.
pub(super) const USERS: usize = 12;
/// Items of a tile.
pub(super) const ITEMS: usize = 32;

/// One dimension of a panel of items, on a cache line's boundary: vector loads that straddle lines cost a quarter
/// of the speed at 256 dimensions.
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
pub(super) struct ItemLanes(pub(super) [f32; ITEMS]);

/// Asks for items that will be needed soon, so that they are near when they are.
#[inline]
pub(super) fn fetch_ahead(items: &[ItemLanes]) {
    #[cfg(target_arch = "x86_64")]
    for lanes in items {
        use std::arch::x86_64::{_MM_HINT_T1, _mm_prefetch};
        // SAFETY: a hint, which reads nothing.
        unsafe {
            _mm_prefetch::<_MM_HINT_T1>(lanes.0.as_ptr().cast());
            _mm_prefetch::<_MM_HINT_T1>(lanes.0[ITEMS / 2..].as_ptr().cast());
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = items;
}

/// One dimension of a panel of users.
pub(super) type UserLanes = [f32; USERS];

/// What comes out of a product of [`USERS`] by [`ITEMS`].
pub(super) struct Tile {
    /// The scores, a row a user.
    pub(super) scores: [[f32; ITEMS]; USERS],
    /// Bit `i` of a user's number is set when the score of item `i` is not below the user's threshold; that of a
    /// NaN is set.
    pub(super) hits: [u32; USERS],
}

impl Tile {
    pub(super) fn new() -> Self {
        Self {
            scores: [[0.0; ITEMS]; USERS],
            hits: [0; USERS],
        }
    }

    /// The scores of a panel of users for a panel of items, one entry a dimension each.
    pub(super) fn fill(
        &mut self,
        users: &[UserLanes],
        items: &[ItemLanes],
        thresholds: &UserLanes,
    ) {
        assert_eq!(users.len(), items.len(), "vectors of one width");
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx512f") {
                // SAFETY: the processor has the instructions.
                return unsafe { self.fill_avx512(users, items, thresholds) };
            }
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                // SAFETY: the processor has the instructions.
                return unsafe { self.fill_avx2(users, items, thresholds) };
            }
        }
        const FUSED: bool = cfg!(any(target_feature = "fma", target_arch = "aarch64"));
        self.fill_in_blocks::<FUSED>(users, items, thresholds);
    }

    /// Written out because the compiler, given the loops below, spills the sums to memory to compare them: 150
    /// instead of 200 GFLOP/s on a core that can do 240.
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx512f")]
    fn fill_avx512(&mut self, users: &[UserLanes], items: &[ItemLanes], thresholds: &UserLanes) {
        use std::arch::x86_64::*;
        let mut sums = [[_mm512_setzero_ps(); 2]; USERS];
        for (user, item) in users.iter().zip(items) {
            // SAFETY: `item` holds 32 numbers.
            let item = unsafe {
                let start = item.0.as_ptr();
                [_mm512_loadu_ps(start), _mm512_loadu_ps(start.add(16))]
            };
            for (sums, &user) in sums.iter_mut().zip(user) {
                let user = _mm512_set1_ps(user);
                sums[0] = _mm512_fmadd_ps(user, item[0], sums[0]);
                sums[1] = _mm512_fmadd_ps(user, item[1], sums[1]);
            }
        }
        for (at, sums) in sums.iter().enumerate() {
            let threshold = _mm512_set1_ps(thresholds[at]);
            let low = _mm512_cmp_ps_mask::<_CMP_NLT_UQ>(sums[0], threshold);
            let high = _mm512_cmp_ps_mask::<_CMP_NLT_UQ>(sums[1], threshold);
            self.hits[at] = u32::from(low) | u32::from(high) << 16;
            // SAFETY: a row holds 32 numbers.
            unsafe {
                let row = self.scores[at].as_mut_ptr();
                _mm512_storeu_ps(row, sums[0]);
                _mm512_storeu_ps(row.add(16), sums[1]);
            }
        }
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,fma")]
    fn fill_avx2(&mut self, users: &[UserLanes], items: &[ItemLanes], thresholds: &UserLanes) {
        self.fill_in_blocks::<true>(users, items, thresholds);
    }

    /// Blocks of 6 by 16, whose sums fit 16 registers of 8 numbers.
    #[inline(always)]
    fn fill_in_blocks<const FUSED: bool>(
        &mut self,
        users: &[UserLanes],
        items: &[ItemLanes],
        thresholds: &UserLanes,
    ) {
        const M: usize = 6;
        const N: usize = 16;
        for first_user in (0..USERS).step_by(M) {
            for first_item in (0..ITEMS).step_by(N) {
                let mut sums = [[0f32; N]; M];
                for (user, item) in users.iter().zip(items) {
                    let (user, item) = (&user[first_user..][..M], &item.0[first_item..][..N]);
                    for (sums, &user) in sums.iter_mut().zip(user) {
                        for (sum, &item) in sums.iter_mut().zip(item) {
                            *sum = if FUSED {
                                user.mul_add(item, *sum)
                            } else {
                                *sum + user * item
                            };
                        }
                    }
                }
                for (row, sums) in self.scores[first_user..].iter_mut().zip(&sums) {
                    row[first_item..][..N].copy_from_slice(sums);
                }
            }
        }
        for ((row, hits), threshold) in self.scores.iter().zip(&mut self.hits).zip(thresholds) {
            *hits = 0;
            for (lane, score) in row.iter().enumerate() {
                // The negated comparison lets NaN through, so that none goes unseen.
                #[allow(clippy::neg_cmp_op_on_partial_ord)]
                let hit = !(score < threshold);
                *hits |= u32::from(hit) << lane;
            }
        }
    }
}

/// Scores of one user that are computed together, so that no sum waits for the one before it.
pub(super) const TOGETHER: usize = 8;

/// The scores of a user for some items, with the bits that [`Tile::fill`] gives them.
pub(super) fn scores_of(user: &[f32], items: [&[f32]; TOGETHER]) -> [f32; TOGETHER] {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
        // SAFETY: the processor has the instructions.
        return unsafe { scores_fused(user, items) };
    }
    const FUSED: bool = cfg!(any(target_feature = "fma", target_arch = "aarch64"));
    scores_in_chains::<FUSED>(user, items)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn scores_fused(user: &[f32], items: [&[f32]; TOGETHER]) -> [f32; TOGETHER] {
    scores_in_chains::<true>(user, items)
}

#[inline(always)]
fn scores_in_chains<const FUSED: bool>(user: &[f32], items: [&[f32]; TOGETHER]) -> [f32; TOGETHER] {
    let items = items.map(|item| &item[..user.len()]);
    let mut sums = [0f32; TOGETHER];
    for (at, &user) in user.iter().enumerate() {
        for (sum, item) in sums.iter_mut().zip(items) {
            *sum = match FUSED {
                true => user.mul_add(item[at], *sum),
                false => *sum + user * item[at],
            };
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_of_some_items_have_the_bits_of_the_tile() {
        const DIM: usize = 37;
        let users: Vec<UserLanes> = (0..DIM)
            .map(|k| std::array::from_fn(|u| number(k * USERS + u)))
            .collect();
        let items: Vec<ItemLanes> = (0..DIM)
            .map(|k| ItemLanes(std::array::from_fn(|i| number(9001 + k * ITEMS + i))))
            .collect();
        let mut tile = Tile::new();
        tile.fill(&users, &items, &[f32::INFINITY; USERS]);
        let user: Vec<f32> = users.iter().map(|lanes| lanes[4]).collect();
        let row = |i: usize| -> Vec<f32> { items.iter().map(|lanes| lanes.0[i]).collect() };
        let rows: Vec<Vec<f32>> = (0..ITEMS).map(row).collect();
        for (at, some) in rows.chunks_exact(TOGETHER).enumerate() {
            let scores = scores_of(&user, std::array::from_fn(|i| &some[i][..]));
            let expected = &tile.scores[4][at * TOGETHER..][..TOGETHER];
            assert_eq!(
                scores.map(f32::to_bits).as_slice(),
                expected.iter().map(|x| x.to_bits()).collect::<Vec<_>>()
            );
        }
    }

    /// Awkward numbers: signs, magnitudes apart, and products that round.
    fn number(at: usize) -> f32 {
        ((at * 7919 % 1013) as f32 - 500.0) / (1 + at % 7) as f32
    }

    #[test]
    fn every_instruction_set_gives_the_bits_of_one_chain_and_marks_what_is_not_below() {
        const DIM: usize = 37;
        let users: Vec<UserLanes> = (0..DIM)
            .map(|k| std::array::from_fn(|u| number(k * USERS + u)))
            .collect();
        let items: Vec<ItemLanes> = (0..DIM)
            .map(|k| ItemLanes(std::array::from_fn(|i| number(9001 + k * ITEMS + i))))
            .collect();
        let chain = |fused: bool, u: usize, i: usize| {
            users.iter().zip(&items).fold(0f32, |sum, (user, item)| {
                let (user, item) = (user[u], item.0[i]);
                if fused {
                    user.mul_add(item, sum)
                } else {
                    sum + user * item
                }
            })
        };
        let thresholds = std::array::from_fn(|u| chain(true, u, 5));
        let check = |fused: bool, name: &str, tile: &Tile| {
            for (u, &threshold) in thresholds.iter().enumerate() {
                let expected: [f32; ITEMS] = std::array::from_fn(|i| chain(fused, u, i));
                let bits = |row: &[f32; ITEMS]| row.map(f32::to_bits);
                assert_eq!(bits(&tile.scores[u]), bits(&expected), "{name}, user {u}");
                let hits = (0..ITEMS).filter(|&i| expected[i] >= threshold);
                assert_eq!(tile.hits[u], hits.map(|i| 1 << i).sum::<u32>(), "{name}");
            }
        };
        let mut tile = Tile::new();
        tile.fill_in_blocks::<true>(&users, &items, &thresholds);
        check(true, "portable, fused", &tile);
        tile.fill_in_blocks::<false>(&users, &items, &thresholds);
        check(false, "portable, plain", &tile);
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx512f") {
                let mut tile = Tile::new();
                // SAFETY: the processor has the instructions.
                unsafe { tile.fill_avx512(&users, &items, &thresholds) };
                check(true, "AVX-512", &tile);
            }
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                let mut tile = Tile::new();
                // SAFETY: the processor has the instructions.
                unsafe { tile.fill_avx2(&users, &items, &thresholds) };
                check(true, "AVX2", &tile);
            }
        }
    }

    #[test]
    fn a_score_that_is_no_number_is_marked() {
        let mut tile = Tile::new();
        let mut items = [ItemLanes([1.0; ITEMS])];
        items[0].0[30] = f32::NAN;
        tile.fill(&[[1.0; USERS]], &items, &[2.0; USERS]);
        assert_eq!(tile.hits, [1 << 30; USERS]);
    }
}
