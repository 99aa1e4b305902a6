//! Sagebrush: from an interaction log to embeddings, honest metrics and top-K lists.

pub mod baselines;
#[cfg(feature = "cli")]
pub mod cli;
pub mod config;
pub mod data;
pub mod device;
pub mod error;
pub mod evaluation;
pub mod export;
pub mod failure;
pub mod features;
mod finished;
#[cfg(feature = "train")]
mod fitting;
pub mod graph;
pub mod inference;
mod machine;
mod numbers;
pub mod observer;
pub mod run;
pub mod sampling;
pub mod spectral;
pub mod synth;
#[cfg(feature = "train")]
pub mod training;
#[cfg(feature = "train")]
pub mod tuning;
