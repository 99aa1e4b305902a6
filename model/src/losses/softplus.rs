//! Functions that stay finite where the textbook form does not.

use burn::tensor::{Tensor, activation};

/// `log(1 + e^x)` without overflow, with the right gradient (1/2) at zero.
pub(crate) fn softplus<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    -activation::log_sigmoid(-x)
}

/// `x` where it is positive, `slope * x` elsewhere, as `x` times a constant factor: the backward
/// pass is one multiplication, where Burn's own form fills two tables of zeros.
pub(crate) fn leaky_relu(x: Tensor<2>, slope: f64) -> Tensor<2> {
    let positive = x.clone().greater_elem(0.0).float();
    let factor = positive * (1.0 - slope) + slope;
    x * factor
}
