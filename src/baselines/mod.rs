//! Simple systems that stand next to every model: what a model must beat to be worth its training.

mod item_knn;
mod popularity;

pub use item_knn::{ItemKnn, ItemKnnConfig};
pub use popularity::Popularity;
