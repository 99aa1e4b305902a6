//! Dropout whose masks are a pure function of a seed: the same on every backend and thread count.
//!
//! Masks are made on the host and uploaded; a GPU pays the upload of one table per masked layer.

mod edges;
mod masks;

use burn::tensor::{Tensor, TensorData};

pub use masks::mix;
pub(crate) use masks::{EdgeDropout, ElementDropout, factors};

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

#[cfg(test)]
mod tests {
    use super::*;

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
}
