//! Reads the item table from the item file and the files of vectors that the settings name.

use std::path::PathBuf;

use crate::config::FeatureSettings;
use crate::data::{self, IdMap, Input, ItemColumnNames};
use crate::error::Result;
use crate::features::ItemTable;

/// Reads all that the settings name of the items; `edges` are their training interactions.
pub(crate) fn read_table(
    input: &Input,
    columns: &ItemColumnNames,
    settings: &FeatureSettings,
    vectors: &[PathBuf],
    items: &IdMap,
    edges: Vec<u32>,
) -> Result<ItemTable> {
    let names = ItemTable::column_names(settings);
    let needs_title = names.len() == 1 && settings.vectors.is_empty() && !settings.degree;
    let file = data::read_item_columns(input, columns, items, &names, needs_title)?;
    let vectors: Result<Vec<_>, _> = vectors
        .iter()
        .map(|path| data::read_item_vectors(path, items, &file.rows))
        .collect();
    Ok(ItemTable {
        columns: file.columns,
        vectors: vectors?,
        edges,
    })
}
