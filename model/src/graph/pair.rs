//! The product with a rectangular sparse matrix, with its gradient: what pools neighbourhoods and reads sparse features.

use std::sync::Arc;

use burn::backend::Dispatch;
#[cfg(feature = "gpu")]
use burn::tensor::Shape;
use burn::tensor::{Device, Tensor};

use super::rectangular::SparseMatrix;
use super::{HostCsr, Matrix, SpmmBackend, buffer_limit_bytes};

/// A rectangular matrix and its transpose on the host.
#[derive(Clone, Debug)]
pub(crate) struct HostPair {
    forth: HostCsr,
    back: HostCsr,
}

impl HostPair {
    /// Shares the arrays of the matrix, and makes those of its transpose.
    pub(crate) fn new(matrix: SparseMatrix) -> Self {
        Self {
            back: matrix.transposed().into(),
            forth: matrix.into(),
        }
    }

    /// Rows of the matrix.
    pub(crate) fn n_rows(&self) -> usize {
        self.forth.row_ptr.len() - 1
    }

    /// Puts both where `device` reads them.
    pub(crate) fn on(&self, device: &Device) -> Arc<Between> {
        let block_edges = buffer_limit_bytes(device).map_or(usize::MAX, |bytes| {
            usize::try_from(bytes / size_of::<f32>() as u64).unwrap_or(usize::MAX)
        });
        let matrix = |host: &HostCsr| Arc::new(Matrix::new(host.clone(), block_edges, device));
        Arc::new(Between {
            forth: matrix(&self.forth),
            back: matrix(&self.back),
        })
    }
}

/// A [`HostPair`] where the product runs.
#[derive(Debug)]
pub(crate) struct Between {
    forth: Arc<Matrix>,
    back: Arc<Matrix>,
}

impl Between {
    /// The matrix, or its transpose.
    pub(super) fn direction(&self, transposed: bool) -> Arc<Matrix> {
        match transposed {
            true => self.back.clone(),
            false => self.forth.clone(),
        }
    }
}

/// `M x` for tensors: `[n_columns, width] -> [n_rows, width]`.
pub(crate) fn product_between(x: Tensor<2>, between: &Arc<Between>) -> Tensor<2> {
    let y = <Dispatch as SpmmBackend>::spmm_between(x.into_dispatch(), between.clone(), false);
    Tensor::from_dispatch(y)
}

/// The shape of [`SpmmBackend::spmm_between`]'s result.
#[cfg(feature = "gpu")]
pub(super) fn between_shape(x: &Shape, between: &Between, transposed: bool) -> Shape {
    let matrix = between.direction(transposed);
    Shape::from([matrix.host.row_ptr.len() - 1, x[1]])
}
