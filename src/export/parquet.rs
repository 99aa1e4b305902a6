//! Lists as Parquet: `user` and `item` strings or 64-bit numbers, `rank` u32, `score` f32, `title` a string or null,
//! `source` `model` or `popularity`.

use std::sync::Arc;

use arrow_array::{ArrayRef, Float32Array, RecordBatch, StringArray, UInt32Array};
use arrow_schema::{DataType, Field, Schema};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;

use super::destination::Output;
use super::error::ExportError;
use super::key_types::{KeyTypes, column};
use crate::inference::{Listed, UserList};

pub(super) struct ParquetWriter {
    writer: ArrowWriter<Output>,
    schema: Arc<Schema>,
    name: String,
    with_titles: bool,
    types: KeyTypes,
}

/// Rows after which a row group is written out, which bounds memory.
const ROWS_PER_GROUP: usize = 1 << 18;

/// How every Parquet file here is compressed.
pub(super) fn properties() -> WriterProperties {
    WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_max_row_group_row_count(Some(ROWS_PER_GROUP))
        .build()
}

/// An encoder's error; what the disk said is told as such.
pub(super) fn failed(path: &str, error: ParquetError) -> ExportError {
    let path = path.to_owned();
    match error {
        ParquetError::External(inner) => match inner.downcast::<std::io::Error>() {
            Ok(source) => ExportError::Write {
                path,
                source: *source,
            },
            Err(inner) => ExportError::Parquet {
                path,
                source: ParquetError::External(inner),
            },
        },
        source => ExportError::Parquet { path, source },
    }
}

impl ParquetWriter {
    pub(super) fn new(
        output: Output,
        with_titles: bool,
        types: KeyTypes,
    ) -> Result<Self, ExportError> {
        let name = output.name().to_owned();
        let mut fields = vec![
            column::field("user", types.users_are_numbers),
            Field::new("rank", DataType::UInt32, false),
            column::field("item", types.items_are_numbers),
            Field::new("score", DataType::Float32, false),
        ];
        if with_titles {
            fields.push(Field::new("title", DataType::Utf8, true));
        }
        fields.push(Field::new("source", DataType::Utf8, false));
        let schema = Arc::new(Schema::new(fields));
        let writer = ArrowWriter::try_new(output, schema.clone(), Some(properties()))
            .map_err(|error| failed(&name, error))?;
        Ok(Self {
            writer,
            schema,
            name,
            with_titles,
            types,
        })
    }

    pub(super) fn write(&mut self, lists: &[UserList]) -> Result<(), ExportError> {
        let places: Vec<(&str, &Listed)> = lists
            .iter()
            .flat_map(|list| list.items.iter().map(|place| (&*list.user, place)))
            .collect();
        let users = places.iter().map(|(user, _)| *user);
        let items = places.iter().map(|(_, place)| &*place.item);
        let ranks = places.iter().map(|(_, place)| place.rank);
        let scores = places.iter().map(|(_, place)| place.score);
        let mut columns: Vec<ArrayRef> = vec![
            column::values(users, self.types.users_are_numbers),
            Arc::new(UInt32Array::from_iter_values(ranks)),
            column::values(items, self.types.items_are_numbers),
            Arc::new(Float32Array::from_iter_values(scores)),
        ];
        if self.with_titles {
            let titles = places.iter().map(|(_, place)| place.title.as_deref());
            columns.push(Arc::new(titles.collect::<StringArray>()));
        }
        let sources = lists.iter().flat_map(|list| {
            let n_places = list.items.len();
            std::iter::repeat_n(Some(list.source.name()), n_places)
        });
        columns.push(Arc::new(sources.collect::<StringArray>()));
        RecordBatch::try_new(self.schema.clone(), columns)
            .map_err(ParquetError::from)
            .and_then(|batch| self.writer.write(&batch))
            .map_err(|error| failed(&self.name, error))
    }

    pub(super) fn is_closed(&self) -> bool {
        self.writer.inner().is_closed()
    }

    pub(super) fn finish(self) -> Result<(), ExportError> {
        self.writer
            .into_inner()
            .map_err(|error| failed(&self.name, error))?
            .finish()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use arrow_array::cast::AsArray;
    use arrow_array::types::{Float32Type, Int64Type, UInt32Type};
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

    use crate::export::KeyTypes;
    use crate::export::ListFormat;
    use crate::export::recommendations::fixture::{written, written_as};

    #[test]
    fn columns_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lists.parquet");
        std::fs::write(&path, written(ListFormat::Parquet, true)).unwrap();
        let file = std::fs::File::open(&path).unwrap();
        let mut reader = ParquetRecordBatchReaderBuilder::try_new(file)
            .unwrap()
            .build()
            .unwrap();
        let batch = reader.next().unwrap().unwrap();
        let strings = |name: &str| -> Vec<Option<String>> {
            let column = batch.column_by_name(name).unwrap().as_string::<i32>();
            column
                .iter()
                .map(|value| value.map(str::to_owned))
                .collect()
        };
        let some = |value: &str| Some(value.to_owned());
        assert_eq!(strings("user"), [some("anna"), some("anna"), some("7")]);
        assert_eq!(strings("item"), [some("x"), some("y"), some("x")]);
        assert_eq!(strings("title"), [some("Me, \"You\""), None, None]);
        let sources = ["model", "model", "popularity"].map(some);
        assert_eq!(strings("source"), sources);
        let ranks = batch
            .column_by_name("rank")
            .unwrap()
            .as_primitive::<UInt32Type>();
        let scores = batch
            .column_by_name("score")
            .unwrap()
            .as_primitive::<Float32Type>();
        assert_eq!(
            (&ranks.values()[..], &scores.values()[..]),
            (&[1, 2, 1][..], &[1.5, 0.1, -2.0][..])
        );
        assert!(reader.next().is_none());
    }

    #[test]
    fn keys_of_numbers_are_a_column_of_numbers() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lists.parquet");
        let types = KeyTypes {
            users_are_numbers: true,
            items_are_numbers: false,
        };
        let bytes = written_as(ListFormat::Parquet, false, "-5", types);
        std::fs::write(&path, bytes).unwrap();
        let file = std::fs::File::open(&path).unwrap();
        let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
        let batch = reader.build().unwrap().next().unwrap().unwrap();
        let users = batch.column_by_name("user").unwrap();
        assert_eq!(users.as_primitive::<Int64Type>().values()[..], [-5, -5, 7]);
        let items = batch.column_by_name("item").unwrap();
        assert_eq!(items.as_string::<i32>().value(0), "x");
    }
}
