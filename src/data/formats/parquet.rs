//! Apache Parquet: row group by row group, only the needed columns, keys of any string or integer type.

use std::fs::File;
use std::io;
use std::sync::Arc;

use ::parquet::arrow::ProjectionMask;
use ::parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use ::parquet::basic::Compression;
use ::parquet::file::metadata::RowGroupMetaData;
use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type, Int64Type};
use arrow_array::{Array, ArrayRef, LargeStringArray, RecordBatch, StringArray, UInt64Array};
use arrow_cast::{CastOptions, cast_with_options};
use arrow_schema::{ArrowError, DataType, Schema, TimeUnit};

use super::panic_guard::guarded;
use crate::data::columns::{ColumnNames, Columns};
use crate::data::error::{DataError, Place, Position, Role, reason};
use crate::data::key::Key;
use crate::data::numbers::{NumberFault, parse_weight, seconds_by_magnitude, timestamp_from_float};
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
    let mut next_row = 1;
    for group in 0..metadata.metadata().num_row_groups() {
        let at = Position::RowGroup(group);
        let place = Place::new(name, at);
        check_codecs(metadata.metadata().row_group(group), &mask, &place)?;
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
            let rows = Rows {
                place: &place,
                first: next_row,
                faults: Vec::new(),
            };
            read_batch(&batch, &projected, rows, sink)?;
            next_row += batch.num_rows() as u64;
        }
    }
    Ok(())
}

/// Names a codec that there is no decoder for.
pub(in crate::data) fn check_codecs(
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
pub(in crate::data) fn decode<T, E: std::error::Error>(
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
        reason: reason(&error.to_string()),
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
        let (column, found) = (field.name().clone(), reason(&found.to_string()));
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
        let remedy = "ratings are numbers: convert it, or ignore them with `--weight-column -`";
        check(Role::Weight, weight, is_weight_type, remedy)?;
    }
    if let Some(timestamp) = columns.timestamp {
        let remedy = "timestamps are numbers, dates or timestamps: convert it, or ignore them with \
                      `--timestamp-column -`";
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

fn is_weight_type(kind: &DataType) -> bool {
    match kind {
        DataType::Dictionary(_, values) => is_weight_type(values),
        DataType::Boolean => true,
        kind => kind.is_numeric() || kind.is_string(),
    }
}

fn is_time_type(kind: &DataType) -> bool {
    matches!(
        kind,
        DataType::Timestamp(..) | DataType::Date32 | DataType::Date64
    ) || kind.is_integer()
        || kind.is_floating()
}

/// The rows of a batch: where they are, and what is wrong with some of them.
struct Rows<'p> {
    /// The row group.
    place: &'p Place,
    /// The number of the first, from 1.
    first: u64,
    faults: Vec<(usize, DataError)>,
}

impl Rows<'_> {
    fn position(&self, row: usize) -> Position {
        Position::Row(self.first + row as u64)
    }

    fn key_fault(&mut self, row: usize, role: Role) {
        let place = Place::new(&self.place.file, self.position(row));
        self.faults.push((row, DataError::EmptyKey { place, role }));
    }

    /// Takes a number that is none; `text` is how it reads.
    fn number_fault(
        &mut self,
        row: usize,
        role: Role,
        fault: NumberFault,
        text: &str,
        sink: &Sink<'_>,
    ) {
        let error = sink.number_error(self.position(row), role, fault, text.as_bytes());
        self.faults.push((row, error));
    }
}

fn read_batch(
    batch: &RecordBatch,
    projected: &Projected,
    mut rows: Rows<'_>,
    sink: &mut Sink<'_>,
) -> Result<(), DataError> {
    let place = rows.place;
    let column = |role: Role, name: &str| {
        let column = batch.column_by_name(name).cloned();
        column.ok_or_else(|| super::super::columns::missing(&[], role, Some(name), place))
    };
    let users = keys(&column(Role::User, &projected.user)?, Role::User, &mut rows)?;
    let items = keys(&column(Role::Item, &projected.item)?, Role::Item, &mut rows)?;
    let weights = match &projected.weight {
        Some(name) => Some(weights(&column(Role::Weight, name)?, &mut rows, sink)?),
        None => None,
    };
    let timestamps = match &projected.timestamp {
        Some(name) => Some(timestamps(
            &column(Role::Timestamp, name)?,
            &mut rows,
            sink,
        )?),
        None => None,
    };
    let mut faults = std::mem::take(&mut rows.faults);
    faults.sort_by_key(|&(row, _)| row);
    faults.dedup_by_key(|&mut (row, _)| row);
    let mut faults = faults.into_iter();
    let mut fault = faults.next();
    for row in 0..batch.num_rows() {
        if let Some((_, error)) = fault.take_if(|(at, _)| *at == row) {
            sink.bad_row(error)?;
            fault = faults.next();
            continue;
        }
        let weight = weights.as_ref().map_or(0.0, |all| all[row]);
        let timestamp = timestamps.as_ref().map_or(0, |all| all[row]);
        let at = rows.position(row);
        sink.key_row(at, users.get(row), items.get(row), weight, timestamp)?;
    }
    Ok(())
}

