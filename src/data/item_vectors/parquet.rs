//! Vectors of a Parquet file: a column of keys, and one of lists of floats.

use std::path::Path;

use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::Float32Type;
use arrow_cast::cast;
use arrow_schema::DataType;

use super::{ItemVectors, bad};
use crate::data::IdMap;
use crate::data::columns::find_column;
use crate::data::error::{DataError, Place, Role};
use crate::data::item_file::key_name;
use crate::data::item_file::parquet::{list_at, texts};
use crate::data::parquet_table::{self, ParquetTable};
use crate::data::remote::open_file;

/// Reads the vectors of the items that the log has; of two of one item the first counts.
pub(super) fn read(path: &Path, name: &str, items: &IdMap) -> Result<ItemVectors, DataError> {
    let file = open_file(path)?;
    let table = ParquetTable::open(name, file)?;
    let header = table.header();
    let is_list = |column: &usize| {
        matches!(
            table.kind(*column),
            DataType::List(_) | DataType::LargeList(_) | DataType::FixedSizeList(..)
        )
    };
    let usual = find_column(&header, Role::Item, None, &Place::whole(name))?;
    let key = usual.or_else(|| key_name(&header));
    let list = (0..header.len()).find(is_list);
    let (Some(key), Some(list)) = (key, list) else {
        let reason = format!(
            "a file of vectors has a column of item keys (`item_id` or `id`) and one of lists of floats; found: {}",
            header.join(", ")
        );
        return Err(bad(name, reason));
    };
    let mut vectors: Option<ItemVectors> = None;
    table.for_each_batch(&[key, list], |batch| {
        let keys = texts(&batch.column(key), batch.place)?;
        for row in (0..keys.len()).filter(|&row| keys.is_valid(row)) {
            let Some(item) = items.id(keys.value(row)) else {
                continue;
            };
            let Some(values) = list_at(&batch.column(list), row) else {
                continue;
            };
            let values = cast(&values, &DataType::Float32)
                .map_err(|error| parquet_table::bad(batch.place, &error))?;
            if values.null_count() > 0 {
                let reason = format!("the vector of item `{}` holds a null", items.key(item));
                return Err(bad(name, reason));
            }
            let values = values.as_primitive::<Float32Type>().values();
            let vectors =
                vectors.get_or_insert_with(|| ItemVectors::none(name, values.len(), items.len()));
            if values.len() != vectors.width || values.is_empty() {
                let reason = format!(
                    "the vector of item `{}` has {} floats where others have {}",
                    items.key(item),
                    values.len(),
                    vectors.width
                );
                return Err(bad(name, reason));
            }
            vectors.take(item, values, items)?;
        }
        Ok(())
    })?;
    vectors.ok_or_else(|| {
        let reason = "it has a vector of no item of the log: do its keys match the log's?";
        bad(name, reason.to_owned())
    })
}
