//! The sparse product as a Burn backend extension: the operation, and the matrix it multiplies.
//!
//! Absent on purpose: a tensor of edges x width. The forward pass gathers and sums in registers,
//! and the backward pass is the product with the transpose.
// Upstream deprecates the ndarray backend that the macro below names; we offer it knowingly.
#![cfg_attr(feature = "ndarray", allow(deprecated))]

#[cfg(feature = "train")]
mod autodiff;
mod balance;
mod between;
#[cfg(feature = "gpu")]
pub(crate) mod cube;
mod flex;
pub(crate) mod host;
mod kernel;
#[cfg(feature = "ndarray")]
mod ndarray;
mod rectangular;
mod sparse_rows;
pub(crate) mod tables;

use std::sync::Arc;

use burn::backend::{Backend, Dispatch, backend_extension, tensor::FloatTensor};
use burn::tensor::{Device, Tensor};

use crate::adjacency::CsrMatrix;

#[cfg(feature = "gpu")]
use between::between_shape;
pub(crate) use between::{Between, HostPair, product_between};
pub(crate) use kernel::{CsrView, Isa};
pub use rectangular::SparseMatrix;
pub use sparse_rows::SparseRows;

/// Rows with more edges than this are a workgroup's on a GPU, so that one thread never walks a popular
/// item's whole list alone.
#[cfg(feature = "gpu")]
pub(crate) const LONG_ROW_EDGES: usize = 512;
/// The most edges one workgroup sums.
#[cfg(feature = "gpu")]
pub(crate) const SEGMENT_EDGES: usize = 2048;

/// The square matrix on the host: what was validated, shared by every copy of the adjacency.
#[derive(Clone, Debug)]
pub(crate) struct HostCsr {
    pub(crate) row_ptr: Arc<Vec<u32>>,
    pub(crate) columns: Arc<Vec<u32>>,
    pub(crate) values: Arc<Vec<f32>>,
    /// Values of the transpose in the same edge order (the pattern is symmetric); `values` itself,
    /// as a shared handle, when the matrix is symmetric.
    pub(crate) transposed: Arc<Vec<f32>>,
}

impl HostCsr {
    /// The arrays of a checked matrix, as they are.
    pub(crate) fn new(matrix: CsrMatrix) -> Self {
        let values = Arc::new(matrix.values);
        Self {
            row_ptr: Arc::new(matrix.row_ptr),
            columns: Arc::new(matrix.columns),
            transposed: match matrix.transposed_values {
                Some(transposed) => Arc::new(transposed),
                None => values.clone(),
            },
            values,
        }
    }

    pub(crate) fn view(&self, transposed: bool) -> CsrView<'_> {
        CsrView {
            row_ptr: &self.row_ptr,
            columns: &self.columns,
            values: if transposed {
                &self.transposed
            } else {
                &self.values
            },
        }
    }
}

/// The matrix where the product runs. CPU backends read the host arrays; a GPU holds its own.
#[derive(Debug)]
pub(crate) struct Matrix {
    pub(crate) host: HostCsr,
    #[cfg(feature = "gpu")]
    cube: Option<cube::CubeMatrix>,
}

impl Matrix {
    /// Puts the matrix where `device` can read it, in blocks of whole rows of at most
    /// `block_edges` edges.
    pub(crate) fn new(host: HostCsr, block_edges: usize, device: &Device) -> Self {
        #[cfg(not(feature = "gpu"))]
        let _ = (block_edges, device);
        Self {
            #[cfg(feature = "gpu")]
            cube: cube::device(device).map(|at| cube::CubeMatrix::new(&host, block_edges, &at)),
            host,
        }
    }

    /// The same pattern with other values.
    pub(crate) fn with_values(&self, values: Arc<Vec<f32>>, transposed: Arc<Vec<f32>>) -> Self {
        let host = HostCsr {
            values,
            transposed,
            ..self.host.clone()
        };
        Self {
            #[cfg(feature = "gpu")]
            cube: self.cube.as_ref().map(|cube| cube.with_values(&host)),
            host,
        }
    }
}

/// The most bytes one buffer of `device` may hold, where there is such a limit.
pub(crate) fn buffer_limit_bytes(device: &Device) -> Option<u64> {
    #[cfg(feature = "gpu")]
    return cube::device(device).map(|at| cube::buffer_limit_bytes(&at));
    #[cfg(not(feature = "gpu"))]
    {
        let _ = device;
        None
    }
}

/// The instruction set of the CPU product (`portable`, `avx2`, `avx512f`), for run metadata. The
/// result has the same bits on all of them.
pub fn cpu_instruction_set() -> &'static str {
    Isa::detect().name()
}

/// Sparse times dense, on every backend of this build.
#[backend_extension(
    Autodiff: cfg(feature = "train"),
    Flex,
    NdArray: cfg(feature = "ndarray"),
    Cube: cfg(feature = "gpu"),
    Fusion: cfg(feature = "gpu")
)]
pub(crate) trait SpmmBackend: Backend {
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
    #[fusion(dtype = x, shape = between_shape(x, between, *transposed))]
    fn spmm_between(
        x: FloatTensor<Self>,
        between: Arc<Between>,
        transposed: bool,
    ) -> FloatTensor<Self> {
        Self::spmm(x, between.direction(transposed), false)
    }
}

/// `M x` for tensors.
pub(crate) fn product(x: Tensor<2>, matrix: &Arc<Matrix>) -> Tensor<2> {
    let y = <Dispatch as SpmmBackend>::spmm(x.into_dispatch(), matrix.clone(), false);
    Tensor::from_dispatch(y)
}

/// `(x + M x + ... + M^layers x) / (layers + 1)` for tensors.
pub(crate) fn mean_of_powers(x: Tensor<2>, matrix: &Arc<Matrix>, layers: usize) -> Tensor<2> {
    let y = <Dispatch as SpmmBackend>::spmm_mean(x.into_dispatch(), matrix.clone(), false, layers);
    Tensor::from_dispatch(y)
}
