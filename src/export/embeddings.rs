//! An embedding table as Parquet for people and vector stores: `id` (the key, a number where all are) and `embedding`
//! (a fixed-size list of f32), or a column `e0`, `e1`, … for each coordinate.

use std::sync::Arc;

use arrow_array::{ArrayRef, FixedSizeListArray, Float32Array, RecordBatch};
use arrow_schema::{DataType, Field, Schema};
use parquet::arrow::ArrowWriter;
use parquet::errors::ParquetError;

use super::columns::Columns;
use super::destination::{Destination, Output};
use super::error::ExportError;
use super::key_types::column;
use super::parquet::{failed, properties};
use crate::data::IdMap;

/// Rows encoded at once.
const ROWS_PER_BATCH: usize = 8192;

/// Writes `table` `[ids.len() x dim]`, row-major, in id order.
///
/// # Errors
/// When the table has another size, or the destination cannot be written.
pub fn write_embeddings(
    destination: &Destination,
    ids: &IdMap,
    table: &[f32],
    dim: usize,
) -> Result<(), ExportError> {
    write(destination, ids, table, dim, Columns::List)
}

/// [`write_embeddings`] with the columns of choice.
pub(super) fn write(
    destination: &Destination,
    ids: &IdMap,
    table: &[f32],
    dim: usize,
    columns: Columns,
) -> Result<(), ExportError> {
    let path = destination.to_string();
    let expected = ids.len().saturating_mul(dim);
    let width = i32::try_from(dim).ok().filter(|&width| width > 0);
    let (Some(width), true) = (width, table.len() == expected) else {
        return Err(ExportError::Shape {
            path,
            found: table.len(),
            expected,
        });
    };
    let value = Arc::new(Field::new("item", DataType::Float32, false));
    let mut fields = vec![column::field("id", ids.are_whole_numbers())];
    match columns {
        Columns::List => {
            let list = DataType::FixedSizeList(value.clone(), width);
            fields.push(Field::new("embedding", list, false));
        }
        Columns::Wide => {
            let field = |at| Field::new(format!("e{at}"), DataType::Float32, false);
            fields.extend((0..dim).map(field));
        }
    }
    let schema = Arc::new(Schema::new(fields));
    let output = Output::create(destination)?;
    let fail = |error| failed(&path, error);
    let mut writer =
        ArrowWriter::try_new(output, schema.clone(), Some(properties())).map_err(fail)?;
    for (keys, rows) in ids
        .keys()
        .chunks(ROWS_PER_BATCH)
        .zip(table.chunks(ROWS_PER_BATCH * dim))
    {
        let keys = column::values(keys.iter().map(|key| &**key), ids.are_whole_numbers());
        let vectors: Result<Vec<ArrayRef>, _> = match columns {
            Columns::List => {
                let values: ArrayRef = Arc::new(Float32Array::from(rows.to_vec()));
                FixedSizeListArray::try_new(value.clone(), width, values, None)
                    .map(|rows| vec![Arc::new(rows) as ArrayRef])
            }
            Columns::Wide => Ok((0..dim).map(|at| coordinate(rows, dim, at)).collect()),
        };
        vectors
            .and_then(|vectors| {
                let all = std::iter::once(keys).chain(vectors).collect();
                RecordBatch::try_new(schema.clone(), all)
            })
            .map_err(ParquetError::from)
            .and_then(|batch| writer.write(&batch))
            .map_err(fail)?;
    }
    writer.into_inner().map_err(fail)?.finish()
}

/// One coordinate of each row.
fn coordinate(rows: &[f32], dim: usize, at: usize) -> ArrayRef {
    let values = rows.chunks_exact(dim).map(|row| row[at]);
    Arc::new(Float32Array::from_iter_values(values))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use arrow_array::cast::AsArray;
    use arrow_array::types::{Float32Type, Int64Type};
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

    use super::*;

    #[test]
    fn rows_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("items.parquet");
        let ids = IdMap::from_ordered_keys(vec!["7".into(), "x".into()]).unwrap();
        let table = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        write_embeddings(&(&*path).into(), &ids, &table, 3).unwrap();
        let file = std::fs::File::open(&path).unwrap();
        let mut reader = ParquetRecordBatchReaderBuilder::try_new(file)
            .unwrap()
            .build()
            .unwrap();
        let batch = reader.next().unwrap().unwrap();
        assert_eq!(batch.column(0).as_string::<i32>().value(1), "x");
        let second = batch.column(1).as_fixed_size_list().value(1);
        assert_eq!(
            second.as_primitive::<Float32Type>().values()[..],
            table[3..]
        );
        let numbers = IdMap::from_ordered_keys(vec!["7".into(), "-9".into()]).unwrap();
        write_embeddings(&(&*path).into(), &numbers, &table, 3).unwrap();
        let file = std::fs::File::open(&path).unwrap();
        let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
        let batch = reader.build().unwrap().next().unwrap().unwrap();
        let keys = batch.column(0).as_primitive::<Int64Type>();
        assert_eq!(keys.values()[..], [7, -9]);
        let error = write_embeddings(&(&*path).into(), &ids, &table, 2).unwrap_err();
        assert!(matches!(
            error,
            ExportError::Shape {
                found: 6,
                expected: 4,
                ..
            }
        ));
    }
}
