//! Which rows of which graph: what the forward and the backward pass share.

use std::sync::Arc;

#[cfg(feature = "gpu")]
use crate::graph::group_by_key;
use crate::graph::{Adjacency, Matrix};
use crate::kernels::cpu::spmm::rows::Packed;

/// The nodes of one batch and the polynomial of the matrix that makes their final rows.
#[derive(Clone, Debug)]
pub(crate) struct RowsPlan {
    /// `None` without propagation.
    pub(super) matrix: Option<Arc<Matrix>>,
    /// Propagations; the final rows are the mean of powers 0 to this one.
    pub(super) layers: usize,
    /// Whether the rows of every power are wanted beside their mean, not those of power 0 alone.
    pub(crate) each_layer: bool,
    pub(super) n_users: usize,
    pub(super) n_items: usize,
    /// One node a row of the result, with repetitions.
    pub(super) nodes: Arc<[u32]>,
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

/// The rows of a batch that are of each distinct node.
#[cfg(feature = "gpu")]
pub(super) struct Mentions {
    /// Where each distinct node's mentions begin, and the end of the last.
    pub(super) starts: Vec<u32>,
    /// Rows of the batch by node, in their order.
    pub(super) rows: Vec<u32>,
}

impl RowsPlan {
    /// The rows of the tables themselves.
    pub(crate) fn without_layers(n_users: usize, n_items: usize, nodes: Arc<[u32]>) -> Self {
        Self {
            matrix: None,
            layers: 0,
            each_layer: false,
            n_users,
            n_items,
            nodes,
        }
    }

    /// The rows of the mean of powers 0 to `layers` of an adjacency.
    pub(crate) fn of_mean(adjacency: &Adjacency, layers: usize, nodes: Arc<[u32]>) -> Self {
        Self {
            matrix: (layers > 0).then(|| adjacency.matrix().clone()),
            layers,
            ..Self::without_layers(adjacency.n_users(), adjacency.n_items(), nodes)
        }
    }

    /// How many sets of the nodes' rows the result has: the mean's, then those of powers.
    pub(crate) fn n_sets(&self) -> usize {
        match (&self.matrix, self.each_layer) {
            (None, _) => 1,
            (Some(_), false) => 2,
            (Some(_), true) => 2 + self.layers,
        }
    }

    /// Factor of the mean of powers.
    pub(super) fn scale(&self) -> f32 {
        1.0 / (self.layers + 1) as f32
    }

    /// The nodes without repetitions.
    pub(super) fn distinct(&self) -> Distinct {
        Distinct::of(&self.nodes, self.n_users + self.n_items)
    }

    /// The rows of the batch, grouped by node.
    #[cfg(feature = "gpu")]
    pub(super) fn mentions(&self, distinct: &Distinct) -> Mentions {
        let mut rows = vec![0; self.nodes.len()];
        let by_slot = (0..).zip(self.nodes.iter());
        let by_slot = by_slot.map(|(row, &node)| (distinct.slots[node as usize], row));
        let starts = group_by_key(distinct.nodes.len(), by_slot, |place, row| {
            rows[place] = row
        });
        Mentions { starts, rows }
    }
}

#[cfg(all(test, feature = "gpu"))]
mod tests {
    use super::*;

    #[test]
    fn mentions_are_sorted_by_node_and_keep_their_order() {
        let plan = RowsPlan::without_layers(3, 4, [5, 0, 5, 2, 0, 5].into());
        let distinct = plan.distinct();
        let mentions = plan.mentions(&distinct);
        assert_eq!(distinct.nodes, [5, 0, 2]);
        assert_eq!(mentions.starts, [0, 3, 5, 6]);
        assert_eq!(mentions.rows, [0, 2, 5, 1, 4, 3]);
    }
}
