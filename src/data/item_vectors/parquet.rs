//! Vectors of a Parquet file: a column of keys, and one of lists of floats.

use std::fs::File;
use std::path::Path;

use arrow_array::cast::AsArray;
use arrow_array::types::Float32Type;
use arrow_array::{Array, ArrayRef, RecordBatch, RecordBatchReader};
use arrow_cast::cast;
use arrow_schema::DataType;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::{ItemVectors, bad};
use crate::data::IdMap;
use crate::data::columns::find_column;
use crate::data::error::{DataError, Place, Role};
use crate::data::formats::guarded;

/// Reads the vectors of the items that the log has; of two of one item the first counts.
pub(super) fn read(path: &Path, name: &str, items: &IdMap) -> Result<ItemVectors, DataError> {
    let file = File::open(path).map_err(|source| DataError::MissingInput {
        path: name.to_owned(),
        source,
    })?;
    let damaged = |reason: String| DataError::BadParquet {
        place: Place::whole(name),
        reason,
    };
    // The decoder panics on some damaged files.
    let decoded = guarded(|| {
        let reader = ParquetRecordBatchReaderBuilder::try_new(file)?.build()?;
        let schema = reader.schema();
        let batches: Result<Vec<RecordBatch>, _> = reader.collect();
        Ok::<_, parquet::errors::ParquetError>((schema, batches?))
    });
    let (schema, batches) = match decoded {
        Ok(result) => result.map_err(|error| damaged(error.to_string()))?,
        Err(panic) => return Err(damaged(panic)),
    };
    let header: Vec<String> = schema.fields().iter().map(|f| f.name().clone()).collect();
    let whole = Place::whole(name);
    let key = find_column(&header, Role::Item, None, &whole)?
        .or_else(|| header.iter().position(|name| name == "id"));
    let list = schema.fields().iter().position(|field| {
        matches!(
            field.data_type(),
            DataType::List(_) | DataType::LargeList(_) | DataType::FixedSizeList(..)
        )
    });
    let (Some(key), Some(list)) = (key, list) else {
        let reason = format!(
            "a file of vectors has a column of item keys (`item_id` or `id`) and one of lists of floats; found: {}",
            header.join(", ")
        );
        return Err(bad(name, reason));
    };
    let mut vectors: Option<ItemVectors> = None;
    for batch in &batches {
        let keys = cast(batch.column(key), &DataType::Utf8).map_err(|e| damaged(e.to_string()))?;
        let keys = keys.as_string::<i32>();
        for row in (0..batch.num_rows()).filter(|&row| keys.is_valid(row)) {
            let Some(item) = items.id(keys.value(row)) else {
                continue;
            };
            let Some(values) = list_at(batch.column(list), row) else {
                continue;
            };
            let values = cast(&values, &DataType::Float32).map_err(|e| damaged(e.to_string()))?;
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
    }
    vectors.ok_or_else(|| {
        let reason = "it has a vector of no item of the log: do its keys match the log's?";
        bad(name, reason.to_owned())
    })
}

/// The list of a row, where there is one.
fn list_at(column: &ArrayRef, row: usize) -> Option<ArrayRef> {
    if column.is_null(row) {
        return None;
    }
    Some(match column.data_type() {
        DataType::List(_) => column.as_list::<i32>().value(row),
        DataType::LargeList(_) => column.as_list::<i64>().value(row),
        _ => column.as_fixed_size_list().value(row),
    })
}
