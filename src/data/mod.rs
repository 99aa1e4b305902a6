//! From a file to a split: readers, outside keys and inside ids, interactions, splits. No tensor.

mod ids;
mod interactions;
mod item_lists;

pub use ids::IdMap;
pub use interactions::{Dataset, Interactions, SourceFile};
pub use item_lists::ItemLists;
