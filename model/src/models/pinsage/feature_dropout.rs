//! Dropout of single values of items' features.

use crate::ops::dropout::mix;

/// Drops values with probability `rate` and scales the others so that the expectation stays.
#[derive(Clone, Copy, Debug)]
pub(super) struct FeatureDropout {
    pub(super) rate: f64,
    pub(super) seed: u64,
}

impl FeatureDropout {
    /// What a value of an item is multiplied by: a function of (seed, item, column).
    pub(super) fn factor(self, item: u32, column: u32) -> f32 {
        let draw = mix(mix(self.seed ^ u64::from(item)) ^ u64::from(column));
        match draw < (self.rate * u64::MAX as f64) as u64 {
            true => 0.0,
            false => (1.0 / (1.0 - self.rate)) as f32,
        }
    }
}
