//! Sagebrush: from an interaction log to embeddings, honest metrics and top-K lists.

pub mod baselines;
pub mod data;
pub mod evaluation;
pub mod export;
pub mod inference;
