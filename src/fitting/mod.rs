//! From settings and a log to a finished run: read and split, train or fit, write.

pub(crate) mod fit;
pub(crate) mod fitted;
mod located;
pub(crate) mod memory_limit;
pub(crate) mod needs;
mod phases;
mod prepared;
pub(crate) mod prior;
mod prior_search;
pub(crate) mod refit;
mod run_files;
mod same_data;
mod spectral_start;
mod split_remarks;
pub(crate) mod train;
mod training_inputs;

pub(crate) use memory_limit::OverLimit;
pub(crate) use phases::Refitted;
pub(crate) use prepared::Prepared;
pub(crate) use same_data::Files;
