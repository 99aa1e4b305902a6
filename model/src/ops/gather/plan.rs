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

/// Nodes without repetitions.
pub(crate) struct Distinct {
    /// In the order of their first mention.
    pub(crate) nodes: Vec<u32>,
    /// The place in `nodes` of every node of the graph, or [`Packed::ABSENT`].
    pub(crate) slots: Vec<u32>,
}

impl Distinct {
    /// Those mentioned, of a graph of `n_nodes`.
    pub(crate) fn of(mentioned: &[u32], n_nodes: usize) -> Self {
        let mut slots = vec![Packed::ABSENT; n_nodes];
        let mut nodes = Vec::with_capacity(mentioned.len());
        for &node in mentioned {
            let slot = &mut slots[node as usize];
            if *slot == Packed::ABSENT {
                *slot = nodes.len() as u32;
                nodes.push(node);
            }
        }
        Self { nodes, slots }
    }
}

/// The rows of a batch that speak of each distinct node.
#[cfg(feature = "gpu")]
pub(super) struct Mentions {
    /// Where each distinct node's mentions begin, and the end of the last.
    pub(super) starts: Vec<u32>,
    /// Rows of the batch by node, in their order.
    pub(super) rows: Vec<u32>,
}

impl RowsPlan {
    /// Factor of the mean of powers.
    pub(super) fn scale(&self) -> f32 {
        1.0 / (self.layers + 1) as f32
    }

    pub(super) fn distinct(&self) -> Distinct {
        Distinct::of(&self.nodes, self.n_users + self.n_items)
    }

    #[cfg(feature = "gpu")]
    pub(super) fn mentions(&self, distinct: &Distinct) -> Mentions {
        let slot = |node: u32| distinct.slots[node as usize] as usize;
        let mut starts = vec![0u32; distinct.nodes.len() + 1];
        for &node in self.nodes.iter() {
            starts[slot(node) + 1] += 1;
        }
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        let mut next = starts.clone();
        let mut rows = vec![0; self.nodes.len()];
        for (row, &node) in (0..).zip(self.nodes.iter()) {
            let next = &mut next[slot(node)];
            rows[*next as usize] = row;
            *next += 1;
        }
        Mentions { starts, rows }
    }
}

#[cfg(all(test, feature = "gpu"))]
mod tests {
    use super::*;

    #[test]
    fn mentions_are_sorted_by_node_and_keep_their_order() {
        let plan = RowsPlan {
            matrix: None,
            layers: 0,
            n_users: 3,
            n_items: 4,
            nodes: [5, 0, 5, 2, 0, 5].into(),
        };
        let distinct = plan.distinct();
        let mentions = plan.mentions(&distinct);
        assert_eq!(distinct.nodes, [5, 0, 2]);
        assert_eq!(mentions.starts, [0, 3, 5, 6]);
        assert_eq!(mentions.rows, [0, 2, 5, 1, 4, 3]);
    }
}
