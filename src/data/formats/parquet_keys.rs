//! Keys of a Parquet column of any type that names somebody: texts, whole numbers however stored, UUIDs.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Decimal128Type, Float64Type};
use arrow_array::{Array, ArrayRef, LargeStringArray, StringArray, UInt64Array};
use arrow_schema::{ArrowError, DataType};

use super::strict_cast::strict_cast;
use crate::data::key::{Key, trimmed};
use crate::data::parquet_table::null_rows;

/// Whether a column of a type may be keys.
pub(super) fn is_key_type(kind: &DataType) -> bool {
    match kind {
        DataType::Dictionary(_, values) => is_key_type(values),
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => true,
        DataType::FixedSizeBinary(_) => true,
        kind => kind.is_numeric() || kind.is_string(),
    }
}

/// Why a row has no key.
pub(super) enum NoKey {
    Null,
    /// A number that is not whole.
    NotWhole(String),
}

/// A key column; numbers stand for their decimal digits. What stands where there is no key is none.
pub(super) enum Keys {
    Numbers(UInt64Array),
    Text(StringArray),
    LargeText(LargeStringArray),
}

impl Keys {
    /// The keys of a column; hands over the rows that have none.
    pub(super) fn read(
        column: &ArrayRef,
        no_key: &mut dyn FnMut(usize, NoKey),
    ) -> Result<Self, ArrowError> {
        let kind = column.data_type();
        let cast = |kind: &DataType| strict_cast(column, kind);
        // A negative number does not fit and goes as text.
        let natural = (kind.is_integer())
            .then(|| cast(&DataType::UInt64).ok())
            .flatten();
        let keys: ArrayRef = match kind {
            _ if natural.is_some() => natural.unwrap_or_else(|| Arc::clone(column)),
            DataType::Utf8 => Arc::clone(column),
            DataType::FixedSizeBinary(16) => Arc::new(uuids(column)),
            DataType::FixedSizeBinary(_) => {
                strict_cast(&cast(&DataType::LargeBinary)?, &DataType::LargeUtf8)?
            }
            kind if kind.is_floating() => whole_floats(&cast(&DataType::Float64)?, no_key),
            &DataType::Decimal32(_, scale)
            | &DataType::Decimal64(_, scale)
            | &DataType::Decimal128(_, scale)
            | &DataType::Decimal256(_, scale)
                if scale > 0 =>
            {
                whole_decimals(&cast(&DataType::Decimal128(38, scale))?, scale, no_key)
            }
            _ => cast(&DataType::LargeUtf8)?,
        };
        let nulls = null_rows(column).into_iter();
        nulls.for_each(|row| no_key(row, NoKey::Null));
        Ok(match keys.data_type() {
            DataType::UInt64 => Self::Numbers(keys.as_primitive().clone()),
            DataType::Utf8 => Self::Text(keys.as_string().clone()),
            _ => Self::LargeText(keys.as_string().clone()),
        })
    }

    #[inline]
    pub(super) fn get(&self, row: usize) -> Key<'_> {
        match self {
            Self::Numbers(keys) => Key::Number(keys.value(row)),
            Self::Text(keys) => Key::of(trimmed(keys.value(row).as_bytes())),
            Self::LargeText(keys) => Key::of(trimmed(keys.value(row).as_bytes())),
        }
    }
}

/// UUIDs as they are written, `00000000-0000-0067-0000-000000000000`.
pub(in crate::data) fn uuids(column: &ArrayRef) -> LargeStringArray {
    let text = |bytes: &[u8]| {
        let mut text = String::with_capacity(36);
        for (at, byte) in bytes.iter().enumerate() {
            if matches!(at, 4 | 6 | 8 | 10) {
                text.push('-');
            }
            for digit in [byte >> 4, byte & 15] {
                text.extend(char::from_digit(u32::from(digit), 16));
            }
        }
        text
    };
    let column = column.as_fixed_size_binary();
    LargeStringArray::from_iter(column.iter().map(|bytes| bytes.map(text)))
}

/// Whole numbers that were stored as floats, each as an integer.
fn whole_floats(column: &ArrayRef, no_key: &mut dyn FnMut(usize, NoKey)) -> ArrayRef {
    const U64_END: f64 = 18_446_744_073_709_551_616.0;
    let floats = column.as_primitive::<Float64Type>();
    for (row, value) in floats.values().iter().enumerate() {
        if value.fract() != 0.0 && floats.is_valid(row) {
            no_key(row, NoKey::NotWhole(value.to_string()));
        }
    }
    let fits = |value: Option<f64>| value.is_none_or(|value| (0.0..U64_END).contains(&value));
    if floats.iter().all(fits) {
        // Not a number, where it stands, is refused above and stays unread.
        let numbers = floats.iter().map(|value| value.map(|value| value as u64));
        return Arc::new(UInt64Array::from_iter(numbers));
    }
    // The digits of minus zero are 0.
    let text = |value: f64| format!("{:.0}", value + 0.0);
    Arc::new(LargeStringArray::from_iter(
        floats.iter().map(|value| value.map(text)),
    ))
}

/// Whole numbers that were stored as decimals.
fn whole_decimals(column: &ArrayRef, scale: i8, no_key: &mut dyn FnMut(usize, NoKey)) -> ArrayRef {
    let decimals = column.as_primitive::<Decimal128Type>();
    let one = 10i128.checked_pow(u32::from(scale.unsigned_abs()));
    let keys = (0..decimals.len()).map(|row| {
        let value = decimals.is_valid(row).then(|| decimals.value(row))?;
        let whole = one.filter(|one| value % one == 0).map(|one| value / one);
        if whole.is_none() {
            no_key(row, NoKey::NotWhole(decimals.value_as_string(row)));
        }
        whole.map(|whole| whole.to_string())
    });
    Arc::new(LargeStringArray::from_iter(keys))
}
