//! Apache Parquet: row group by row group, only the needed columns, keys of any string or integer type.

use std::fs::File;
use std::io;
use std::sync::Arc;

use ::parquet::arrow::ProjectionMask;
use ::parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type, Int64Type};
use arrow_array::{Array, ArrayRef, LargeStringArray, RecordBatch, StringArray, UInt64Array};
use arrow_cast::{CastOptions, cast_with_options};
use arrow_schema::{ArrowError, DataType, Schema, TimeUnit};

use super::panic_guard::guarded;
use crate::data::columns::{ColumnNames, Columns};
use crate::data::error::{DataError, Place, Position, Role, excerpt};
use crate::data::key::Key;
use crate::data::numbers::{NumberFault, seconds_by_magnitude, timestamp_from_float};
use crate::data::sink::Sink;

const BATCH_ROWS: usize = 8192;
const NO_OVERFLOW: CastOptions<'static> = CastOptions {
    safe: false,
    format_options: arrow_cast::display::FormatOptions::new(),
};

/// Reads a Parquet file.
pub(in crate::data) fn read(
    name: &str,
    file: &File,
    names: &ColumnNames,
    sink: &mut Sink<'_>,
) -> Result<(), DataError> {
    let whole = Place::whole(name);
    // The embedded Arrow schema adds nothing needed here, and damage in it panics in its decoder.
    let options = ArrowReaderOptions::default().with_skip_arrow_metadata(true);
    let metadata = decode(&whole, || ArrowReaderMetadata::load(file, options))?;
    let schema = Arc::clone(metadata.schema());
    let header: Vec<String> = schema.fields().iter().map(|f| f.name().clone()).collect();
    let columns = Columns::find(&header, names, &whole)?;
    check_types(&schema, &columns, &whole)?;
    sink.set_detected(columns.describe(&header, name));
    sink.set_layout(columns.weight.is_some(), columns.timestamp.is_some())?;

    let roots = [
        Some(columns.user),
        Some(columns.item),
        columns.weight,
        columns.timestamp,
    ];
    let mask = ProjectionMask::roots(metadata.parquet_schema(), roots.into_iter().flatten());
    let projected = Projected::new(&header, &columns);
    for group in 0..metadata.metadata().num_row_groups() {
        let at = Position::RowGroup(group);
        let place = Place::new(name, at);
        let file = file.try_clone().map_err(|source| DataError::Unreadable {
            place: place.clone(),
            source,
        })?;
        let mut batches = decode(&place, || {
            ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata.clone())
                .with_projection(mask.clone())
                .with_row_groups(vec![group])
                .with_batch_size(BATCH_ROWS)
                .build()
        })?;
        while let Some(batch) = decode(&place, || batches.next().transpose())? {
            read_batch(&batch, &projected, at, sink)?;
        }
    }
    Ok(())
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

fn bad(place: &Place, error: &dyn std::error::Error) -> DataError {
    DataError::BadParquet {
        place: place.clone(),
        reason: excerpt(error.to_string().as_bytes()),
    }
}

/// Column names by role, for batches that hold the projected columns only.
struct Projected {
    user: String,
    item: String,
    weight: Option<String>,
    timestamp: Option<String>,
}

impl Projected {
    fn new(header: &[String], columns: &Columns) -> Self {
        let found = columns.describe(header, "");
        Self {
            user: found.user,
            item: found.item,
            weight: found.weight,
            timestamp: found.timestamp,
        }
    }
}

fn check_types(schema: &Schema, columns: &Columns, place: &Place) -> Result<(), DataError> {
    let check = |role, column: usize, fits: fn(&DataType) -> bool, remedy| {
        let field = schema.field(column);
        let found = field.data_type();
        if fits(found) {
            return Ok(());
        }
        let (column, found) = (field.name().clone(), excerpt(found.to_string().as_bytes()));
        Err(DataError::ColumnType {
            place: place.clone(),
            role,
            column,
            found,
            remedy,
        })
    };
    let key_remedy = "ids are strings or integers: convert it, or name another column";
    check(Role::User, columns.user, is_key_type, key_remedy)?;
    check(Role::Item, columns.item, is_key_type, key_remedy)?;
    if let Some(weight) = columns.weight {
        let remedy = "ratings are numbers: convert it, or set the rating column to `-`";
        check(Role::Weight, weight, DataType::is_numeric, remedy)?;
    }
    if let Some(timestamp) = columns.timestamp {
        let remedy = "timestamps are numbers, dates or timestamps: convert it, or set the \
                      timestamp column to `-`";
        check(Role::Timestamp, timestamp, is_time_type, remedy)?;
    }
    Ok(())
}

fn is_key_type(kind: &DataType) -> bool {
    match kind {
        DataType::Dictionary(_, values) => is_key_type(values),
        DataType::Decimal128(_, 0) | DataType::Decimal256(_, 0) => true,
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => true,
        kind => kind.is_integer() || kind.is_string(),
    }
}

fn is_time_type(kind: &DataType) -> bool {
    matches!(
        kind,
        DataType::Timestamp(..) | DataType::Date32 | DataType::Date64
    ) || kind.is_integer()
        || kind.is_floating()
}

