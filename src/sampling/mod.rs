//! Positives and negatives of an epoch: a pure function of (seed, epoch), so that going on from a
//! checkpoint needs no saved generator.

mod epoch;
mod negatives;

pub use epoch::{Batch, EpochSampler};
pub use negatives::MAX_TRIES;
