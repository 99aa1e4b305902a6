//! Positives and negatives of an epoch: a pure function of (seed, epoch), so that resuming from a
//! checkpoint needs no saved generator.

mod epoch;
mod hard;
mod negatives;
mod shared;
mod weighted;

pub use epoch::{Batch, EpochSampler};
pub use hard::HardNegatives;
pub use negatives::MAX_TRIES;
pub use shared::Shared;
