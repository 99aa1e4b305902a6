//! The normalized sparse graph of users and items on a device.

use std::sync::Arc;

use burn::tensor::Device;

use super::check::{AdjacencyError, CsrMatrix, check_table};
use super::csr::SparseMatrix;
use super::matrix::{Matrix, block_edges_of};
use crate::kernels::buffers::buffer_limit_bytes;

/// The normalized adjacency of users and items (users first), ready to multiply tables on one
/// device. Cloning shares it.
#[derive(Clone, Debug)]
pub struct Adjacency {
    n_users: usize,
    n_items: usize,
    matrix: Arc<Matrix>,
    buffer_limit_bytes: Option<u64>,
}

impl Adjacency {
    /// Validates a matrix over `n_users + n_items` nodes and puts it on `device`. A CPU device works
    /// on these very arrays: nothing is copied.
    ///
    /// # Errors
    /// [`AdjacencyError`] names the first row or edge that breaks a rule, or the limit exceeded.
    pub fn new(
        n_users: usize,
        n_items: usize,
        matrix: CsrMatrix,
        device: &Device,
    ) -> Result<Self, AdjacencyError> {
        let block_edges = block_edges_of(device);
        Self::with_block_edges(n_users, n_items, matrix, block_edges, device)
    }

    /// [`Adjacency::new`] with a ceiling on the edges one device buffer holds: a larger graph is
    /// cut into blocks of whole rows. CPU devices read the host's arrays and need no blocks.
    ///
    /// # Errors
    /// As [`Adjacency::new`].
    pub fn with_block_edges(
        n_users: usize,
        n_items: usize,
        matrix: CsrMatrix,
        block_edges: usize,
        device: &Device,
    ) -> Result<Self, AdjacencyError> {
        let n_nodes = n_users + n_items;
        matrix.check(n_nodes, block_edges)?;
        let CsrMatrix {
            row_ptr,
            columns,
            values,
            transposed_values,
        } = matrix;
        let csr = SparseMatrix::from_checked(n_nodes, row_ptr, columns, values);
        let matrix = Matrix::new(csr, transposed_values, block_edges, device);
        Ok(Self {
            n_users,
            n_items,
            matrix: Arc::new(matrix),
            buffer_limit_bytes: buffer_limit_bytes(device),
        })
    }

    /// Number of users; they are nodes `0..n_users`.
    pub fn n_users(&self) -> usize {
        self.n_users
    }

    /// Number of items; they are nodes `n_users..n_nodes`.
    pub fn n_items(&self) -> usize {
        self.n_items
    }

    /// Number of nodes.
    pub fn n_nodes(&self) -> usize {
        self.n_users + self.n_items
    }

    /// Number of directed edges.
    pub fn n_edges(&self) -> usize {
        self.matrix.n_edges()
    }

    /// The matrix, shared.
    pub(crate) fn matrix(&self) -> &Arc<Matrix> {
        &self.matrix
    }

    /// The same nodes with another matrix over them.
    pub(crate) fn with_matrix(&self, matrix: Matrix) -> Self {
        Self {
            matrix: Arc::new(matrix),
            ..self.clone()
        }
    }

    /// Whether a table of `width` floats per node fits the device.
    ///
    /// # Errors
    /// [`AdjacencyError::TableTooLarge`], with the figures.
    pub fn check_width(&self, width: usize) -> Result<(), AdjacencyError> {
        check_table(self.n_nodes(), width, self.buffer_limit_bytes)
    }
}
