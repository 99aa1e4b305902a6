//! The settings of a model.

use burn::tensor::Device;
use serde::{Deserialize, Serialize};

use super::network::NetworkConfig;
use crate::graph::{AdjacencyError, check_table_fits};
use crate::parameters::ConfigError;
use crate::scores::ScoreConfig;

/// Everything that decides a model's shape.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelConfig {
    /// From parameters and graph to embeddings.
    pub network: NetworkConfig,
    /// From embeddings to scores.
    #[serde(default)]
    pub score: ScoreConfig,
}

impl ModelConfig {
    /// Checks the settings a file or a flag may hold.
    ///
    /// # Errors
    /// [`ConfigError`] names the first setting out of range.
    pub fn validate(&self) -> Result<(), ConfigError> {
        self.network.validate()?;
        self.score.validate()
    }

    /// Checks that every table of this model fits one buffer of the device.
    ///
    /// # Errors
    /// [`AdjacencyError::TableTooLarge`], with the figures and a remedy.
    pub fn check_fits(
        &self,
        n_users: usize,
        n_items: usize,
        device: &Device,
    ) -> Result<(), AdjacencyError> {
        check_table_fits(n_users + n_items, self.network.widest(), device)
    }
}
