//! The gradient of the sparse product: the product with the transpose.

use std::sync::Arc;

use burn::backend::autodiff::{
    Autodiff,
    checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
    grads::Gradients,
    ops::{Backward, Ops, OpsKind},
};
use burn::backend::tensor::FloatTensor;

use super::PropagateBackend;
use crate::graph::{DevicePair, Matrix};

/// What was multiplied; every operation is linear, so nothing of `x` is kept.
#[derive(Clone, Debug)]
struct Product {
    by: By,
    transposed: bool,
}

#[derive(Clone, Debug)]
enum By {
    Square(Arc<Matrix>),
    /// The mean of powers 0 to this one.
    Powers(Arc<Matrix>, usize),
    Rectangular(Arc<DevicePair>),
}

impl Product {
    fn apply<B: PropagateBackend>(self, x: FloatTensor<B>) -> FloatTensor<B> {
        match self.by {
            By::Square(matrix) => B::spmm(x, matrix, self.transposed),
            By::Powers(matrix, layers) => B::spmm_mean(x, matrix, self.transposed, layers),
            By::Rectangular(pair) => B::spmm_pair(x, pair, self.transposed),
        }
    }

    /// `((I + M + ... + M^k) / (k + 1))ᵀ` is the same polynomial of `Mᵀ`.
    fn transpose(mut self) -> Self {
        self.transposed = !self.transposed;
        self
    }
}

#[derive(Debug)]
struct ProductBackward;

impl<B: PropagateBackend> Backward<B, 1> for ProductBackward {
    type State = Product;

    fn backward(self, ops: Ops<Product, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let [parent] = ops.parents;
        let gradient = grads.consume::<B>(&ops.node);
        if let Some(parent) = parent {
            grads.register::<B>(parent.id, ops.state.transpose().apply::<B>(gradient));
        }
    }
}

fn track<B: PropagateBackend, C: CheckpointStrategy>(
    x: FloatTensor<Autodiff<B, C>>,
    product: Product,
) -> FloatTensor<Autodiff<B, C>> {
    let (x, guard) = x.into_parts();
    match Backward::<B, 1>::prepare::<C>(ProductBackward, [guard])
        .compute_bound()
        .stateful()
    {
        OpsKind::Tracked(prep) => {
            let y = product.clone().apply::<B>(x);
            prep.finish(product, y)
        }
        OpsKind::UnTracked(prep) => prep.finish(product.apply::<B>(x)),
    }
}

impl<B: PropagateBackend, C: CheckpointStrategy> PropagateBackend for Autodiff<B, C> {
    fn spmm(x: FloatTensor<Self>, matrix: Arc<Matrix>, transposed: bool) -> FloatTensor<Self> {
        track::<B, C>(
            x,
            Product {
                by: By::Square(matrix),
                transposed,
            },
        )
    }

    fn spmm_mean(
        x: FloatTensor<Self>,
        matrix: Arc<Matrix>,
        transposed: bool,
        layers: usize,
    ) -> FloatTensor<Self> {
        track::<B, C>(
            x,
            Product {
                by: By::Powers(matrix, layers),
                transposed,
            },
        )
    }

    fn spmm_pair(
        x: FloatTensor<Self>,
        pair: Arc<DevicePair>,
        transposed: bool,
    ) -> FloatTensor<Self> {
        track::<B, C>(
            x,
            Product {
                by: By::Rectangular(pair),
                transposed,
            },
        )
    }
}
