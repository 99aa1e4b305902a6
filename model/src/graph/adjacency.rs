//! The normalized sparse graph on a device, and its one operation: propagate.

mod check;

use std::sync::Arc;

use burn::tensor::{Device, Tensor};

use crate::dropout;
use crate::network::NodeRows;
use crate::rows::{self, RowsPlan};
use crate::spmm::{self, HostCsr, Matrix};

pub use check::AdjacencyError;

/// Bytes of one column or one value of an edge.
const EDGE_BYTES: u64 = 4;

/// The normalized adjacency of users and items (users first), ready to multiply tables on one
/// device. Cloning shares it.
#[derive(Clone, Debug)]
pub struct Adjacency {
    n_users: usize,
    n_items: usize,
    matrix: Arc<Matrix>,
    buffer_limit_bytes: Option<u64>,
}

/// A square sparse matrix over users and items (users first) in compressed rows, its columns ascending
/// in each row. The pattern must be symmetric, so that the transpose shares `row_ptr` and `columns`.
#[derive(Clone, Debug, PartialEq)]
pub struct CsrMatrix {
    /// Where each row begins; one more than there are nodes.
    pub row_ptr: Vec<u32>,
    /// One node an edge.
    pub columns: Vec<u32>,
    /// One weight an edge.
    pub values: Vec<f32>,
    /// The value of each edge's mirror; `None` states that the matrix equals its transpose, and costs
    /// no memory.
    pub transposed_values: Option<Vec<f32>>,
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
        let limit = spmm::buffer_limit_bytes(device);
        let block_edges = limit.map_or(usize::MAX, |bytes| {
            usize::try_from(bytes / EDGE_BYTES).unwrap_or(usize::MAX)
        });
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
        matrix.check(n_users + n_items, block_edges)?;
        let host = HostCsr::new(matrix);
        Ok(Self {
            n_users,
            n_items,
            matrix: Arc::new(Matrix::new(host, block_edges, device)),
            buffer_limit_bytes: spmm::buffer_limit_bytes(device),
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
        self.matrix.host.columns.len()
    }

    /// The matrix, shared.
    pub(crate) fn matrix(&self) -> &Arc<Matrix> {
        &self.matrix
    }

    /// Each node's weighted sum of its neighbours' rows.
    ///
    /// # Shapes
    /// `[n_nodes, width] -> [n_nodes, width]`
    ///
    /// # Panics
    /// When `x` has another number of rows, or lives on another device than the adjacency.
    pub fn propagate(&self, x: Tensor<2>) -> Tensor<2> {
        self.assert_fits(&x);
        spmm::product(x, &self.matrix)
    }

    /// The mean of `x` and of its first `layers` propagations, `(x + A x + ... + A^layers x) /
    /// (layers + 1)`: LightGCN's whole forward pass, without a table per layer.
    ///
    /// # Shapes
    /// `[n_nodes, width] -> [n_nodes, width]`
    ///
    /// # Panics
    /// As [`Adjacency::propagate`].
    pub fn propagate_mean(&self, x: Tensor<2>, layers: usize) -> Tensor<2> {
        self.assert_fits(&x);
        spmm::mean_of_powers(x, &self.matrix, layers)
    }

    /// The nodes' rows of [`Adjacency::propagate_mean`] of both tables, and of the tables themselves,
    /// in one operation.
    ///
    /// `[n_users, width], [n_items, width] -> [n, width]` twice, for `n` nodes.
    ///
    /// # Panics
    /// When a table has another number of rows than the adjacency has users or items, or lives on
    /// another device.
    pub(crate) fn rows_of_mean(
        &self,
        users: Tensor<2>,
        items: Tensor<2>,
        layers: usize,
        nodes: Arc<[u32]>,
    ) -> NodeRows {
        assert_eq!(users.dims()[0], self.n_users, "one row per user");
        assert_eq!(items.dims()[0], self.n_items, "one row per item");
        let plan = RowsPlan {
            matrix: (layers > 0).then(|| self.matrix.clone()),
            layers,
            n_users: self.n_users,
            n_items: self.n_items,
            nodes,
        };
        let rows = rows::batch_rows(users, items, plan);
        if layers == 0 {
            NodeRows::Same(rows)
        } else {
            NodeRows::Stacked(rows)
        }
    }

    /// The same graph with each directed edge dropped with probability `rate` and the others
    /// scaled by `1 / (1 - rate)`. The choice is a pure function of `(seed, edge)`.
    pub fn drop_edges(&self, rate: f64, seed: u64) -> Self {
        let host = &self.matrix.host;
        let (values, transposed) = dropout::drop_edges(
            &host.row_ptr,
            &host.columns,
            &host.values,
            &host.transposed,
            rate,
            seed,
        );
        Self {
            matrix: Arc::new(self.matrix.with_values(values.into(), transposed.into())),
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

    fn assert_fits(&self, x: &Tensor<2>) {
        let [rows, _] = x.dims();
        assert_eq!(rows, self.n_nodes(), "the table must have one row per node");
    }
}

/// Whether a table `[n_nodes, width]` of floats fits one buffer of `device`. CPU devices have no
/// such limit.
///
/// # Errors
/// [`AdjacencyError::TableTooLarge`], with the figures.
pub fn check_table_fits(
    n_nodes: usize,
    width: usize,
    device: &Device,
) -> Result<(), AdjacencyError> {
    check_table(n_nodes, width, spmm::buffer_limit_bytes(device))
}

fn check_table(n_nodes: usize, width: usize, limit: Option<u64>) -> Result<(), AdjacencyError> {
    let needed = (n_nodes as u64)
        .saturating_mul(width as u64)
        .saturating_mul(size_of::<f32>() as u64);
    match limit {
        Some(limit) if needed > limit => Err(AdjacencyError::TableTooLarge {
            n_nodes,
            width,
            needed,
            limit,
        }),
        _ => Ok(()),
    }
}
