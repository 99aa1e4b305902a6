//! Which rows of which graph: what the forward and the backward pass share.

use std::sync::Arc;

use crate::spmm::Matrix;
use crate::spmm::tables::Packed;

/// The nodes of one batch and the polynomial of the matrix that makes their final rows.
#[derive(Clone, Debug)]
pub(crate) struct RowsPlan {
    /// `None` without propagation.
    pub(crate) matrix: Option<Arc<Matrix>>,
    /// Propagations; the final rows are the mean of powers 0 to this one.
    pub(crate) layers: usize,
    pub(crate) n_users: usize,
    pub(crate) n_items: usize,
    /// One node a row of the result, with repetitions.
    pub(crate) nodes: Arc<[u32]>,
}

/// The nodes of a plan without repetitions.
pub(super) struct Distinct {
    /// In the order of their first mention.
    pub(super) nodes: Vec<u32>,
    /// The place in `nodes` of every node of the graph, or [`Packed::ABSENT`].
    pub(super) slots: Vec<u32>,
}

impl RowsPlan {
    pub(super) fn distinct(&self) -> Distinct {
        let mut slots = vec![Packed::ABSENT; self.n_users + self.n_items];
        let mut nodes = Vec::with_capacity(self.nodes.len());
        for &node in self.nodes.iter() {
            let slot = &mut slots[node as usize];
            if *slot == Packed::ABSENT {
                *slot = nodes.len() as u32;
                nodes.push(node);
            }
        }
        Distinct { nodes, slots }
    }
}
