//! LightGCN (He et al., SIGIR 2020, arXiv 2002.02126): propagation and nothing else.

use burn::module::Module;
use serde::{Deserialize, Serialize};

use super::forward::{Forward, NodeRows};
use super::tables::EmbeddingTables;
use crate::batch::BatchIndices;
use crate::graph::Adjacency;
use crate::ops::gather::{RowsPlan, batch_rows};
use crate::parameters::checks::at_least_one;
use crate::parameters::{ConfigError, Init, Initializer};

/// Settings of [`LightGcn`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LightGcnConfig {
    /// Floats per row.
    pub dim: usize,
    /// Propagations; the result is the mean of layers 0 to this one.
    pub layers: usize,
    /// Initial tables; the authors use a normal of standard deviation 0.1 (PyTorch) or 0.01
    /// (TensorFlow).
    pub init: Init,
}

impl Default for LightGcnConfig {
    fn default() -> Self {
        Self {
            dim: 64,
            layers: 3,
            init: Init::Normal { std: 0.1 },
        }
    }
}

impl LightGcnConfig {
    pub(super) fn validate(&self) -> Result<(), ConfigError> {
        at_least_one("dim", self.dim)?;
        self.init.validate()
    }

    pub(crate) fn init(&self, n_users: usize, n_items: usize, init: &Initializer<'_>) -> LightGcn {
        LightGcn {
            tables: EmbeddingTables::new(n_users, n_items, self.dim, self.init, init),
            layers: self.layers,
        }
    }
}

/// `mean over k of E_k`, with `E_(k+1) = D^-1/2 A D^-1/2 E_k` (equations 7 and 8).
#[derive(Module, Debug)]
pub struct LightGcn {
    pub(crate) tables: EmbeddingTables,
    #[module(skip)]
    layers: usize,
}

impl LightGcn {
    /// `[n_nodes, dim]`; the adjacency is the symmetric one without self-loops.
    pub(crate) fn forward(&self, adjacency: &Adjacency) -> Forward {
        let initial = self.tables.nodes();
        Forward {
            nodes: adjacency.propagate_mean(initial.clone(), self.layers),
            initial,
        }
    }

    /// The batch's rows of the mean of layers, and of layer 0 or of each layer.
    pub(crate) fn rows(
        &self,
        adjacency: &Adjacency,
        batch: &BatchIndices,
        each_layer: bool,
    ) -> NodeRows {
        let nodes = batch.nodes(self.tables.n_users());
        let (users, items) = (self.tables.users.val(), self.tables.items.val());
        assert_eq!(users.dims()[0], adjacency.n_users(), "one row per user");
        assert_eq!(items.dims()[0], adjacency.n_items(), "one row per item");
        let mut plan = RowsPlan::of_mean(adjacency, self.layers, nodes);
        plan.each_layer = each_layer && self.layers > 0;
        let n_layers = plan.n_sets() - 1;
        let rows = batch_rows(users, items, plan);
        match self.layers {
            0 => NodeRows::Same(rows),
            _ => NodeRows::Stacked { rows, n_layers },
        }
    }
}
