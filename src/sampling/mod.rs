//! Training triples: positives, and uniform negatives by rejection. Seed instead of state.

mod config;
mod sampler;

#[cfg(test)]
mod tests;

pub use config::{PositiveSampling, SamplingConfig, SamplingError};
pub use sampler::{Batch, Epoch, EpochSampler, MAX_TRIES};
