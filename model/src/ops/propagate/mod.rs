//! Propagation: sparse matrix times dense table, as a Burn backend extension.
//!
//! Absent on purpose: a tensor of edges x width. The forward pass gathers and sums in registers,
//! and the backward pass is the product with the transpose.
// Upstream deprecates the ndarray backend that the macro below names; we offer it knowingly.
#![cfg_attr(feature = "ndarray", allow(deprecated))]

#[cfg(feature = "train")]
mod autodiff;
mod cpu;
#[cfg(feature = "gpu")]
mod gpu;
#[cfg(feature = "ndarray")]
mod ndarray;

use std::sync::Arc;

use burn::backend::{Backend, Dispatch, backend_extension, tensor::FloatTensor};
#[cfg(feature = "gpu")]
use burn::tensor::Shape;
use burn::tensor::Tensor;

use crate::graph::{Adjacency, DevicePair, Matrix};

/// Sparse times dense, on every backend of this build.
#[backend_extension(
    Autodiff: cfg(feature = "train"),
    Flex,
    NdArray: cfg(feature = "ndarray"),
    Cube: cfg(feature = "gpu"),
    Fusion: cfg(feature = "gpu")
)]
pub(crate) trait PropagateBackend: Backend {
    /// `M x`, or `Mᵀ x`; `x` and the result are `[n_nodes, width]`.
    #[fusion(dtype = x, shape = x)]
    fn spmm(x: FloatTensor<Self>, matrix: Arc<Matrix>, transposed: bool) -> FloatTensor<Self>;

    /// `(x + M x + ... + M^layers x) / (layers + 1)`, or the same with `Mᵀ`.
    #[fusion(dtype = x, shape = x)]
    fn spmm_mean(
        x: FloatTensor<Self>,
        matrix: Arc<Matrix>,
        transposed: bool,
        layers: usize,
    ) -> FloatTensor<Self>;

    /// `M x` for a rectangular `M`, or `Mᵀ x`.
    ///
    /// `[n_columns, width] -> [n_rows, width]`
    #[fusion(dtype = x, shape = pair_shape(x, pair, *transposed))]
    fn spmm_pair(
        x: FloatTensor<Self>,
        pair: Arc<DevicePair>,
        transposed: bool,
    ) -> FloatTensor<Self> {
        Self::spmm(x, pair.direction(transposed), false)
    }
}

/// The shape of [`PropagateBackend::spmm_pair`]'s result.
#[cfg(feature = "gpu")]
fn pair_shape(x: &Shape, pair: &DevicePair, transposed: bool) -> Shape {
    Shape::from([pair.direction(transposed).n_rows(), x[1]])
}

/// `M x` for tensors and a rectangular `M`.
///
/// # Shapes
/// `[n_columns, width] -> [n_rows, width]`
pub(crate) fn product_of_pair(x: Tensor<2>, pair: &Arc<DevicePair>) -> Tensor<2> {
    let y = <Dispatch as PropagateBackend>::spmm_pair(x.into_dispatch(), pair.clone(), false);
    Tensor::from_dispatch(y)
}

impl Adjacency {
    /// Each node's weighted sum of its neighbours' rows.
    ///
    /// # Shapes
    /// `[n_nodes, width] -> [n_nodes, width]`
    ///
    /// # Panics
    /// When `x` has another number of rows, or lives on another device than the adjacency.
    pub fn propagate(&self, x: Tensor<2>) -> Tensor<2> {
        self.assert_fits(&x);
        let matrix = self.matrix().clone();
        let y = <Dispatch as PropagateBackend>::spmm(x.into_dispatch(), matrix, false);
        Tensor::from_dispatch(y)
    }

    /// The mean of `x` and of its first `layers` propagations, `(x + A x + ... + A^layers x) /
    /// (layers + 1)`: LightGCN's whole forward pass (arXiv 2002.02126, equation 8 with equal weights), without a table
    /// per layer.
    ///
    /// # Shapes
    /// `[n_nodes, width] -> [n_nodes, width]`
    ///
    /// # Panics
    /// As [`Adjacency::propagate`].
    pub fn propagate_mean(&self, x: Tensor<2>, layers: usize) -> Tensor<2> {
        self.assert_fits(&x);
        let (x, matrix) = (x.into_dispatch(), self.matrix().clone());
        let y = <Dispatch as PropagateBackend>::spmm_mean(x, matrix, false, layers);
        Tensor::from_dispatch(y)
    }

    fn assert_fits(&self, x: &Tensor<2>) {
        let [rows, _] = x.dims();
        assert_eq!(rows, self.n_nodes(), "the table must have one row per node");
    }
}
