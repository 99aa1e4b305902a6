//! The results of networks: all nodes' rows, or a batch's.

use burn::tensor::{Device, Tensor};

use crate::batch::BatchIndices;
use crate::ops::gather::select_rows;

/// A batch's rows, in the order users, positives, per-positive negatives, batch-shared negatives: the final ones, and
/// those of the learned tables.
// One lives at a time, for a step, so the width of the largest variant costs nothing.
#[allow(clippy::large_enum_variant)]
pub(crate) enum NodeRows {
    /// The final rows are the tables' own, `[n, dim]`.
    Same(Tensor<2>),
    /// The final rows, then the tables', then those of other layers where they are wanted: `1 + n_layers` sets of rows,
    /// `[(1 + n_layers) n, dim]`.
    Stacked { rows: Tensor<2>, n_layers: usize },
    /// Two tensors, `[n, width]` and `[n, dim]`.
    Apart { last: Tensor<2>, initial: Tensor<2> },
}

impl NodeRows {
    /// Where the rows are.
    pub(crate) fn device(&self) -> Device {
        match self {
            Self::Same(rows) | Self::Stacked { rows, .. } | Self::Apart { last: rows, .. } => {
                rows.device()
            }
        }
    }

    /// The final rows.
    pub(crate) fn last(&self) -> Tensor<2> {
        match self {
            Self::Same(rows) => rows.clone(),
            Self::Stacked { rows, n_layers } => {
                rows.clone().narrow(0, 0, rows.dims()[0] / (1 + n_layers))
            }
            Self::Apart { last, .. } => last.clone(),
        }
    }

    /// The tables' rows.
    pub(crate) fn initial(&self) -> Tensor<2> {
        match self {
            Self::Same(rows) => rows.clone(),
            Self::Stacked { rows, n_layers } => {
                let n = rows.dims()[0] / (1 + n_layers);
                rows.clone().narrow(0, n, n)
            }
            Self::Apart { initial, .. } => initial.clone(),
        }
    }

    /// The rows of every layer that is known, the tables' first, one set after the other.
    pub(crate) fn layers(&self) -> Tensor<2> {
        match self {
            Self::Stacked { rows, n_layers } => {
                let n = rows.dims()[0] / (1 + n_layers);
                rows.clone().narrow(0, n, n * n_layers)
            }
            Self::Same(_) | Self::Apart { .. } => self.initial(),
        }
    }
}

/// The result of a forward pass: the learned rows and the final ones, `[n_nodes, _]` each.
pub(crate) struct Forward {
    pub(crate) initial: Tensor<2>,
    pub(crate) nodes: Tensor<2>,
}

impl Forward {
    /// A batch's rows.
    pub(crate) fn select(self, batch: &BatchIndices, n_users: usize) -> NodeRows {
        let (nodes, ids) = (batch.node_tensor(n_users), batch.nodes(n_users));
        NodeRows::Apart {
            last: select_rows(self.nodes, nodes.clone(), ids.clone()),
            initial: select_rows(self.initial, nodes, ids),
        }
    }
}
