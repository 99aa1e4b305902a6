//! Functions that stay finite where the textbook form does not.

use burn::tensor::{Tensor, activation};

/// Rows with a smaller sum of squares have no direction.
pub(crate) const MIN_SQUARE: f64 = 1e-12;

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

/// Each row over its Euclidean norm. A row without direction becomes zero and passes no gradient,
/// where the plain quotient would give NaN and a clamped one a gradient scaled by 10^6.
///
/// # Shapes
/// `[n, width] -> [n, width]`
pub(crate) fn l2_normalize(x: Tensor<2>) -> Tensor<2> {
    let square = (x.clone() * x.clone()).sum_dim(1);
    let empty = square.clone().detach().lower_elem(MIN_SQUARE);
    let inverse = square
        .mask_fill(empty.clone(), 1.0)
        .sqrt()
        .recip()
        .mask_fill(empty, 0.0);
    x * inverse
}
