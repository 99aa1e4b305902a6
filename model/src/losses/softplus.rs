//! `log(1 + e^x)`.

use burn::tensor::{Tensor, activation};

/// `log(1 + e^x)` without overflow, with the right gradient (1/2) at zero.
pub(crate) fn softplus<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    -activation::log_sigmoid(-x)
}
