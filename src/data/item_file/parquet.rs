//! A Parquet file as a table of texts: numbers as they are printed, lists between `|`.

use std::fs::File;

use ::parquet::arrow::ProjectionMask;
use ::parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_array::{Array, ArrayRef, LargeStringArray};
use arrow_cast::{CastOptions, cast_with_options};
use arrow_schema::DataType;
use std::borrow::Cow;
use std::sync::Arc;

use super::{At, BETWEEN_VALUES, Values};
use crate::data::error::{DataError, Place, Position, Role, reason};
use crate::data::formats::{check_codecs, decode};

const BATCH_ROWS: usize = 8192;
/// What does not fit becomes a null.
const AS_TEXT: CastOptions<'static> = CastOptions {
    safe: true,
    format_options: arrow_cast::display::FormatOptions::new(),
};

/// An opened Parquet file.
pub(in crate::data) struct ParquetTable {
    name: String,
    file: File,
    metadata: ArrowReaderMetadata,
}

impl ParquetTable {
    pub(in crate::data) fn open(name: &str, file: File) -> Result<Self, DataError> {
        // The embedded Arrow schema adds nothing needed here, and damage in it panics in its decoder.
        let options = ArrowReaderOptions::default().with_skip_arrow_metadata(true);
        let metadata = decode(&Place::whole(name), || {
            ArrowReaderMetadata::load(&file, options)
        })?;
        Ok(Self {
            name: name.to_owned(),
            file,
            metadata,
        })
    }

    pub(in crate::data) fn header(&self) -> Vec<String> {
        let fields = self.metadata.schema().fields().iter();
        fields.map(|field| field.name().clone()).collect()
    }

    /// The type of a column.
    pub(in crate::data) fn kind(&self, column: usize) -> &DataType {
        self.metadata.schema().field(column).data_type()
    }

    /// Hands over the columns at these positions, batch by batch, in their order, and the number of the first row.
    pub(in crate::data) fn for_each_batch(
        &self,
        columns: &[usize],
        mut take: impl FnMut(u64, &[ArrayRef], &Place) -> Result<(), DataError>,
    ) -> Result<(), DataError> {
        let schema = self.metadata.parquet_schema();
        let mask = ProjectionMask::roots(schema, columns.iter().copied());
        let mut sorted = columns.to_vec();
        sorted.sort_unstable();
        sorted.dedup();
        let metadata = self.metadata.metadata();
        let mut first = 1;
        for group in 0..metadata.num_row_groups() {
            let place = Place::new(&self.name, Position::RowGroup(group));
            check_codecs(metadata.row_group(group), &mask, &place)?;
            let file = self.file.try_clone().map_err(|source| {
                let place = place.clone();
                DataError::Unreadable { place, source }
            })?;
            let mut batches = decode(&place, || {
                ParquetRecordBatchReaderBuilder::new_with_metadata(file, self.metadata.clone())
                    .with_projection(mask.clone())
                    .with_row_groups(vec![group])
                    .with_batch_size(BATCH_ROWS)
                    .build()
            })?;
            while let Some(batch) = decode(&place, || batches.next().transpose())? {
                let wanted: Option<Vec<ArrayRef>> = columns
                    .iter()
                    .map(|column| {
                        let at = sorted.binary_search(column).ok()?;
                        batch.columns().get(at).cloned()
                    })
                    .collect();
                take(first, &wanted.unwrap_or_default(), &place)?;
                first += batch.num_rows() as u64;
            }
        }
        Ok(())
    }

    pub(super) fn for_each_row(
        &self,
        columns: &[usize],
        take: &mut impl for<'v> FnMut(At<'_>, Values<'_, 'v>) -> Result<(), DataError>,
    ) -> Result<(), DataError> {
        for (wanted, &column) in columns.iter().enumerate() {
            if !is_text_like(self.kind(column)) {
                return Err(DataError::ColumnType {
                    place: Place::whole(&self.name),
                    role: if wanted == 0 { Role::Item } else { Role::Title },
                    column: self.metadata.schema().field(column).name().clone(),
                    found: reason(&self.kind(column).to_string()),
                    remedy: "a column of items holds texts, numbers or lists of them: convert it, or name another",
                });
            }
        }
        self.for_each_batch(columns, |first, batch, place| {
            let texts: Result<Vec<_>, _> =
                batch.iter().map(|column| texts(column, place)).collect();
            let texts = texts?;
            let n = batch.first().map_or(0, |column| column.len());
            for row in 0..n {
                let at = || Place::new(&self.name, Position::Row(first + row as u64));
                take(&at, &|wanted| {
                    let column = &texts[wanted];
                    Ok(Cow::Borrowed(match column.is_null(row) {
                        true => "",
                        false => column.value(row),
                    }))
                })?;
            }
            Ok(())
        })
    }
}

