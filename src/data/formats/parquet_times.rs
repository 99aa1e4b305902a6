//! Times of a Parquet column: of a type that says their unit, numbers, or text.

use ::parquet::arrow::arrow_reader::ArrowReaderMetadata;
use ::parquet::arrow::parquet_to_arrow_schema;
use arrow_array::cast::AsArray;
use arrow_array::types::{Decimal128Type, Float64Type, Int64Type};
use arrow_array::{Array, ArrayRef};
use arrow_schema::{ArrowError, DataType, TimeUnit};

use super::strict_cast::strict_cast;
use crate::data::calendar::DAY;
use crate::data::error::{DataError, Position, Role};
use crate::data::numbers::{NumberFault, time_from_float};
use crate::data::panic_guard::guarded;
use crate::data::sink::Sink;
use crate::data::times::TimeKind;
use crate::data::unit::Unit;

/// Whether a column of a type may be times.
pub(super) fn is_time_type(kind: &DataType) -> bool {
    matches!(
        kind,
        DataType::Timestamp(..) | DataType::Date32 | DataType::Date64
    ) || kind.is_numeric()
        || is_text(kind)
}

fn is_text(kind: &DataType) -> bool {
    match kind {
        DataType::Dictionary(_, values) => is_text(values),
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => true,
        kind => kind.is_string(),
    }
}

/// How a column of times is read.
#[derive(Debug, Clone, Copy)]
pub(super) enum Times {
    /// Numbers of a unit that the type says.
    Typed(Unit),
    /// Days since 1970.
    Days,
    Whole,
    Floating,
    Decimal {
        digits_after_point: i8,
    },
    Text,
}

impl Times {
    /// By the type of a column; tells the sink what is to come. `duration` is the unit of whole numbers, where something
    /// beside their type tells it.
    pub(super) fn new(
        kind: &DataType,
        duration: &dyn Fn() -> Option<Unit>,
        sink: &mut Sink<'_>,
    ) -> Self {
        let times = match *kind {
            DataType::Timestamp(unit, _) => Self::Typed(unit_of(unit)),
            DataType::Date32 => Self::Days,
            DataType::Date64 => Self::Typed(Unit::Milliseconds),
            ref text if is_text(text) || sink.time_format().is_some() => Self::Text,
            ref floating if floating.is_floating() => Self::Floating,
            DataType::Decimal32(_, digits_after_point)
            | DataType::Decimal64(_, digits_after_point)
            | DataType::Decimal128(_, digits_after_point)
            | DataType::Decimal256(_, digits_after_point) => Self::Decimal { digits_after_point },
            _ => duration().map_or(Self::Whole, Self::Typed),
        };
        match times {
            Self::Typed(_) | Self::Days => sink.begin_times(TimeKind::Typed),
            Self::Whole | Self::Floating | Self::Decimal { .. } => {
                sink.begin_times(TimeKind::Numbers);
            }
            // The first of them tells.
            Self::Text => {}
        }
        times
    }

    /// The times of the rows of a batch, which are at these positions; what stands at a null is no time. Adds what
    /// is wrong with a row to `faults`.
    pub(super) fn read(
        self,
        column: &ArrayRef,
        at: &dyn Fn(usize) -> Position,
        sink: &mut Sink<'_>,
        faults: &mut Vec<(usize, DataError)>,
    ) -> Result<Vec<i64>, ArrowError> {
        let cast = |kind: &DataType| strict_cast(column, kind);
        let mut no_number = |row: usize, text: String, fault| {
            if column.is_valid(row) {
                let text = text.as_bytes();
                faults.push((
                    row,
                    sink.number_error(at(row), Role::Timestamp, fault, text),
                ));
            }
            0
        };
        Ok(match self {
            // Dates go by way of days; a direct cast of Date32 to Int64 goes through Int32.
            Self::Typed(_) | Self::Days | Self::Whole => {
                let column = cast(&DataType::Int64)?;
                let values = column.as_primitive::<Int64Type>().values();
                match self {
                    Self::Typed(unit) => values.iter().map(|&time| unit.seconds(time)).collect(),
                    Self::Days => values.iter().map(|day| day.saturating_mul(DAY)).collect(),
                    _ => values.to_vec(),
                }
            }
            Self::Floating => {
                let column = cast(&DataType::Float64)?;
                let values = column.as_primitive::<Float64Type>().values().iter();
                let time = |(row, &value): (usize, &f64)| {
                    let time = time_from_float(value);
                    time.unwrap_or_else(|fault| no_number(row, value.to_string(), fault))
                };
                values.enumerate().map(time).collect()
            }
            Self::Decimal { digits_after_point } => {
                let column = cast(&DataType::Decimal128(38, digits_after_point))?;
                let values = column.as_primitive::<Decimal128Type>().values().iter();
                let one = 10i128.checked_pow(u32::from(digits_after_point.unsigned_abs()));
                let whole = |value: i128| match digits_after_point < 0 {
                    true => value.checked_mul(one?),
                    false => Some(value.div_euclid(one?)),
                };
                let time = |(row, &value): (usize, &i128)| {
                    let time = whole(value).and_then(|whole| i64::try_from(whole).ok());
                    time.unwrap_or_else(|| {
                        no_number(row, value.to_string(), NumberFault::NotFinite)
                    })
                };
                values.enumerate().map(time).collect()
            }
            Self::Text => {
                let column = cast(&DataType::LargeUtf8)?;
                let texts = column.as_string::<i64>().iter().enumerate();
                let time = |(row, text): (usize, Option<&str>)| {
                    let time = text.map(|text| sink.timestamp(at(row), text.as_bytes()));
                    time.unwrap_or(Ok(0)).unwrap_or_else(|fault| {
                        faults.push((row, fault));
                        0
                    })
                };
                texts.map(time).collect()
            }
        })
    }
}

fn unit_of(unit: TimeUnit) -> Unit {
    match unit {
        TimeUnit::Second => Unit::Seconds,
        TimeUnit::Millisecond => Unit::Milliseconds,
        TimeUnit::Microsecond => Unit::Microseconds,
        TimeUnit::Nanosecond => Unit::Nanoseconds,
    }
}

/// The unit of a duration, which only the Arrow schema in the file's footer tells from a whole number.
pub(super) fn duration(name: &str, metadata: &ArrowReaderMetadata) -> Option<Unit> {
    let footer = metadata.metadata().file_metadata();
    // Damage in the embedded schema panics in its decoder.
    let schema =
        guarded(|| parquet_to_arrow_schema(metadata.parquet_schema(), footer.key_value_metadata()));
    match *schema.ok()?.ok()?.field_with_name(name).ok()?.data_type() {
        DataType::Duration(unit) => Some(unit_of(unit)),
        _ => None,
    }
}
