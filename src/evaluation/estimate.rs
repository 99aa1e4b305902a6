//! A mean and its uncertainty.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A mean over users with its bootstrap interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The mean over users.
    pub mean: f64,
    /// Lower end of the interval; the mean itself when no resamples were asked for.
    pub low: f64,
    /// Upper end of the interval; the mean itself when no resamples were asked for.
    pub high: f64,
}

/// `mean [low, high]`, four digits each.
impl fmt::Display for Estimate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.4} [{:.4}, {:.4}]", self.mean, self.low, self.high)
    }
}
