//! Errors of building a graph.

use thiserror::Error;

use crate::failure::{Fails, Failure};
/// Errors of building a graph.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum GraphError {
    /// Burn's indices have 32 bits, one of them the sign.
    #[error(
        "the graph has {n_entries} entries (both directions, and one a node for self-loops), more than the \
         {} that 32-bit indices can number: filter the log with `--min-rating` or `--k-core`",
        i32::MAX
    )]
    TooManyEntries {
        /// Entries of the adjacency matrix at most.
        n_entries: usize,
    },
}

impl GraphError {
    pub(super) fn check_edges(n_edges: usize, n_nodes: usize) -> Result<(), Self> {
        let n_entries = 2 * n_edges + n_nodes;
        if n_entries > i32::MAX as usize {
            Err(Self::TooManyEntries { n_entries })
        } else {
            Ok(())
        }
    }
}

impl Fails for GraphError {
    fn failure(&self) -> Failure {
        Failure::BadData
    }
}
