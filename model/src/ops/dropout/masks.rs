//! The masks: a counter-based generator, SplitMix64 over the element's position.

use rayon::prelude::*;

/// SplitMix64's finalizer (Steele, Lea and Flood, 2014).
pub fn mix(position: u64) -> u64 {
    let mut z = position.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Which draws are kept, and what a kept one is multiplied by so that the expectation stays.
#[derive(Clone, Copy, Debug)]
struct Rate {
    /// A draw is kept when its 16 bits are at or above this; rates are multiples of 2^-16.
    threshold: u32,
    scale: f32,
}

impl Rate {
    fn new(rate: f64) -> Self {
        let threshold = (rate.clamp(0.0, 1.0) * 65_536.0).round() as u32;
        let scale = if threshold >= 65_536 {
            0.0
        } else {
            65_536.0 / (65_536 - threshold) as f32
        };
        Self { threshold, scale }
    }

    /// The factor of a draw, of which the lowest 16 bits count.
    #[inline(always)]
    fn factor(self, draw: u64) -> f32 {
        if (draw & 0xffff) as u32 >= self.threshold {
            self.scale
        } else {
            0.0
        }
    }
}

/// Draws for the elements of a table, counted row by row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ElementDropout {
    rate: Rate,
    seed: u64,
}

impl ElementDropout {
    pub(crate) fn new(rate: f64, seed: u64) -> Self {
        Self {
            rate: Rate::new(rate),
            seed,
        }
    }

    /// What kept elements are multiplied by.
    pub(crate) fn scale(&self) -> f32 {
        self.rate.scale
    }

    /// The factors of the elements from `first` on: four from each draw.
    #[inline(always)]
    pub(crate) fn factors(&self, first: usize, out: &mut [f32]) {
        let draw = |element: usize| mix(self.seed.wrapping_add((element / 4) as u64));
        let single = |(element, factor): (usize, &mut f32)| {
            *factor = self.rate.factor(draw(element) >> (16 * (element % 4)));
        };
        let (ragged, out) = out.split_at_mut((first.next_multiple_of(4) - first).min(out.len()));
        (first..).zip(ragged).for_each(single);
        let first = first.next_multiple_of(4);
        // Arrays of four, not slices of at most four, or the compiler does not vectorize.
        let (fours, ragged) = out.as_chunks_mut::<4>();
        for (four, number) in fours.iter_mut().zip(first / 4..) {
            let bits = draw(4 * number);
            for (at, factor) in four.iter_mut().enumerate() {
                *factor = self.rate.factor(bits >> (16 * at));
            }
        }
        (first + 4 * fours.len()..).zip(ragged).for_each(single);
    }
}

/// `len` factors, each 0 with probability `rate`, else `1 / (1 - rate)`.
pub(crate) fn factors(len: usize, rate: f64, seed: u64) -> Vec<f32> {
    const BLOCK: usize = 1 << 14;
    let dropout = ElementDropout::new(rate, seed);
    let mut factors = vec![0.0f32; len];
    factors
        .par_chunks_mut(BLOCK)
        .enumerate()
        .for_each(|(block, chunk)| dropout.factors(block * BLOCK, chunk));
    factors
}

/// Draws for directed edges: pure functions of the seed and the edge's ends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EdgeDropout {
    rate: Rate,
    seed: u64,
}

impl EdgeDropout {
    pub(crate) fn new(rate: f64, seed: u64) -> Self {
        Self {
            rate: Rate::new(rate),
            seed,
        }
    }

    /// The factor of the entry in row `from` and column `to`.
    #[inline(always)]
    pub(crate) fn factor(&self, from: u32, to: u32) -> f32 {
        let edge = u64::from(from) << 32 | u64::from(to);
        self.rate.factor(mix(self.seed ^ mix(edge)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn factors_keep_the_expectation_and_depend_on_the_seed_alone() {
        let a = factors(100_000, 0.1, 7);
        let zeros = a.iter().filter(|&&factor| factor == 0.0).count();
        // Four standard deviations of a binomial(100000, 0.1).
        assert!((9_620..=10_380).contains(&zeros), "{zeros} zeros");
        assert_eq!(a, factors(100_000, 0.1, 7));
        assert_ne!(a, factors(100_000, 0.1, 8));
        let mean = a.iter().map(|&f| f64::from(f)).sum::<f64>() / a.len() as f64;
        assert!((mean - 1.0).abs() < 0.005);
    }

    #[test]
    fn a_part_of_the_factors_is_the_part_of_all_factors() {
        let all = factors(1_000, 0.3, 9);
        let dropout = ElementDropout::new(0.3, 9);
        for first in [0, 1, 2, 3, 4, 7, 20, 989] {
            let mut part = [1.0; 11];
            dropout.factors(first, &mut part);
            assert_eq!(part[..], all[first..first + 11], "from {first}");
        }
    }
}
