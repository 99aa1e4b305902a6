//! The item table: the columns and vectors of items before they are encoded as numbers.

use crate::config::FeatureSettings;
use crate::data::{ItemColumn, ItemVectors};

/// The columns and vectors of items, before they are encoded; position = item id.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ItemTable {
    /// The columns named by the settings, in the order text, categories, numbers.
    pub columns: Vec<ItemColumn>,
    /// The vectors named by the settings, in their order.
    pub vectors: Vec<ItemVectors>,
    /// Training interactions.
    pub edges: Vec<u32>,
}

impl ItemTable {
    /// The names of the columns that the settings want, in the order of [`ItemTable::columns`].
    pub fn column_names(settings: &FeatureSettings) -> Vec<&str> {
        let all = [&settings.text, &settings.categories, &settings.numbers];
        all.into_iter().flatten().map(String::as_str).collect()
    }

    pub(super) fn n_items(&self) -> usize {
        self.edges.len()
    }
}
