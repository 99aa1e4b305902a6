//! Sparse matrices: the one type that holds rows of entries, how one is written row by row and transposed, and the
//! adjacency of users and items on a device.

mod adjacency;
mod check;
mod counting_sort;
mod csr;
mod matrix;
mod pair;
mod sparse_rows;

pub use adjacency::Adjacency;
pub use check::{AdjacencyError, CsrMatrix, check_table_fits};
#[cfg(feature = "gpu")]
pub(crate) use counting_sort::group_by_key;
pub use csr::SparseMatrix;
pub(crate) use matrix::Matrix;
pub(crate) use pair::{DevicePair, HostPair};
pub use sparse_rows::SparseRows;
