//! A rectangular sparse matrix and its transpose: what pools neighbourhoods and reads sparse features, with a gradient.

use std::sync::Arc;

use burn::tensor::Device;

use super::csr::SparseMatrix;
use super::matrix::{Matrix, block_edges_of};

/// A rectangular matrix and its transpose on the host.
#[derive(Clone, Debug)]
pub(crate) struct HostPair {
    forth: SparseMatrix,
    back: SparseMatrix,
}

impl HostPair {
    /// Shares the arrays of the matrix, and makes those of its transpose.
    pub(crate) fn new(matrix: SparseMatrix) -> Self {
        Self {
            back: matrix.transposed(),
            forth: matrix,
        }
    }

    /// Rows of the matrix.
    pub(crate) fn n_rows(&self) -> usize {
        self.forth.n_rows()
    }

    /// Puts both where `device` reads them.
    pub(crate) fn on(&self, device: &Device) -> Arc<DevicePair> {
        let block_edges = block_edges_of(device);
        let matrix =
            |host: &SparseMatrix| Arc::new(Matrix::new(host.clone(), None, block_edges, device));
        Arc::new(DevicePair {
            forth: matrix(&self.forth),
            back: matrix(&self.back),
        })
    }
}

/// A [`HostPair`] where the product runs.
#[derive(Debug)]
pub(crate) struct DevicePair {
    forth: Arc<Matrix>,
    back: Arc<Matrix>,
}

impl DevicePair {
    /// The matrix, or its transpose.
    pub(crate) fn direction(&self, transposed: bool) -> Arc<Matrix> {
        match transposed {
            true => self.back.clone(),
            false => self.forth.clone(),
        }
    }
}