fn cast(column: &ArrayRef, to: &DataType, place: &Place) -> Result<ArrayRef, DataError> {
    let failed = |e: ArrowError| bad(place, &e);
    cast_with_options(column, to, &NO_OVERFLOW).map_err(failed)
}

/// A key column; numbers stand for their decimal digits. What stands at a null is no key.
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

fn keys(column: &ArrayRef, role: Role, rows: &mut Rows<'_>) -> Result<Keys, DataError> {
    let kind = column.data_type();
    // A negative number does not fit and goes as text.
    let natural = (kind.is_integer())
        .then(|| cast_with_options(column, &DataType::UInt64, &NO_OVERFLOW).ok())
        .flatten();
    let keys = match natural {
        Some(numbers) => numbers,
        None if *kind == DataType::Utf8 => Arc::clone(column),
        None => cast(column, &DataType::LargeUtf8, rows.place)?,
    };
    if keys.null_count() > 0 {
        let nulls = (0..keys.len()).filter(|&row| keys.is_null(row));
        nulls.for_each(|row| rows.key_fault(row, role));
    }
    Ok(match keys.data_type() {
        DataType::UInt64 => Keys::Numbers(keys.as_primitive().clone()),
        DataType::Utf8 => Keys::Text(keys.as_string().clone()),
        _ => Keys::LargeText(keys.as_string().clone()),
    })
}

fn refuse_nulls(column: &dyn Array, role: Role, rows: &mut Rows<'_>, sink: &Sink<'_>) {
    // A dictionary may hold a null among its values.
    if column.logical_null_count() == 0 {
        return;
    }
    let nulls = column.logical_nulls();
    let is_null = |row: usize| nulls.as_ref().is_some_and(|nulls| nulls.is_null(row));
    for row in (0..column.len()).filter(|&row| is_null(row)) {
        rows.number_fault(row, role, NumberFault::NotANumber, "null", sink);
    }
}

fn is_text(kind: &DataType) -> bool {
    match kind {
        DataType::Dictionary(_, values) => is_text(values),
        kind => kind.is_string(),
    }
}

fn weights(column: &ArrayRef, rows: &mut Rows<'_>, sink: &Sink<'_>) -> Result<Vec<f32>, DataError> {
    refuse_nulls(column, Role::Weight, rows, sink);
    if is_text(column.data_type()) {
        return text_weights(column, rows, sink);
    }
    let numbers = cast(column, &DataType::Float32, rows.place)?;
    let numbers = numbers.as_primitive::<Float32Type>();
    let values = numbers.values();
    if !values.iter().all(|value| value.is_finite()) {
        for (row, value) in values.iter().enumerate() {
            if !value.is_finite() && numbers.is_valid(row) {
                let text = value.to_string();
                rows.number_fault(row, Role::Weight, NumberFault::NotFinite, &text, sink);
            }
        }
    }
    Ok(values.to_vec())
}

/// Ratings that were stored as text.
fn text_weights(
    column: &ArrayRef,
    rows: &mut Rows<'_>,
    sink: &Sink<'_>,
) -> Result<Vec<f32>, DataError> {
    let texts = cast(column, &DataType::LargeUtf8, rows.place)?;
    let texts = texts.as_string::<i64>();
    let mut weights = Vec::with_capacity(texts.len());
    for (row, text) in texts.iter().enumerate() {
        let weight = match text.map(|text| parse_weight(text.as_bytes().trim_ascii())) {
            Some(Ok(weight)) => weight,
            Some(Err(fault)) => {
                rows.number_fault(row, Role::Weight, fault, text.unwrap_or_default(), sink);
                0.0
            }
            None => 0.0,
        };
        weights.push(weight);
    }
    Ok(weights)
}

fn timestamps(
    column: &ArrayRef,
    rows: &mut Rows<'_>,
    sink: &Sink<'_>,
) -> Result<Vec<i64>, DataError> {
    refuse_nulls(column, Role::Timestamp, rows, sink);
    let kind = column.data_type().clone();
    if kind.is_floating() {
        let column = cast(column, &DataType::Float64, rows.place)?;
        let numbers = column.as_primitive::<Float64Type>();
        let mut seconds = Vec::with_capacity(numbers.len());
        for (row, &value) in numbers.values().iter().enumerate() {
            seconds.push(timestamp_from_float(value).unwrap_or_else(|fault| {
                if numbers.is_valid(row) {
                    rows.number_fault(row, Role::Timestamp, fault, &value.to_string(), sink);
                }
                0
            }));
        }
        return Ok(seconds);
    }
    // Dates go by way of days or milliseconds; a direct cast of Date32 to Int64 goes through Int32.
    let column = cast(column, &DataType::Int64, rows.place)?;
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
