//! Baselines: simple systems evaluated beside every model, which a model must beat to be worth its training.

mod content_knn;
mod random;

pub use content_knn::ContentKnn;
pub use random::RandomBaseline;

pub use crate::inference::{ItemKnn, ItemKnnConfig, Popularity};
