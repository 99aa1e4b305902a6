//! A log from a table in memory, batch by batch, by the same path as a Parquet file.

use arrow_array::RecordBatchReader;
use sha2::{Digest, Sha256};

use super::cleaning::Cleaning;
use super::columns::ColumnNames;
use super::error::{DataError, Place, reason};
use super::formats::ArrowRows;
use super::parquet_table::Batch;
use super::raw_log::RawLog;
use super::read_log::Keys;
use super::sink::Sink;
use super::{Dataset, IdMap, Interactions, ReadOptions, SourceFile};

/// The name of the source in messages and in a run's `data.json`.
const NAME: &str = "(table)";

/// Reads a log from the batches of a table.
///
/// The source's hash is that of what was read, keys and merged interactions: the same interactions in another order, in
/// other batches or under other types of columns are the same source.
///
/// # Errors
/// As reading a Parquet file with the same rows, and what the reader says.
pub(crate) fn read_arrow(
    reader: impl RecordBatchReader,
    options: &ReadOptions,
) -> Result<(Dataset, Cleaning), DataError> {
    let mut keys = Keys::new(options, u32::MAX);
    let mut log = RawLog::new().merging(options.merge_rule());
    keys.read_table(reader, &mut log)?;
    if log.len() == 0 && keys.bad_rows.count == 0 {
        return Err(DataError::EmptyTable {
            place: Place::whole(NAME),
        });
    }
    let (mut dataset, cleaning) = keys.into_dataset(log, &[])?;
    let (bytes, sha256) = hash(&dataset);
    for source in &mut dataset.sources {
        source.bytes = bytes;
        source.sha256.clone_from(&sha256);
    }
    Ok((dataset, cleaning))
}

impl Keys<'_> {
    fn read_table(
        &mut self,
        reader: impl RecordBatchReader,
        log: &mut RawLog,
    ) -> Result<(), DataError> {
        let names = ColumnNames {
            of_folders: Vec::new(),
            ..self.options.columns.clone()
        };
        let schema = reader.schema();
        let place = Place::whole(NAME);
        let mut sink = Sink::new(NAME, &mut self.users, &mut self.items, log, true);
        sink.set_bad_rows(self.options.skip_bad_rows.is_some());
        sink.expect_times(self.options.time_format.as_deref());
        sink.weigh_events(&self.options.events);
        let rows = ArrowRows::begin(NAME, &schema, &|_| None, &names, &mut sink)?;
        let columns: Vec<usize> = (0..schema.fields().len()).collect();
        let mut first_row = 1;
        for batch in reader {
            let batch = batch.map_err(|error| DataError::BadTable {
                place: place.clone(),
                reason: reason(&error.to_string()),
            })?;
            rows.read(
                &Batch::of_table(&batch, &columns, first_row, &place),
                &mut sink,
            )?;
            first_row += batch.num_rows() as u64;
        }
        sink.after(Ok(()))?;
        if let Some(bad_rows) = sink.take_bad_rows() {
            self.bad_rows.add(bad_rows);
        }
        self.remarks.extend(sink.take_remarks());
        let (n_rows, found) = sink.finish()?;
        if let Some(mut found) = found {
            (found.user_is_text, found.item_is_text) = rows.are_texts(&schema);
            self.columns.push(found);
        }
        self.sources.push(SourceFile {
            path: NAME.to_owned(),
            format: "arrow".to_owned(),
            bytes: 0,
            sha256: String::new(),
            rows: n_rows,
        });
        Ok(())
    }
}

/// The number of bytes of a data set's keys and interactions, and their SHA-256 in hexadecimal.
fn hash(dataset: &Dataset) -> (u64, String) {
    let mut hasher = Hasher::default();
    for keys in [&dataset.users, &dataset.items] {
        hasher.keys(keys);
    }
    for rows in [&dataset.interactions, &dataset.also_seen] {
        hasher.rows(rows);
    }
    hasher.end()
}

#[derive(Default)]
struct Hasher {
    sha256: Sha256,
    bytes: u64,
    /// Bytes that wait to be hashed together.
    waiting: Vec<u8>,
}

impl Hasher {
    const ENOUGH: usize = 1 << 16;

    fn take(&mut self, bytes: &[u8]) {
        self.waiting.extend_from_slice(bytes);
        if self.waiting.len() >= Self::ENOUGH {
            self.flush();
        }
    }

    fn flush(&mut self) {
        self.sha256.update(&self.waiting);
        self.bytes += self.waiting.len() as u64;
        self.waiting.clear();
    }

    /// Each key after its length, so that no two lists of keys are the same bytes.
    fn keys(&mut self, keys: &IdMap) {
        self.take(&(keys.len() as u64).to_le_bytes());
        for key in keys.keys() {
            self.take(&(key.len() as u64).to_le_bytes());
            self.take(key.as_bytes());
        }
    }

    fn rows(&mut self, rows: &Interactions) {
        self.take(&(rows.len() as u64).to_le_bytes());
        let ids = rows.users.iter().chain(&rows.items);
        ids.for_each(|id| self.take(&id.to_le_bytes()));
        for weight in rows.weights.iter().flatten() {
            self.take(&weight.to_le_bytes());
        }
        for time in rows.timestamps.iter().flatten() {
            self.take(&time.to_le_bytes());
        }
    }

