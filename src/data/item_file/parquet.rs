//! The columns of a Parquet file as texts: numbers as they are printed, lists between `|`.

use std::borrow::Cow;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_array::{Array, ArrayRef, LargeStringArray};
use arrow_cast::{CastOptions, cast_with_options};
use arrow_schema::DataType;

use super::{At, BETWEEN_VALUES, Values, role};
use crate::data::error::{DataError, Place, Position, Role, reason};
use crate::data::formats::uuids;
use crate::data::parquet_table::{ParquetTable, bad};

/// What does not fit becomes a null.
const AS_TEXT: CastOptions<'static> = CastOptions {
    safe: true,
    format_options: arrow_cast::display::FormatOptions::new(),
};

/// Hands over each row: its place, and its values of these columns.
pub(super) fn for_each_row(
    table: &ParquetTable,
    keys: Role,
    columns: &[usize],
    take: &mut impl for<'v> FnMut(At<'_>, Values<'_, 'v>) -> Result<(), DataError>,
) -> Result<(), DataError> {
    for (wanted, &column) in columns.iter().enumerate() {
        if !is_text_like(table.kind(column)) {
            return Err(DataError::ColumnType {
                place: Place::whole(&table.name),
                role: role(keys, wanted),
                column: table.schema.field(column).name().clone(),
                found: reason(&table.kind(column).to_string()),
                remedy: "such a column holds texts, numbers or lists of them: convert it, or name another",
            });
        }
    }
    table.for_each_batch(columns, |batch| {
        let texts = columns
            .iter()
            .map(|&column| texts(&batch.column(column), batch.place));
        let texts = texts.collect::<Result<Vec<_>, _>>()?;
        for row in 0..batch.n_rows() {
            let at = || Place::new(&table.name, Position::Row(batch.first_row + row as u64));
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
        DataType::FixedSizeBinary(16) => return Ok(uuids(column)),
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
    cast_with_options(column, to, &AS_TEXT).map_err(|error| bad(place, &error))
}
