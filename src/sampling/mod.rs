//! Positives and negatives of an epoch: a pure function of (seed, epoch), so that resuming from a
//! checkpoint needs no saved generator.

mod batch;
mod epoch;
mod hard;
mod log_q;
mod negatives;
mod shared;
mod weighted;

pub use batch::{Batch, LogQ};
pub use epoch::EpochSampler;
pub use hard::HardNegatives;
pub use negatives::MAX_TRIES;
pub use shared::Shared;
