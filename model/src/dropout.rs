//! Dropout whose masks are a pure function of a seed: the same on every backend and thread count.
//!
//! Masks are made on the host by a counter-based generator (SplitMix64 over the element's
//! position) and uploaded; a GPU pays the upload of one table per masked layer.

use burn::tensor::{Tensor, TensorData};
use rayon::prelude::*;

/// What a mask is for; masks of different purposes and layers are independent.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Purpose {
    Message,
    Node,
    Edge,
}

/// Whether dropout acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Training: masks are drawn from `seed`, which should differ from step to step.
    Train {
        /// Same seed, same masks, on every backend.
        seed: u64,
    },
    /// No dropout.
    Inference,
}

impl Mode {
    /// The seed of one layer's mask, when something is to be dropped.
    pub(crate) fn mask_seed(self, rate: f64, purpose: Purpose, layer: usize) -> Option<u64> {
        match self {
            Self::Train { seed } if rate > 0.0 => Some(mix(
                mix(seed).wrapping_add((layer as u64) << 8 | purpose as u64)
            )),
            _ => None,
        }
    }
}

/// SplitMix64's finalizer (Steele, Lea and Flood, 2014).
fn mix(position: u64) -> u64 {
    let mut z = position.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A draw is kept when its 16 bits are at or above this; rates are multiples of 2^-16.
fn threshold(rate: f64) -> u32 {
    (rate.clamp(0.0, 1.0) * 65_536.0).round() as u32
}

/// What a kept element is multiplied by, so that the expectation stays.
fn keep_scale(threshold: u32) -> f32 {
    if threshold >= 65_536 {
        0.0
    } else {
        65_536.0 / (65_536 - threshold) as f32
    }
}

/// `len` factors, each 0 with probability `rate`, else `1 / (1 - rate)`.
fn factors(len: usize, rate: f64, seed: u64) -> Vec<f32> {
    const BLOCK: usize = 1 << 14;
    let threshold = threshold(rate);
    let scale = keep_scale(threshold);
    let mut factors = vec![0.0f32; len];
    factors
        .par_chunks_mut(BLOCK)
        .enumerate()
        .for_each(|(block, chunk)| {
            let first = seed.wrapping_add((block * BLOCK / 4) as u64);
            for (word, four) in chunk.chunks_mut(4).enumerate() {
                let mut bits = mix(first.wrapping_add(word as u64));
                for factor in four {
                    if (bits & 0xffff) as u32 >= threshold {
                        *factor = scale;
                    }
                    bits >>= 16;
                }
            }
        });
    factors
}

/// Inverted dropout of single elements.
///
/// # Shapes
/// `[n, width] -> [n, width]`
pub(crate) fn elements(x: Tensor<2>, rate: f64, seed: u64) -> Tensor<2> {
    let [n, width] = x.dims();
    let mask = TensorData::new(factors(n * width, rate, seed), [n, width]);
    let mask = Tensor::<2>::from_data(mask, &x.device().without_autodiff());
    x * mask
}

/// Inverted dropout of whole rows.
///
/// # Shapes
/// `[n, width] -> [n, width]`
pub(crate) fn rows(x: Tensor<2>, rate: f64, seed: u64) -> Tensor<2> {
    let [n, _] = x.dims();
    let mask = TensorData::new(factors(n, rate, seed), [n, 1]);
    let mask = Tensor::<2>::from_data(mask, &x.device().without_autodiff());
    x * mask
}

/// Inverted dropout of directed edges: new values, and new values of the transpose. The draw of
/// edge `r -> c` depends on `(seed, r, c)` alone, so both arrays are made without a permutation.
pub(crate) fn drop_edges(
    row_ptr: &[u32],
    columns: &[u32],
    values: &[f32],
    transposed: &[f32],
    rate: f64,
    seed: u64,
) -> (Vec<f32>, Vec<f32>) {
    let threshold = threshold(rate);
    let scale = keep_scale(threshold);
    let factor = |from: u32, to: u32| {
        let draw = mix(seed ^ mix(u64::from(from) << 32 | u64::from(to)));
        if (draw & 0xffff) as u32 >= threshold {
            scale
        } else {
            0.0
        }
    };
    let fill = |row: usize, out: &mut [f32], out_transposed: &mut [f32]| {
        let edges = row_ptr[row] as usize..row_ptr[row + 1] as usize;
        for (at, edge) in edges.enumerate() {
            let column = columns[edge];
            out[at] = values[edge] * factor(row as u32, column);
            out_transposed[at] = transposed[edge] * factor(column, row as u32);
        }
    };
    let (mut kept, mut kept_transposed) = (vec![0.0; values.len()], vec![0.0; values.len()]);
    let (mut rest, mut rest_transposed) = (&mut kept[..], &mut kept_transposed[..]);
    let mut rows = Vec::with_capacity(row_ptr.len() - 1);
    for (row, bounds) in row_ptr.windows(2).enumerate() {
        let n_edges = (bounds[1] - bounds[0]) as usize;
        let (out, tail) = rest.split_at_mut(n_edges);
        let (out_transposed, tail_transposed) = rest_transposed.split_at_mut(n_edges);
        (rest, rest_transposed) = (tail, tail_transposed);
        rows.push((row, out, out_transposed));
    }
    rows.into_par_iter()
        .for_each(|(row, out, out_transposed)| fill(row, out, out_transposed));
    (kept, kept_transposed)
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
    fn layers_and_purposes_draw_differently() {
        let mode = Mode::Train { seed: 1 };
        let seeds = [
            mode.mask_seed(0.1, Purpose::Message, 0),
            mode.mask_seed(0.1, Purpose::Message, 1),
            mode.mask_seed(0.1, Purpose::Node, 0),
            mode.mask_seed(0.1, Purpose::Edge, 0),
        ];
        for (i, a) in seeds.iter().enumerate() {
            assert!(a.is_some() && seeds[i + 1..].iter().all(|b| a != b));
        }
        assert_eq!(mode.mask_seed(0.0, Purpose::Message, 0), None);
        assert_eq!(Mode::Inference.mask_seed(0.5, Purpose::Message, 0), None);
    }

    #[test]
    fn the_transpose_of_dropped_edges_drops_the_same_edges() {
        // Nodes 0 and 1 against node 2, both ways: edges 0->2, 1->2, 2->0, 2->1.
        let (row_ptr, columns) = ([0, 1, 2, 4], [2, 2, 0, 1]);
        let values = [1.0, 2.0, 3.0, 4.0];
        let transposed = [3.0, 4.0, 1.0, 2.0];
        for seed in 0..50 {
            let (v, t) = drop_edges(&row_ptr, &columns, &values, &transposed, 0.5, seed);
            assert_eq!([v[2], v[3], v[0], v[1]], [t[0], t[1], t[2], t[3]]);
        }
    }
}
