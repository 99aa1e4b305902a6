//! Columns of Arrow as rows of a log: Apache Parquet, row group by row group, and tables in memory. Only the needed columns,
//! keys of any string or integer type.

use std::fs::File;

use arrow_array::cast::AsArray;
use arrow_array::types::Float32Type;
use arrow_array::{Array, ArrayRef, LargeStringArray};
use arrow_schema::{DataType, Schema};

use super::parquet_keys::{Keys, NoKey, is_key_type};
use super::parquet_times::{Times, duration, is_time_type};
use super::strict_cast::strict_cast;
use crate::data::columns::{ColumnNames, Columns};
use crate::data::error::{DataError, Place, Position, Role, reason};
use crate::data::numbers::{NumberFault, parse_weight};
use crate::data::parquet_table::{Batch, ParquetTable, bad, null_rows};
use crate::data::sink::Sink;
use crate::data::unit::Unit;

/// Reads a Parquet file.
pub(in crate::data) fn read(
    name: &str,
    file: File,
    names: &ColumnNames,
    sink: &mut Sink<'_>,
) -> Result<(), DataError> {
    let table = ParquetTable::open(name, file)?;
    let duration = |column: &str| duration(column, &table.metadata);
    let rows = ArrowRows::begin(name, &table.schema, &duration, names, sink)?;
    table.for_each_batch(&rows.wanted(), |batch| rows.read(&batch, sink))
}

/// Reads the rows of a table whose columns are of Arrow's types, batch by batch.
pub(in crate::data) struct ArrowRows {
    columns: Columns,
    times: Option<Times>,
}

impl ArrowRows {
    /// Finds the columns of a table and tells the sink of them. `duration` is the unit of a column of whole numbers by its
    /// name, where something beside its type tells it.
    pub(in crate::data) fn begin(
        name: &str,
        schema: &Schema,
        duration: &dyn Fn(&str) -> Option<Unit>,
        names: &ColumnNames,
        sink: &mut Sink<'_>,
    ) -> Result<Self, DataError> {
        let whole = Place::whole(name);
        let fields = schema.fields().iter();
        let header: Vec<String> = fields.map(|field| field.name().clone()).collect();
        let mut columns = Columns::find(&header, names, &whole)?;
        if columns.weight_is_likely
            && !columns
                .weight
                .is_some_and(|at| is_weight_type(schema.field(at).data_type()))
        {
            columns.weight = None;
        }
        check_types(schema, &columns, &whole)?;
        sink.begin(&columns, &header, names)?;
        let times = columns.timestamp.map(|column| {
            let kind = schema.field(column).data_type();
            Times::new(kind, &|| duration(&header[column]), sink)
        });
        Ok(Self { columns, times })
    }

    /// The places of the columns that are read.
    pub(in crate::data) fn wanted(&self) -> Vec<usize> {
        let columns = &self.columns;
        let wanted = [
            Some(columns.user),
            Some(columns.item),
            columns.weight,
            columns.timestamp,
            columns.event,
        ];
        wanted.into_iter().flatten().collect()
    }

    /// Whether the keys of users, and those of items, are texts by their columns' types.
    pub(in crate::data) fn are_texts(&self, schema: &Schema) -> (bool, bool) {
        let is_text = |column: usize| is_text(schema.field(column).data_type());
        (is_text(self.columns.user), is_text(self.columns.item))
    }