/// Whether the values of a type have a text.
pub(super) fn is_text_like(kind: &DataType) -> bool {
    match kind {
        DataType::List(inner) | DataType::LargeList(inner) | DataType::FixedSizeList(inner, _) => {
            is_text_like(inner.data_type())
        }
        DataType::Dictionary(_, values) => is_text_like(values),
        DataType::FixedSizeBinary(width) => *width == 16,
        kind => !kind.is_nested(),
    }
}

/// A column as text. Whole floats and decimals read as whole numbers, bytes of a UUID as a UUID.
pub(in crate::data) fn texts(
    column: &ArrayRef,
    place: &Place,
) -> Result<LargeStringArray, DataError> {
    match column.data_type() {
        DataType::List(_) | DataType::LargeList(_) | DataType::FixedSizeList(..) => {
            return lists(column, place);
        }
        DataType::FixedSizeBinary(16) => {
            let bytes = column.as_fixed_size_binary();
            return Ok(bytes.iter().map(|bytes| bytes.map(uuid)).collect());
        }
        kind if kind.is_floating() => {
            let numbers = cast(column, &DataType::Float64, place)?;
            let numbers = numbers.as_primitive::<Float64Type>();
            return Ok(numbers
                .iter()
                .map(|number| number.map(|number| number.to_string()))
                .collect());
        }
        _ => {}
    }
    let texts = cast(column, &DataType::LargeUtf8, place)?;
    let texts = texts.as_string::<i64>();
    Ok(match column.data_type() {
        DataType::Decimal32(..)
        | DataType::Decimal64(..)
        | DataType::Decimal128(..)
        | DataType::Decimal256(..) => texts.iter().map(|text| text.map(without_zeros)).collect(),
        _ => texts.clone(),
    })
}

/// A decimal without the zeros at the end of its fraction.
fn without_zeros(text: &str) -> &str {
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.'),
        false => text,
    }
}

fn uuid(bytes: &[u8]) -> String {
    let hex = |bytes: &[u8]| -> String { bytes.iter().map(|byte| format!("{byte:02x}")).collect() };
    [
        &bytes[..4],
        &bytes[4..6],
        &bytes[6..8],
        &bytes[8..10],
        &bytes[10..],
    ]
    .map(hex)
    .join("-")
}

fn lists(column: &ArrayRef, place: &Place) -> Result<LargeStringArray, DataError> {
    let mut joined = Vec::with_capacity(column.len());
    for row in 0..column.len() {
        let Some(values) = list_at(column, row) else {
            joined.push(None);
            continue;
        };
        let values = texts(&values, place)?;
        let mut text = String::new();
        for value in values.iter().flatten().filter(|value| !value.is_empty()) {
            if !text.is_empty() {
                text.push(BETWEEN_VALUES);
            }
            text.push_str(value);
        }
        joined.push(Some(text));
    }
    Ok(joined.into_iter().collect())
}

/// The list of a row, where there is one.
pub(in crate::data) fn list_at(column: &ArrayRef, row: usize) -> Option<ArrayRef> {
    if column.is_null(row) {
        return None;
    }
    Some(match column.data_type() {
        DataType::List(_) => column.as_list::<i32>().value(row),
        DataType::LargeList(_) => column.as_list::<i64>().value(row),
        _ => column.as_fixed_size_list().value(row),
    })
}

fn cast(column: &ArrayRef, to: &DataType, place: &Place) -> Result<ArrayRef, DataError> {
    if column.data_type() == to {
        return Ok(Arc::clone(column));
    }
    cast_with_options(column, to, &AS_TEXT).map_err(|error| DataError::BadParquet {
        place: place.clone(),
        reason: reason(&error.to_string()),
    })
}
