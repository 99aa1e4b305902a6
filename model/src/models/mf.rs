//! Matrix factorization: the table rows are the embeddings (Koren, Bell and Volinsky, 2009).

use burn::module::Module;
use serde::{Deserialize, Serialize};

use super::forward::{Forward, NodeRows};
use super::tables::EmbeddingTables;
use crate::batch::BatchIndices;
use crate::parameters::checks::at_least_one;
use crate::parameters::{ConfigError, Init, Initializer};

/// Settings of [`Mf`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MfConfig {
    /// Floats per row.
    pub dim: usize,
    /// Initial tables.
    pub init: Init,
}

impl Default for MfConfig {
    fn default() -> Self {
        Self {
            dim: 64,
            init: Init::XavierUniform,
        }
    }
}

impl MfConfig {
    pub(super) fn validate(&self) -> Result<(), ConfigError> {
        at_least_one("dim", self.dim)?;
        self.init.validate()
    }

    pub(crate) fn init(&self, n_users: usize, n_items: usize, init: &Initializer<'_>) -> Mf {
        Mf {
            tables: EmbeddingTables::new(n_users, n_items, self.dim, self.init, init),
        }
    }
}

/// Shallow embeddings.
#[derive(Module, Debug)]
pub struct Mf {
    pub(crate) tables: EmbeddingTables,
}

impl Mf {
    /// `[n_nodes, dim]`
    pub(crate) fn forward(&self) -> Forward {
        let nodes = self.tables.nodes();
        Forward {
            initial: nodes.clone(),
            nodes,
        }
    }

    /// The batch's rows of the tables, which are the final ones too.
    pub(crate) fn rows(&self, batch: &BatchIndices) -> NodeRows {
        NodeRows::Same(self.tables.rows(batch))
    }
}
