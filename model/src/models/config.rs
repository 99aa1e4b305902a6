//! The settings of a model, and what is wrong with them.

use burn::tensor::Device;
use serde::{Deserialize, Serialize};

use super::network::NetworkConfig;
use crate::graph::{AdjacencyError, check_table_fits};
use crate::parameters::Init;
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

/// Why a [`ModelConfig`] cannot be built.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[allow(missing_docs)] // each variant's message says it
pub enum ConfigError {
    #[error("{setting} is 0; it must be at least 1")]
    Zero { setting: &'static str },
    #[error("{setting} is {value}; a dropout rate lies in [0, 1)")]
    DropoutRate { setting: &'static str, value: f64 },
    #[error("{setting} is {value}; it must be a positive number")]
    NotPositive { setting: &'static str, value: f64 },
}

impl ModelConfig {
    /// Checks the settings a file or a flag may hold.
    ///
    /// # Errors
    /// [`ConfigError`] names the first setting out of range.
    pub fn validate(&self) -> Result<(), ConfigError> {
        let (layers, rates, init): (&[usize], Vec<(&'static str, f64)>, Init) = match &self.network
        {
            NetworkConfig::Mf(c) => (&[], vec![], c.init),
            NetworkConfig::LightGcn(c) => (&[], vec![], c.init),
            NetworkConfig::NgcfLecture(c) => (&c.layers, vec![("dropout", c.dropout)], c.init),
            NetworkConfig::NgcfPaper(c) => (
                &c.layers,
                vec![
                    ("message_dropout", c.message_dropout),
                    ("node_dropout", c.node_dropout),
                ],
                c.init,
            ),
            NetworkConfig::NgcfOfficial(c) => (
                &c.layers,
                vec![
                    ("message_dropout", c.message_dropout),
                    ("edge_dropout", c.edge_dropout),
                ],
                c.init,
            ),
            NetworkConfig::PinSage(c) => {
                at_least_one("features", c.features)?;
                at_least_one("layers", c.layers)?;
                at_least_one("hidden", c.hidden)?;
                (
                    &[],
                    vec![
                        ("node_dropout", c.node_dropout),
                        ("feature_dropout", c.feature_dropout),
                    ],
                    Init::XavierUniform,
                )
            }
        };
        at_least_one("dim", self.network.dim())?;
        for &width in layers {
            at_least_one("a width in layers", width)?;
        }
        for (setting, value) in rates {
            if !(0.0..1.0).contains(&value) {
                return Err(ConfigError::DropoutRate { setting, value });
            }
        }
        if let Init::Normal { std } = init {
            positive("init.std", std)?;
        }
        match self.score {
            ScoreConfig::Cosine { temperature } => positive("temperature", temperature),
            ScoreConfig::Mlp { hidden } => at_least_one("hidden", hidden),
            ScoreConfig::Dot | ScoreConfig::Bilinear => Ok(()),
        }
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

fn at_least_one(setting: &'static str, value: usize) -> Result<(), ConfigError> {
    if value == 0 {
        return Err(ConfigError::Zero { setting });
    }
    Ok(())
}

fn positive(setting: &'static str, value: f64) -> Result<(), ConfigError> {
    if value.is_finite() && value > 0.0 {
        return Ok(());
    }
    Err(ConfigError::NotPositive { setting, value })
}
