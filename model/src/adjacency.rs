//! The normalized sparse graph on a device, and its one operation: propagate.

use std::sync::Arc;

use burn::tensor::{Device, Tensor};

use crate::dropout;
use crate::network::NodeRows;
use crate::rows::{self, RowsPlan};
use crate::spmm::{self, HostCsr, Matrix};

/// Nodes and edges are counted within 31 bits, so that every backend's index type holds them.
const MAX_INDEX: usize = i32::MAX as usize;
/// Relative difference above which a value and its mirror are not the same number.
const MIRROR_TOLERANCE: f32 = 1e-5;
/// Bytes of one column or one value of an edge.
const EDGE_BYTES: u64 = 4;

/// Why a graph cannot become an [`Adjacency`], or a table cannot live on its device.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[allow(missing_docs)]
pub enum AdjacencyError {
    #[error(
        "the graph has {n_nodes} nodes and {n_edges} directed edges; at most {MAX_INDEX} of each fit the devices' 32-bit indices"
    )]
    TooLarge { n_nodes: usize, n_edges: usize },
    #[error("row_ptr has {found} entries; {expected} are needed for {n_nodes} nodes", expected = n_nodes + 1)]
    RowPtrLength { n_nodes: usize, found: usize },
    #[error(
        "row_ptr must rise from 0 to the number of edges ({n_edges}); it does not at row {row}"
    )]
    RowPtrOrder { row: usize, n_edges: usize },
    #[error("{array} has {found} entries, but there are {n_edges} edges")]
    EdgeLength {
        array: &'static str,
        n_edges: usize,
        found: usize,
    },
    #[error("edge {edge} points to node {column}, but there are only {n_nodes} nodes")]
    ColumnOutOfBounds {
        edge: usize,
        column: u32,
        n_nodes: usize,
    },
    #[error("{array}[{edge}] is {value}; edge values must be finite")]
    NotFinite {
        array: &'static str,
        edge: usize,
        value: f32,
    },
    #[error(
        "edge {row} -> {column} has no mirror {column} -> {row}, or a row's columns are not strictly ascending; a bipartite graph holds each interaction both ways, sorted"
    )]
    NotMirrored { row: usize, column: u32 },
    #[error(
        "edge {row} -> {column} has value {value} but the transpose holds {mirror} for it; pass the transpose's own values in `transposed_values`"
    )]
    NotTransposed {
        row: usize,
        column: u32,
        value: f32,
        mirror: f32,
    },
    #[error(
        "node {row} has {edges} edges, more than one buffer of the device holds ({limit} edges); use the CPU device"
    )]
    RowTooLong {
        row: usize,
        edges: usize,
        limit: usize,
    },
    #[error("a table of {n_nodes} nodes x {width} floats needs {needed} bytes, but one buffer of the device holds at most {limit} bytes; use a dimension of at most {fitting} or the CPU device", fitting = limit / (4 * (*n_nodes).max(1) as u64))]
    TableTooLarge {
        n_nodes: usize,
        width: usize,
        needed: u64,
        limit: u64,
    },
}

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
    /// Validates a square CSR matrix over `n_users + n_items` nodes and puts it on `device`.
    ///
    /// The pattern must be symmetric with ascending columns, so that the transpose shares
    /// `row_ptr` and `columns`. `transposed_values[e]` is the value of the mirror of edge `e`;
    /// `None` states that the matrix equals its transpose, and costs no memory.
    ///
    /// # Errors
    /// [`AdjacencyError`] names the first row or edge that breaks a rule, or the limit exceeded.
    pub fn new(
        n_users: usize,
        n_items: usize,
        row_ptr: &[u32],
        columns: &[u32],
        values: &[f32],
        transposed_values: Option<&[f32]>,
        device: &Device,
    ) -> Result<Self, AdjacencyError> {
        let limit = spmm::buffer_limit_bytes(device);
        let block_edges = limit.map_or(usize::MAX, |bytes| {
            usize::try_from(bytes / EDGE_BYTES).unwrap_or(usize::MAX)
        });
        Self::with_block_edges(
            n_users,
            n_items,
            row_ptr,
            columns,
            values,
            transposed_values,
            block_edges,
            device,
        )
    }

    /// [`Adjacency::new`] with a ceiling on the edges one device buffer holds: a larger graph is
    /// cut into blocks of whole rows. CPU devices read the host's arrays and need no blocks.
    ///
    /// # Errors
    /// As [`Adjacency::new`].
    #[allow(clippy::too_many_arguments)]
    pub fn with_block_edges(
        n_users: usize,
        n_items: usize,
        row_ptr: &[u32],
        columns: &[u32],
        values: &[f32],
        transposed_values: Option<&[f32]>,
        block_edges: usize,
        device: &Device,
    ) -> Result<Self, AdjacencyError> {
        let n_nodes = n_users + n_items;
        check_structure(n_nodes, row_ptr, columns, block_edges)?;
        check_values("values", columns.len(), values)?;
        if let Some(transposed) = transposed_values {
            check_values("transposed_values", columns.len(), transposed)?;
        }
        check_mirrors(
            row_ptr,
            columns,
            values,
            transposed_values.unwrap_or(values),
        )?;
        let values: Arc<[f32]> = values.into();
        let host = HostCsr {
            row_ptr: row_ptr.into(),
            columns: columns.into(),
            transposed: transposed_values.map_or_else(|| values.clone(), Arc::from),
            values,
        };
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

fn check_structure(
    n_nodes: usize,
    row_ptr: &[u32],
    columns: &[u32],
    block_edges: usize,
) -> Result<(), AdjacencyError> {
    let n_edges = columns.len();
    if n_nodes > MAX_INDEX || n_edges > MAX_INDEX {
        return Err(AdjacencyError::TooLarge { n_nodes, n_edges });
    }
    if row_ptr.len() != n_nodes + 1 {
        return Err(AdjacencyError::RowPtrLength {
            n_nodes,
            found: row_ptr.len(),
        });
    }
    let ends = row_ptr[0] == 0 && row_ptr[n_nodes] as usize == n_edges;
    let fall = row_ptr.windows(2).position(|pair| pair[0] > pair[1]);
    if let Some(row) = fall.or((!ends).then_some(if row_ptr[0] == 0 { n_nodes } else { 0 })) {
        return Err(AdjacencyError::RowPtrOrder { row, n_edges });
    }
    let beyond = columns
        .iter()
        .position(|&column| column as usize >= n_nodes);
    if let Some(edge) = beyond {
        return Err(AdjacencyError::ColumnOutOfBounds {
            edge,
            column: columns[edge],
            n_nodes,
        });
    }
    let row_edges = |row: usize| (row_ptr[row + 1] - row_ptr[row]) as usize;
    match (0..n_nodes).find(|&row| row_edges(row) > block_edges) {
        Some(row) => Err(AdjacencyError::RowTooLong {
            row,
            edges: row_edges(row),
            limit: block_edges,
        }),
        None => Ok(()),
    }
}

fn check_values(array: &'static str, n_edges: usize, values: &[f32]) -> Result<(), AdjacencyError> {
    if values.len() != n_edges {
        return Err(AdjacencyError::EdgeLength {
            array,
            n_edges,
            found: values.len(),
        });
    }
    match values.iter().position(|value| !value.is_finite()) {
        Some(edge) => Err(AdjacencyError::NotFinite {
            array,
            edge,
            value: values[edge],
        }),
        None => Ok(()),
    }
}

/// Walks the rows in order, ticking off each edge's mirror: row `c` must list its columns in the
/// order in which rows mention `c`. One pass proves the pattern symmetric and its rows sorted,
/// and that `transposed` holds each mirror's value.
fn check_mirrors(
    row_ptr: &[u32],
    columns: &[u32],
    values: &[f32],
    transposed: &[f32],
) -> Result<(), AdjacencyError> {
    let n_nodes = row_ptr.len() - 1;
    let mut next: Vec<u32> = row_ptr[..n_nodes].to_vec();
    for row in 0..n_nodes {
        for edge in row_ptr[row] as usize..row_ptr[row + 1] as usize {
            let column = columns[edge];
            let mirror = next[column as usize];
            let found =
                mirror < row_ptr[column as usize + 1] && columns[mirror as usize] as usize == row;
            if !found {
                return Err(AdjacencyError::NotMirrored { row, column });
            }
            next[column as usize] += 1;
            let (value, mirror) = (values[edge], transposed[mirror as usize]);
            if (value - mirror).abs() > MIRROR_TOLERANCE * value.abs().max(mirror.abs()) {
                return Err(AdjacencyError::NotTransposed {
                    row,
                    column,
                    value,
                    mirror,
                });
            }
        }
    }
    Ok(())
}
