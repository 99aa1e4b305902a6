//! Dense layers for burn-flex; activations in place where nobody else holds the tensor.

mod activation;
mod product;

use burn::backend::flex::FlexTensor;
use burn::backend::{Flex, TensorMetadata};

use super::LinearBackend;
use crate::kernels::cpu::unit_rows::{pull_back_unit, unit_rows};
use crate::ops::flex::tensor;

impl LinearBackend for Flex {
    fn product(x: FlexTensor, weights: FlexTensor) -> FlexTensor {
        let (n, [from, to]) = (x.shape()[0], weights.shape().dims());
        assert_eq!(x.shape()[1], from, "a row of weights a column");
        let (x, weights) = (whole(x), whole(weights));
        tensor(
            product::of_rows(x.storage(), from, weights.storage(), to),
            [n, to],
        )
    }

    fn product_backward(gradient: FlexTensor, weights: FlexTensor) -> FlexTensor {
        let (n, [from, to]) = (gradient.shape()[0], weights.shape().dims());
        let (gradient, weights) = (whole(gradient), whole(weights));
        let of_x = product::of_rows_by_transposed(gradient.storage(), to, weights.storage(), from);
        tensor(of_x, [n, from])
    }

    fn product_backward_weights(gradient: FlexTensor, x: FlexTensor) -> FlexTensor {
        let (from, to) = (x.shape()[1], gradient.shape()[1]);
        let (gradient, x) = (whole(gradient), whole(x));
        tensor(
            product::transposed(x.storage(), from, gradient.storage(), to),
            [from, to],
        )
    }

    fn rectify(x: FlexTensor, bias: FlexTensor) -> FlexTensor {
        let (mut x, bias) = (whole(x), whole(bias));
        assert_eq!(x.shape()[1], bias.shape()[0], "a bias a column");
        activation::rectify(x.storage_mut(), bias.storage());
        x
    }

    fn rectify_backward(gradient: FlexTensor, result: FlexTensor) -> (FlexTensor, FlexTensor) {
        let width = result.shape()[1];
        let (mut gradient, result) = (whole(gradient), whole(result));
        let of_bias = activation::rectify_backward(gradient.storage_mut(), result.storage(), width);
        (gradient, tensor(of_bias, [width]))
    }

    fn unit(x: FlexTensor) -> FlexTensor {
        let shape = x.shape();
        let unit = unit_rows(whole(x).storage(), shape[1]);
        tensor(unit, shape)
    }

    fn unit_backward(gradient: FlexTensor, x: FlexTensor) -> FlexTensor {
        let width = x.shape()[1];
        let mut gradient = whole(gradient);
        pull_back_unit(whole(x).storage(), gradient.storage_mut(), width);
        gradient
    }
}

/// The tensor with its values in order and nothing beside them. It takes the handle by value: a tensor that has no
/// other handle may be written to in place.
fn whole(x: FlexTensor) -> FlexTensor {
    x.to_contiguous()
}