    fn end(mut self) -> (u64, String) {
        self.flush();
        let digest = self.sha256.finalize();
        let hexadecimal = digest.iter().map(|byte| format!("{byte:02x}"));
        (self.bytes, hexadecimal.collect())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::sync::Arc;

    use arrow_array::types::UInt8Type;
    use arrow_array::{
        ArrayRef, DictionaryArray, Float32Array, Float64Array, Int64Array, RecordBatch,
        RecordBatchIterator, StringArray, TimestampMillisecondArray, UInt64Array,
    };

    use super::*;
    use crate::data::read_bytes;

    type Read = Result<(Dataset, Cleaning), DataError>;

    fn read(columns: Vec<(&str, ArrayRef)>, rows_a_batch: usize) -> Read {
        let whole = RecordBatch::try_from_iter(columns).unwrap();
        let starts = (0..whole.num_rows()).step_by(rows_a_batch);
        let batches = starts.map(|at| {
            let n = rows_a_batch.min(whole.num_rows() - at);
            Ok(whole.slice(at, n))
        });
        let batches: Vec<_> = batches.collect();
        let reader = RecordBatchIterator::new(batches, whole.schema());
        read_arrow(reader, &ReadOptions::default())
    }

    fn users() -> ArrayRef {
        Arc::new(Int64Array::from(vec![7, 10, 7, 9]))
    }

    fn items() -> ArrayRef {
        Arc::new(StringArray::from(vec!["b", "a", "b", "c"]))
    }

    #[test]
    fn a_table_gives_what_a_file_of_the_same_rows_gives() {
        let file = "user,item,rating,timestamp\n7,b,4.5,20\n10,a,3,10\n7,b,5,30\n9,c,1,5\n";
        let (of_file, cleaning) = read_bytes(None, "log.csv", file.as_bytes()).unwrap();
        let weights: ArrayRef = Arc::new(Float32Array::from(vec![4.5, 3.0, 5.0, 1.0]));
        let times = vec![20_000, 10_000, 30_000, 5_000];
        let times: ArrayRef = Arc::new(TimestampMillisecondArray::from(times));
        let names = ["user", "item", "rating", "timestamp"];
        let all = [users(), items(), weights, times];
        let (of_table, same) = read(names.into_iter().zip(all).collect(), 3).unwrap();
        assert_eq!(of_table.interactions, of_file.interactions);
        assert_eq!(of_table.users.keys(), of_file.users.keys());
        assert_eq!(of_table.items.keys(), of_file.items.keys());
        assert_eq!(same.duplicates_merged, cleaning.duplicates_merged);
        assert_eq!(of_table.sources[0].rows, 4);
        assert!(!same.columns[0].user_is_text && same.columns[0].item_is_text);
    }

    #[test]
    fn batches_order_and_types_of_columns_change_nothing() {
        let source = |columns: Vec<(&str, ArrayRef)>, rows_a_batch: usize| {
            let (dataset, _) = read(columns, rows_a_batch).unwrap();
            (dataset.interactions, dataset.sources)
        };
        let first = source(vec![("user", users()), ("item", items())], 10);
        assert_eq!(first.1[0].sha256.len(), 64);
        let in_pieces = source(vec![("item", items()), ("user", users())], 1);
        let floats: ArrayRef = Arc::new(Float64Array::from(vec![9.0, 7.0, 7.0, 10.0]));
        let dictionary: DictionaryArray<UInt8Type> = ["c", "b", "b", "a"].into_iter().collect();
        let other = source(vec![("user", floats), ("item", Arc::new(dictionary))], 10);
        assert!(first == in_pieces && first == other);
        let longer: ArrayRef = Arc::new(Int64Array::from(vec![7, 10, 7, 11]));
        let differs = source(vec![("user", longer), ("item", items())], 10);
        assert_ne!(differs.1[0].sha256, first.1[0].sha256);
    }

    #[test]
    fn what_is_wrong_names_the_row_of_the_whole_table() {
        let with_null: ArrayRef = Arc::new(Int64Array::from(vec![Some(7), Some(1), None, Some(2)]));
        let message = |columns| read(columns, 2).unwrap_err().to_string();
        let null = message(vec![("user", with_null), ("item", items())]);
        assert!(
            null.starts_with("(table) row 3: the user id is empty"),
            "{null}"
        );
        let none: ArrayRef = Arc::new(Int64Array::from(Vec::<i64>::new()));
        let empty = message(vec![("user", none.clone()), ("item", none)]);
        assert!(empty.contains("no rows"), "{empty}");
        let missing = message(vec![("who", users()), ("what", items())]);
        assert!(missing.contains("user column"), "{missing}");
        let flags: ArrayRef = Arc::new(arrow_array::BooleanArray::from(vec![true; 4]));
        let kind = message(vec![("user", flags), ("item", items())]);
        assert!(kind.contains("has type Boolean"), "{kind}");
    }

    #[test]
    fn numbers_beyond_64_bits_with_a_sign_stay_what_they_are() {
        let large: ArrayRef = Arc::new(UInt64Array::from(vec![u64::MAX, 1, 1, 2]));
        let (dataset, _) = read(vec![("user", large), ("item", items())], 10).unwrap();
        assert_eq!(dataset.users.id("18446744073709551615"), Some(2));
        assert!(!dataset.users.are_whole_numbers());
    }
}
