//! The parts of a dense layer: the product of a tall table and a small matrix of weights, bias and ReLU, and rows of
//! length 1.
//!
//! On burn-flex all threads take pieces of rows, forward and back; other backends compose the same of Burn's
//! operations.

#[cfg(feature = "train")]
mod autodiff;
mod cpu;

use burn::backend::{Backend, Dispatch, backend_extension, tensor::FloatTensor};
use burn::tensor::Tensor;

use crate::kernels::cpu::unit_rows::MIN_SQUARE;
use crate::ops::flex::is_flex;

/// The operations and their gradients.
#[backend_extension(Autodiff: cfg(feature = "train"), Flex)]
pub(crate) trait LinearBackend: Backend {
    /// `x weights`: `[n, from], [from, to] -> [n, to]`
    fn product(x: FloatTensor<Self>, weights: FloatTensor<Self>) -> FloatTensor<Self>;

    /// The gradient of `x` from that of [`LinearBackend::product`]'s result.
    fn product_backward(
        gradient: FloatTensor<Self>,
        weights: FloatTensor<Self>,
    ) -> FloatTensor<Self>;

    /// The gradient of the weights from that of [`LinearBackend::product`]'s result.
    fn product_backward_weights(
        gradient: FloatTensor<Self>,
        x: FloatTensor<Self>,
    ) -> FloatTensor<Self>;

    /// `max(x + bias, 0)`: `[n, width], [width] -> [n, width]`
    fn rectify(x: FloatTensor<Self>, bias: FloatTensor<Self>) -> FloatTensor<Self>;

    /// The gradients of `x` and of the bias from that of [`LinearBackend::rectify`]'s result.
    fn rectify_backward(
        gradient: FloatTensor<Self>,
        result: FloatTensor<Self>,
    ) -> (FloatTensor<Self>, FloatTensor<Self>);

    /// Each row over its Euclidean norm: `[n, width] -> [n, width]`
    fn unit(x: FloatTensor<Self>) -> FloatTensor<Self>;

    /// The gradient of `x` from that of [`LinearBackend::unit`]'s result.
    fn unit_backward(gradient: FloatTensor<Self>, x: FloatTensor<Self>) -> FloatTensor<Self>;
}

/// `x weights`
///
/// # Shapes
/// `[n, from], [from, to] -> [n, to]`
pub(crate) fn product(x: Tensor<2>, weights: Tensor<2>) -> Tensor<2> {
    if !is_flex(&x.device()) {
        return x.matmul(weights);
    }
    let (x, weights) = (x.into_dispatch(), weights.into_dispatch());
    Tensor::from_dispatch(<Dispatch as LinearBackend>::product(x, weights))
}

/// `ReLU(x + bias)`
///
/// # Shapes
/// `[n, width], [width] -> [n, width]`
pub(crate) fn rectify(x: Tensor<2>, bias: Tensor<1>) -> Tensor<2> {
    if !is_flex(&x.device()) {
        return burn::tensor::activation::relu(x + bias.unsqueeze());
    }
    let (x, bias) = (x.into_dispatch(), bias.into_dispatch());
    Tensor::from_dispatch(<Dispatch as LinearBackend>::rectify(x, bias))
}

/// Each row over its Euclidean norm. A row without direction becomes zero and passes no gradient,
/// where the plain quotient would give NaN and a clamped one a gradient scaled by 10^6.
///
/// # Shapes
/// `[n, width] -> [n, width]`
pub(crate) fn l2_normalize(x: Tensor<2>) -> Tensor<2> {
    if is_flex(&x.device()) {
        let unit = <Dispatch as LinearBackend>::unit(x.into_dispatch());
        return Tensor::from_dispatch(unit);
    }
    let square = (x.clone() * x.clone()).sum_dim(1);
    let empty = square.clone().detach().lower_elem(MIN_SQUARE);
    let inverse = square
        .mask_fill(empty.clone(), 1.0)
        .sqrt()
        .recip()
        .mask_fill(empty, 0.0);
    x * inverse
}
