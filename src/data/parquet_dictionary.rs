//! Dictionaries of a Parquet file: each has to be as large as it says. The decoder makes room for the number of values that a
//! dictionary names before it reads them, and a damaged file of a kilobyte may name a thousand million.

use std::sync::Arc;

use ::parquet::basic::Type;
use ::parquet::column::page::{Page, PageReader};
use ::parquet::errors::{ParquetError, Result};
use ::parquet::file::metadata::ColumnChunkMetaData;
use ::parquet::file::serialized_reader::SerializedPageReader;

use super::parquet_source::ParquetSource;

/// Checks the dictionary of a column of a row group, where it has one.
///
/// # Errors
/// A dictionary that names more values than its bytes hold; a page that does not decode.
pub(super) fn check(file: &ParquetSource, column: &ColumnChunkMetaData) -> Result<()> {
    if column.dictionary_page_offset().is_none() {
        return Ok(());
    }
    let n_rows = usize::try_from(column.num_values()).unwrap_or(usize::MAX);
    let file = Arc::new(file.clone());
    let mut pages = SerializedPageReader::new(file, column, n_rows, None)?;
    let Some(Page::DictionaryPage {
        buf, num_values, ..
    }) = pages.get_next_page()?
    else {
        return Ok(());
    };
    match (num_values as usize).saturating_mul(bytes_of_a_value(column)) <= buf.len() {
        true => Ok(()),
        false => Err(ParquetError::General(format!(
            "a dictionary names {num_values} values and has {} bytes",
            buf.len()
        ))),
    }
}

/// Bytes of a value at least; of a text those of its length.
fn bytes_of_a_value(column: &ColumnChunkMetaData) -> usize {
    match column.column_type() {
        Type::BOOLEAN => 0,
        Type::INT32 | Type::FLOAT | Type::BYTE_ARRAY => 4,
        Type::INT64 | Type::DOUBLE => 8,
        Type::INT96 => 12,
        Type::FIXED_LEN_BYTE_ARRAY => {
            usize::try_from(column.column_descr().type_length()).unwrap_or(0)
        }
    }
}
