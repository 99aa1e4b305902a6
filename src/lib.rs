//! Sagebrush: from an interaction log to embeddings, honest metrics and top-K lists.

pub mod allocator;
mod atomic_file;
pub mod baselines;
pub mod cli;
pub mod commands;
pub mod config;
pub mod data;
pub mod device;
pub mod evaluation;
pub mod exit;
pub mod export;
pub mod failpoints;
pub mod features;
pub mod graph;
pub mod inference;
pub mod report;
pub mod run;
pub mod sampling;
pub mod spectral;
pub mod synth;
pub mod terminal;
#[cfg(feature = "train")]
pub mod training;
#[cfg(feature = "train")]
pub mod tuning;
