//! The unchecked arrays of an adjacency, their rules, and the errors of arrays that break one.

use burn::tensor::Device;

use crate::kernels::buffers::buffer_limit_bytes;

/// Nodes and edges are counted within 31 bits, so that every backend's index type holds them.
const MAX_INDEX: usize = i32::MAX as usize;
/// Relative difference above which a value and its mirror are not the same number.
const MIRROR_TOLERANCE: f32 = 1e-5;

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

/// Why a graph cannot become an [`Adjacency`](crate::Adjacency), or a table cannot live on its device.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[allow(missing_docs)] // each variant's message says it
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

impl CsrMatrix {
    /// Whether this is a square matrix of `n_nodes` rows with a symmetric pattern and finite values, no
    /// row of it longer than `block_edges`.
    pub(super) fn check(&self, n_nodes: usize, block_edges: usize) -> Result<(), AdjacencyError> {
        let (row_ptr, columns) = (&self.row_ptr, &self.columns);
        check_structure(n_nodes, row_ptr, columns, block_edges)?;
        check_values("values", columns.len(), &self.values)?;
        let transposed = self.transposed_values.as_ref();
        if let Some(transposed) = transposed {
            check_values("transposed_values", columns.len(), transposed)?;
        }
        let transposed = transposed.unwrap_or(&self.values);
        check_mirrors(row_ptr, columns, &self.values, transposed)
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
    check_table(n_nodes, width, buffer_limit_bytes(device))
}

pub(super) fn check_table(
    n_nodes: usize,
    width: usize,
    limit: Option<u64>,
) -> Result<(), AdjacencyError> {
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