fn read_batch(
    batch: &RecordBatch,
    projected: &Projected,
    at: Position,
    sink: &mut Sink<'_>,
) -> Result<(), DataError> {
    let column = |role: Role, name: &str| {
        let column = batch.column_by_name(name).cloned();
        column.ok_or_else(|| super::super::columns::missing(&[], role, Some(name), &sink.place(at)))
    };
    let users = keys(&column(Role::User, &projected.user)?, Role::User, at, sink)?;
    let items = keys(&column(Role::Item, &projected.item)?, Role::Item, at, sink)?;
    let weights = match &projected.weight {
        Some(name) => Some(weights(&column(Role::Weight, name)?, at, sink)?),
        None => None,
    };
    let timestamps = match &projected.timestamp {
        Some(name) => Some(timestamps(&column(Role::Timestamp, name)?, at, sink)?),
        None => None,
    };
    for row in 0..batch.num_rows() {
        let weight = weights.as_ref().map_or(0.0, |all| all[row]);
        let timestamp = timestamps.as_ref().map_or(0, |all| all[row]);
        sink.key_row(at, users.get(row), items.get(row), weight, timestamp)?;
    }
    Ok(())
}

fn cast(
    column: &ArrayRef,
    to: &DataType,
    at: Position,
    sink: &Sink<'_>,
) -> Result<ArrayRef, DataError> {
    let failed = |e: ArrowError| bad(&sink.place(at), &e);
    cast_with_options(column, to, &NO_OVERFLOW).map_err(failed)
}

/// A key column, none null; numbers stand for their decimal digits.
enum Keys {
    Numbers(UInt64Array),
    Text(StringArray),
    LargeText(LargeStringArray),
}

impl Keys {
    #[inline]
    fn get(&self, row: usize) -> Key<'_> {
        match self {
            Self::Numbers(keys) => Key::Number(keys.value(row)),
            Self::Text(keys) => Key::of(keys.value(row).as_bytes()),
            Self::LargeText(keys) => Key::of(keys.value(row).as_bytes()),
        }
    }
}

fn keys(column: &ArrayRef, role: Role, at: Position, sink: &Sink<'_>) -> Result<Keys, DataError> {
    let kind = column.data_type();
    // A negative number does not fit and goes as text.
    let natural = (kind.is_integer())
        .then(|| cast_with_options(column, &DataType::UInt64, &NO_OVERFLOW).ok())
        .flatten();
    let keys = match natural {
        Some(numbers) => numbers,
        None if *kind == DataType::Utf8 => Arc::clone(column),
        None => cast(column, &DataType::LargeUtf8, at, sink)?,
    };
    if keys.null_count() > 0 {
        return Err(DataError::EmptyKey {
            place: sink.place(at),
            role,
        });
    }
    Ok(match keys.data_type() {
        DataType::UInt64 => Keys::Numbers(keys.as_primitive().clone()),
        DataType::Utf8 => Keys::Text(keys.as_string().clone()),
        _ => Keys::LargeText(keys.as_string().clone()),
    })
}

fn refuse_nulls(
    column: &dyn Array,
    role: Role,
    at: Position,
    sink: &Sink<'_>,
) -> Result<(), DataError> {
    if column.null_count() == 0 {
        return Ok(());
    }
    Err(sink.number_error(at, role, NumberFault::NotANumber, b"null"))
}

fn weights(column: &ArrayRef, at: Position, sink: &Sink<'_>) -> Result<Vec<f32>, DataError> {
    refuse_nulls(column, Role::Weight, at, sink)?;
    let column = cast(column, &DataType::Float32, at, sink)?;
    let values = column.as_primitive::<Float32Type>().values();
    match values.iter().find(|value| !value.is_finite()) {
        Some(value) => {
            let text = value.to_string();
            Err(sink.number_error(at, Role::Weight, NumberFault::NotFinite, text.as_bytes()))
        }
        None => Ok(values.to_vec()),
    }
}

fn timestamps(column: &ArrayRef, at: Position, sink: &Sink<'_>) -> Result<Vec<i64>, DataError> {
    refuse_nulls(column, Role::Timestamp, at, sink)?;
    let kind = column.data_type().clone();
    if kind.is_floating() {
        let column = cast(column, &DataType::Float64, at, sink)?;
        let values = column.as_primitive::<Float64Type>().values();
        let second = |&value: &f64| {
            timestamp_from_float(value).map_err(|fault| {
                let text = value.to_string();
                sink.number_error(at, Role::Timestamp, fault, text.as_bytes())
            })
        };
        return values.iter().map(second).collect();
    }
    // Dates go by way of days or milliseconds; a direct cast of Date32 to Int64 goes through Int32.
    let column = cast(column, &DataType::Int64, at, sink)?;
    let to_seconds: fn(i64) -> i64 = match kind {
        DataType::Date32 => |days| days.saturating_mul(86_400),
        DataType::Date64 => |milliseconds| milliseconds.div_euclid(1_000),
        DataType::Timestamp(TimeUnit::Second, _) => |seconds| seconds,
        DataType::Timestamp(TimeUnit::Millisecond, _) => |time| time.div_euclid(1_000),
        DataType::Timestamp(TimeUnit::Microsecond, _) => |time| time.div_euclid(1_000_000),
        DataType::Timestamp(TimeUnit::Nanosecond, _) => |time| time.div_euclid(1_000_000_000),
        _ => seconds_by_magnitude,
    };
    let values = column.as_primitive::<Int64Type>().values();
    Ok(values.iter().map(|&value| to_seconds(value)).collect())
}
