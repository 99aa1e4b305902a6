//! Whole numbers of 128 bits in Parquet as Polars writes them: 16 bytes, the lowest first, and no logical type.

use std::sync::Arc;

use ::parquet::basic::Type;
use ::parquet::file::metadata::FileMetaData;
use arrow_array::cast::AsArray;
use arrow_array::{ArrayRef, Decimal128Array};
use arrow_schema::{DataType, Schema};

/// The largest decimal has 38 digits, and a number of 128 bits may have one more, which no id has.
const KIND: DataType = DataType::Decimal128(38, 0);

/// The schema with such columns as decimals, and where they are.
pub(super) fn known_int128(schema: &Schema, footer: &FileMetaData) -> (Schema, Vec<usize>) {
    let of_polars = footer
        .created_by()
        .is_some_and(|by| by.to_lowercase().starts_with("polars"));
    let written = footer.schema_descr().root_schema().get_fields();
    let mut places = Vec::new();
    let fields = schema.fields().iter().zip(written).enumerate();
    let fields = fields.map(|(at, (field, written))| {
        // Polars has no other type of 16 bytes but decimals, which have their logical type.
        let is_plain = written.is_primitive()
            && written.get_physical_type() == Type::FIXED_LEN_BYTE_ARRAY
            && written.get_basic_info().logical_type_ref().is_none();
        match of_polars && is_plain && *field.data_type() == DataType::FixedSizeBinary(16) {
            true => {
                places.push(at);
                Arc::new(field.as_ref().clone().with_data_type(KIND))
            }
            false => Arc::clone(field),
        }
    });
    (Schema::new(fields.collect::<Vec<_>>()), places)
}

/// Such a column as decimals.
pub(super) fn decimals(column: &ArrayRef) -> ArrayRef {
    let number = |bytes: &[u8]| bytes.first_chunk().map(|bytes| i128::from_le_bytes(*bytes));
    let bytes = column.as_fixed_size_binary().iter();
    let numbers: Decimal128Array = bytes.map(|bytes| bytes.and_then(number)).collect();
    Arc::new(numbers.with_data_type(KIND))
}
