//! Checks of settings, and the errors of settings out of range.

/// Why a [`ModelConfig`](crate::ModelConfig) cannot be built.
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

pub(crate) fn at_least_one(setting: &'static str, value: usize) -> Result<(), ConfigError> {
    match value {
        0 => Err(ConfigError::Zero { setting }),
        _ => Ok(()),
    }
}

pub(crate) fn dropout_rate(setting: &'static str, value: f64) -> Result<(), ConfigError> {
    match (0.0..1.0).contains(&value) {
        true => Ok(()),
        false => Err(ConfigError::DropoutRate { setting, value }),
    }
}

pub(crate) fn positive(setting: &'static str, value: f64) -> Result<(), ConfigError> {
    match value.is_finite() && value > 0.0 {
        true => Ok(()),
        false => Err(ConfigError::NotPositive { setting, value }),
    }
}

/// Checks the width of each layer.
pub(crate) fn layer_widths(widths: &[usize]) -> Result<(), ConfigError> {
    widths
        .iter()
        .try_for_each(|&width| at_least_one("a width in layers", width))
}
