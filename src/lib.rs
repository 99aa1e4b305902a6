//! Sagebrush: from an interaction log to embeddings, honest metrics and top-K lists.

pub mod config;
pub mod data;
pub mod device;
pub mod exit;
pub mod graph;
pub mod report;
pub mod run;
pub mod sampling;
pub mod terminal;