    /// Reads a batch that has the columns wanted.
    pub(in crate::data) fn read(
        &self,
        batch: &Batch<'_>,
        sink: &mut Sink<'_>,
    ) -> Result<(), DataError> {
        read_batch(batch, &self.columns, self.times, sink)
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
    let key_remedy = "ids are strings or whole numbers: convert it, or name another column";
    check(Role::User, columns.user, is_key_type, key_remedy)?;
    check(Role::Item, columns.item, is_key_type, key_remedy)?;
    if let Some(weight) = columns.weight {
        let remedy = "ratings are numbers: convert it, or ignore them with `--weight-column -`";
        check(Role::Weight, weight, is_weight_type, remedy)?;
    }
    if let Some(event) = columns.event {
        let remedy = "types of events are strings or integers: convert it, or name another with `--event-column`";
        check(Role::Event, event, is_key_type, remedy)?;
    }
    if let Some(timestamp) = columns.timestamp {
        let remedy = "timestamps are numbers, dates or text: convert it, or ignore them with \
                      `--timestamp-column -`";
        check(Role::Timestamp, timestamp, is_time_type, remedy)?;
    }
    Ok(())
}

fn is_weight_type(kind: &DataType) -> bool {
    match kind {
        DataType::Dictionary(_, values) => is_weight_type(values),
        DataType::Boolean => true,
        kind => kind.is_numeric() || kind.is_string(),
    }
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

    fn key_fault(&mut self, row: usize, role: Role, why: NoKey) {
        let place = Place::new(&self.place.file, self.position(row));
        let fault = match why {
            NoKey::Null => DataError::EmptyKey { place, role },
            NoKey::NotWhole(text) => DataError::NotAWholeKey { place, role, text },
        };
        self.faults.push((row, fault));
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
        if role == Role::Weight && sink.weight_is_likely() {
            sink.no_rating();
            return;
        }
        let error = sink.number_error(self.position(row), role, fault, text.as_bytes());
        self.faults.push((row, error));
    }
}

fn read_batch(
    batch: &Batch<'_>,
    columns: &Columns,
    times: Option<Times>,
    sink: &mut Sink<'_>,
) -> Result<(), DataError> {
    let place = batch.place;
    let mut rows = Rows {
        place,
        first: batch.first_row,
        faults: Vec::new(),
    };
    let users = keys(&batch.column(columns.user), Role::User, &mut rows)?;
    let items = keys(&batch.column(columns.item), Role::Item, &mut rows)?;
    let weights = match columns.weight {
        Some(weight) => Some(weights(&batch.column(weight), &mut rows, sink)?),
        None => None,
    };
    let timestamps = match (columns.timestamp, times) {
        (Some(timestamp), Some(times)) => {
            let column = batch.column(timestamp);
            refuse_nulls(&column, Role::Timestamp, &mut rows, sink);
            let mut faults = std::mem::take(&mut rows.faults);
            let read = times.read(&column, &|row| rows.position(row), sink, &mut faults);
            rows.faults = faults;
            Some(read.map_err(|error| bad(place, &error))?)
        }
        _ => None,
    };
    let events = match columns.event {
        Some(event) => Some(cast(&batch.column(event), &DataType::LargeUtf8, place)?),
        None => None,
    };
    let mut faults = std::mem::take(&mut rows.faults);
    faults.sort_by_key(|&(row, _)| row);
    faults.dedup_by_key(|&mut (row, _)| row);
    let mut faults = faults.into_iter();
    let mut fault = faults.next();
    for row in 0..batch.n_rows() {
        if let Some((_, error)) = fault.take_if(|(at, _)| *at == row) {
            sink.bad_row(error)?;
            fault = faults.next();
            continue;
        }
        let weight = weights.as_ref().map_or(0.0, |all| all[row]);
        let timestamp = timestamps.as_ref().map_or(0, |all| all[row]);
        let at = rows.position(row);
        if let Some(events) = &events
            && let Err(error) = take_event(events.as_string(), row, at, sink)
        {
            sink.bad_row(error)?;
            continue;
        }
        sink.key_row(at, users.get(row), items.get(row), weight, timestamp)?;
    }
    Ok(())
}

fn cast(column: &ArrayRef, to: &DataType, place: &Place) -> Result<ArrayRef, DataError> {
    strict_cast(column, to).map_err(|error| bad(place, &error))
}

fn keys(column: &ArrayRef, role: Role, rows: &mut Rows<'_>) -> Result<Keys, DataError> {
    let place = rows.place;
    let keys = Keys::read(column, &mut |row, why| rows.key_fault(row, role, why));
    keys.map_err(|error| bad(place, &error))
}

fn take_event(
    events: &LargeStringArray,
    row: usize,
    at: Position,
    sink: &mut Sink<'_>,
) -> Result<(), DataError> {
    match events.is_null(row) {
        true => Err(DataError::EmptyKey {
            place: sink.place(at),
            role: Role::Event,
        }),
        false => sink.event(at, events.value(row).as_bytes()),
    }
}

fn refuse_nulls(column: &dyn Array, role: Role, rows: &mut Rows<'_>, sink: &Sink<'_>) {
    for row in null_rows(column) {
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
