//! Rows of one table by node, for networks composed of Burn's operations: Burn's `select`, with a backward pass that
//! a GPU sums by node.
#![cfg_attr(feature = "ndarray", allow(deprecated))]

use std::sync::Arc;

use burn::backend::tensor::{FloatTensor, IntTensor};
use burn::backend::{Backend, Dispatch, TensorMetadata, backend_extension};
use burn::tensor::{FloatDType, IndexingUpdateOp, Int, Shape, Tensor};

/// Selected rows, on every backend of this build. `ids` are the numbers that `nodes` holds on the device.
#[backend_extension(
    Autodiff: cfg(feature = "train"),
    Flex,
    NdArray: cfg(feature = "ndarray"),
    Cube: cfg(feature = "gpu"),
    Fusion: cfg(feature = "gpu")
)]
pub(crate) trait SelectBackend: Backend {
    /// `[n_rows, width], [n] -> [n, width]`
    #[fusion(default)]
    fn select_rows(
        table: FloatTensor<Self>,
        nodes: IntTensor<Self>,
        ids: Arc<[u32]>,
    ) -> FloatTensor<Self> {
        let _ = ids;
        Self::float_select(table, 0, nodes)
    }

    /// The gradient of the table, `[n, width], [n] -> [n_rows, width]`.
    #[fusion(dtype = gradient, shape = table_shape(gradient, *n_rows))]
    fn select_rows_backward(
        gradient: FloatTensor<Self>,
        nodes: IntTensor<Self>,
        ids: Arc<[u32]>,
        n_rows: usize,
    ) -> FloatTensor<Self> {
        let _ = ids;
        let shape = Shape::from([n_rows, gradient.shape()[1]]);
        let zeros = Self::float_zeros(shape, &gradient.device(), FloatDType::F32);
        Self::float_select_assign(zeros, 0, nodes, gradient, IndexingUpdateOp::Add)
    }
}

#[cfg(feature = "gpu")]
fn table_shape(gradient: &Shape, n_rows: usize) -> Shape {
    Shape::from([n_rows, gradient[1]])
}

/// [`SelectBackend::select_rows`] for tensors.
pub(crate) fn select_rows(table: Tensor<2>, nodes: Tensor<1, Int>, ids: Arc<[u32]>) -> Tensor<2> {
    let rows =
        <Dispatch as SelectBackend>::select_rows(table.into_dispatch(), nodes.into_dispatch(), ids);
    Tensor::from_dispatch(rows)
}

impl SelectBackend for burn::backend::Flex {}

#[cfg(feature = "ndarray")]
impl SelectBackend for burn::backend::NdArray {}
