//! Simple systems that stand next to every model: what a model must beat to be worth its training.

mod chance;
mod content_knn;
mod item_knn;
mod popularity;

pub use chance::Chance;
pub use content_knn::ContentKnn;
pub use item_knn::{ItemKnn, ItemKnnConfig};
pub use popularity::Popularity;
