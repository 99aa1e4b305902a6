//! The interface for crates that depend on Sagebrush: interactions in, a run out, recommendations from it.

#[cfg(feature = "train")]
mod choose;
mod dataset;
#[cfg(feature = "train")]
mod fit;
mod run;
#[cfg(feature = "train")]
mod split;
#[cfg(feature = "train")]
mod stopped;
#[cfg(feature = "train")]
mod train;

#[cfg(feature = "train")]
pub use choose::choose;
pub use dataset::{Dataset, Interaction};
#[cfg(feature = "train")]
pub use fit::fit;
pub use run::{Run, evaluate};
#[cfg(feature = "train")]
pub use split::Split;
#[cfg(feature = "train")]
pub use train::train;
