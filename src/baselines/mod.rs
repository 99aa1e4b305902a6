//! Simple systems that are evaluated beside every model: what a model must beat to be worth its training.

mod content_knn;
mod item_knn;
mod popularity;
mod random;

pub use content_knn::ContentKnn;
pub use item_knn::{ItemKnn, ItemKnnConfig};
pub use popularity::Popularity;
pub use random::RandomBaseline;
