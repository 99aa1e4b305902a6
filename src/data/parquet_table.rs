//! A Parquet file as a table: the names and types of its columns, and some of them batch by batch.

use std::fs::File;
use std::io;
use std::sync::Arc;

use ::parquet::arrow::ProjectionMask;
use ::parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use ::parquet::basic::Compression;
use ::parquet::file::metadata::RowGroupMetaData;
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::{DataType, Schema};

use super::error::{DataError, Place, Position, reason};
use super::panic_guard::guarded;
use super::parquet_dictionary;
use super::parquet_int128::{decimals, known_int128};
use super::parquet_source::ParquetSource;

const BATCH_ROWS: usize = 8192;

/// An opened Parquet file.
pub(super) struct ParquetTable {
    pub(super) name: String,
    file: ParquetSource,
    pub(super) metadata: ArrowReaderMetadata,
    /// The types of the columns.
    pub(super) schema: Schema,
    /// The columns of whole numbers that Polars wrote as 16 bytes.
    int128: Vec<usize>,
}

/// Some rows of some columns.
pub(super) struct Batch<'b> {
    rows: &'b RecordBatch,
    /// The columns that it has, ascending.
    columns: &'b [usize],
    int128: &'b [usize],
    /// The number of the first row in the file, from 1.
    pub(super) first_row: u64,
    /// The row group.
    pub(super) place: &'b Place,
}

impl<'b> Batch<'b> {
    /// Rows of a table in memory, which have all its columns; `columns` are their places.
    pub(super) fn of_table(
        rows: &'b RecordBatch,
        columns: &'b [usize],
        first_row: u64,
        place: &'b Place,
    ) -> Self {
        Self {
            rows,
            columns,
            int128: &[],
            first_row,
            place,
        }
    }

    /// A column by its place in the header.
    ///
    /// # Panics
    /// When it was not asked for.
    pub(super) fn column(&self, column: usize) -> ArrayRef {
        let at = self.columns.partition_point(|&known| known < column);
        assert_eq!(self.columns.get(at), Some(&column), "a column asked for");
        let stored = self.rows.column(at);
        match self.int128.contains(&column) {
            true => decimals(stored),
            false => Arc::clone(stored),
        }
    }

    pub(super) fn n_rows(&self) -> usize {
        self.rows.num_rows()
    }
}

impl ParquetTable {
    pub(super) fn open(name: &str, file: File) -> Result<Self, DataError> {
        let file = ParquetSource::new(file);
        // The embedded Arrow schema adds nothing needed here, and damage in it panics in its decoder.
        let options = ArrowReaderOptions::default().with_skip_arrow_metadata(true);
        let metadata = decode(&Place::whole(name), || {
            ArrowReaderMetadata::load(&file, options)
        })?;
        let footer = metadata.metadata().file_metadata();
        let (schema, int128) = known_int128(metadata.schema(), footer);
        Ok(Self {
            name: name.to_owned(),
            file,
            metadata,
            schema,
            int128,
        })
    }

    pub(super) fn header(&self) -> Vec<String> {
        let fields = self.schema.fields().iter();
        fields.map(|field| field.name().clone()).collect()
    }

    /// The type of a column.
    pub(super) fn kind(&self, column: usize) -> &DataType {
        self.schema.field(column).data_type()
    }

    /// Hands over these columns, batch by batch.
    pub(super) fn for_each_batch(
        &self,
        columns: &[usize],
        mut take: impl FnMut(Batch<'_>) -> Result<(), DataError>,
    ) -> Result<(), DataError> {
        let schema = self.metadata.parquet_schema();
        let mask = ProjectionMask::roots(schema, columns.iter().copied());
        let mut columns = columns.to_vec();
        columns.sort_unstable();
        columns.dedup();
        let metadata = self.metadata.metadata();
        let mut first_row = 1;
        for group in 0..metadata.num_row_groups() {
            let place = Place::new(&self.name, Position::RowGroup(group));
            check_codecs(metadata.row_group(group), &mask, &place)?;
            for (leaf, column) in metadata.row_group(group).columns().iter().enumerate() {
                if mask.leaf_included(leaf) {
                    decode(&place, || parquet_dictionary::check(&self.file, column))?;
                }
            }
            let file = self.file.clone();
            let mut batches = decode(&place, || {
                ParquetRecordBatchReaderBuilder::new_with_metadata(file, self.metadata.clone())
                    .with_projection(mask.clone())
                    .with_row_groups(vec![group])
                    .with_batch_size(BATCH_ROWS)
                    .build()
            })?;
            while let Some(rows) = decode(&place, || batches.next().transpose())? {
                take(Batch {
                    rows: &rows,
                    columns: &columns,
                    int128: &self.int128,
                    first_row,
                    place: &place,
                })?;
                first_row += rows.num_rows() as u64;
            }
        }
        Ok(())
    }
}

/// Names a codec that there is no decoder for.
pub(super) fn check_codecs(
    group: &RowGroupMetaData,
    mask: &ProjectionMask,
    place: &Place,
) -> Result<(), DataError> {
    let columns = group.columns().iter().enumerate();
    let mut codecs = columns
        .filter(|&(leaf, _)| mask.leaf_included(leaf))
        .map(|(_, column)| column.compression());
    match codecs.find(|codec| matches!(codec, Compression::LZO)) {
        None => Ok(()),
        Some(codec) => Err(DataError::ParquetCodec {
            place: place.clone(),
            codec: codec.to_string(),
        }),
    }
}

/// Runs a step of the Parquet decoder, which panics on some damaged files.
fn decode<T, E: std::error::Error>(
    place: &Place,
    step: impl FnOnce() -> Result<T, E>,
) -> Result<T, DataError> {
    match guarded(step) {
        Ok(result) => result.map_err(|e| bad(place, &e)),
        Err(panic) => Err(bad(place, &io::Error::other(panic))),
    }
}

/// The error of what does not decode.
pub(super) fn bad(place: &Place, error: &dyn std::error::Error) -> DataError {
    DataError::BadParquet {
        place: place.clone(),
        reason: reason(&error.to_string()),
    }
}

/// The rows without a value. A dictionary may hold a null among its values.
pub(super) fn null_rows(column: &dyn Array) -> Vec<usize> {
    match column.logical_nulls() {
        Some(nulls) => (0..column.len())
            .filter(|&row| nulls.is_null(row))
            .collect(),
        None => Vec::new(),
    }
}
