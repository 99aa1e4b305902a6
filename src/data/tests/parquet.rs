//! Parquet: every key type, times, faults with their row group, damage.

use std::sync::Arc;

use ::parquet::arrow::ArrowWriter;
use ::parquet::file::properties::WriterProperties;
use arrow_array::types::{Int32Type, Int64Type};
use arrow_array::{
    Array, ArrayRef, BooleanArray, Date32Array, DictionaryArray, Float64Array, Int8Array,
    Int64Array, LargeStringArray, RecordBatch, StringArray, StringViewArray,
    TimestampMicrosecondArray, UInt64Array,
};
use proptest::prelude::*;

use super::*;

fn parquet(columns: Vec<(&str, ArrayRef)>, rows_a_group: usize) -> Vec<u8> {
    let batch = RecordBatch::try_from_iter_with_nullable(
        columns
            .into_iter()
            .map(|(name, column)| (name, column, true)),
    )
    .unwrap();
    let properties = WriterProperties::builder()
        .set_max_row_group_row_count(Some(rows_a_group))
        .build();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.into_inner().unwrap()
}

fn column(column: impl Array + 'static) -> ArrayRef {
    Arc::new(column)
}

#[test]
fn keys_of_every_type_are_read() {
    let dictionary: DictionaryArray<Int32Type> = ["10", "9", "10"].into_iter().collect();
    let keys: [ArrayRef; 7] = [
        column(StringArray::from(vec!["10", "9", "10"])),
        column(LargeStringArray::from(vec!["10", "9", "10"])),
        column(StringViewArray::from(vec!["10", "9", "10"])),
        column(Int8Array::from(vec![10, 9, 10])),
        column(Int64Array::from(vec![10, 9, 10])),
        column(UInt64Array::from(vec![10, 9, 10])),
        column(dictionary),
    ];
    for users in keys {
        let kind = users.data_type().clone();
        let items = column(UInt64Array::from(vec![1 << 63, 5, 5]));
        let junk = column(BooleanArray::from(vec![true, false, true]));
        let bytes = parquet(
            vec![("junk", junk), ("item_id", items), ("user_id", users)],
            2,
        );
        let (dataset, cleaning) = read_bytes(None, "log.parquet", &bytes).unwrap();
        let expected = [("9", "5"), ("10", "5"), ("10", "9223372036854775808")];
        assert_eq!(
            pairs(&dataset, &dataset.interactions),
            owned(&expected),
            "{kind}"
        );
        assert_eq!(cleaning.columns[0].user, "user_id");
        assert_eq!(dataset.sources[0].format, "parquet");
    }
}

fn log(extra: Vec<(&'static str, ArrayRef)>) -> Result<(Dataset, Cleaning), DataError> {
    let mut columns = vec![
        ("user", column(Int64Array::from(vec![1, 2, 3]))),
        ("item", column(Int64Array::from(vec![1, 1, 1]))),
    ];
    columns.extend(extra);
    read_bytes(None, "log.parquet", &parquet(columns, 2))
}

#[test]
fn times_and_ratings_of_any_number_type() {
    let seconds = Some(vec![1_365_029_107, -1, 0]);
    let exact = TimestampMicrosecondArray::from(vec![1_365_029_107_999_999, -1, 0]);
    let (dataset, _) = log(vec![("ts", column(exact))]).unwrap();
    assert_eq!(dataset.interactions.timestamps, seconds);
    let (dataset, _) = log(vec![(
        "ts",
        column(Int64Array::from(vec![1_365_029_107_000, -1, 0])),
    )])
    .unwrap();
    assert_eq!(dataset.interactions.timestamps, seconds);
    let (dataset, _) = log(vec![(
        "ts",
        column(Float64Array::from(vec![1_365_029_107.5, -0.5, 0.0])),
    )])
    .unwrap();
    assert_eq!(dataset.interactions.timestamps, seconds);
    let (dataset, _) = log(vec![("date", column(Date32Array::from(vec![1, -1, 0])))]).unwrap();
    assert_eq!(
        dataset.interactions.timestamps,
        Some(vec![86_400, -86_400, 0])
    );
    let (dataset, _) = log(vec![("rating", column(Int8Array::from(vec![3, -4, 0])))]).unwrap();
    assert_eq!(dataset.interactions.weights, Some(vec![3.0, -4.0, 0.0]));
}

#[test]
fn faults_name_the_row_group() {
    let message = |extra| log(extra).unwrap_err().to_string();
    let nan = column(Float64Array::from(vec![1.0, 2.0, f64::NAN]));
    assert!(
        message(vec![("rating", nan)]).starts_with("log.parquet row group 1: the rating `NaN`")
    );
    let null = column(Float64Array::from(vec![None, Some(1.0), Some(2.0)]));
    assert!(message(vec![("rating", null)]).contains("row group 0: the rating `null`"));
    let words = column(StringArray::from(vec!["a", "b", "c"]));
    let found = message(vec![("ts", words)]);
    assert!(
        found.contains("timestamp column `ts` has type Utf8"),
        "{found}"
    );
    let users = column(StringArray::from(vec![Some("a"), Some("b"), None]));
    let items = column(StringArray::from(vec!["a", "b", ""]));
    let bytes = parquet(vec![("user", users), ("item", items.clone())], 2);
    assert!(fault(None, &bytes).starts_with("log row group 1: the user id is empty"));
    let bytes = parquet(vec![("user", items.clone()), ("thing", items)], 2);
    assert!(fault(None, &bytes).contains("no item column; found: user, thing"));
    let floats = column(Float64Array::from(vec![1.0]));
    let bytes = parquet(vec![("user", floats.clone()), ("item", floats)], 2);
    assert!(fault(None, &bytes).contains("ids are strings or integers"));
    let none = column(Int64Array::from(Vec::<i64>::new()));
    let bytes = parquet(vec![("user", none.clone()), ("item", none)], 2);
    assert!(fault(None, &bytes).contains("no data rows"));
    assert!(fault(None, b"PAR1 but nothing else").contains("does not decode"));
}

fn small() -> Vec<u8> {
    let users: DictionaryArray<Int64Type> = ["a", "b", "a"].into_iter().collect_dictionary();
    let items = column(Int64Array::from(vec![1, 2, 3]));
    parquet(vec![("user", column(users)), ("item", items)], 2)
}

trait CollectDictionary {
    fn collect_dictionary(self) -> DictionaryArray<Int64Type>;
}

impl<'a, I: Iterator<Item = &'a str>> CollectDictionary for I {
    fn collect_dictionary(self) -> DictionaryArray<Int64Type> {
        self.collect()
    }
}

proptest! {
    #[test]
    fn rows_written_are_read(rows in prop::collection::btree_map((any::<i64>(), any::<u64>()), any::<i16>(), 1..50)) {
        let users = column(Int64Array::from_iter_values(rows.keys().map(|pair| pair.0)));
        let items = column(UInt64Array::from_iter_values(rows.keys().map(|pair| pair.1)));
        let weights = column(Float64Array::from_iter_values(rows.values().map(|&w| f64::from(w))));
        let bytes = parquet(vec![("user", users), ("item", items), ("weight", weights)], 7);
        let (dataset, _) = read_bytes(None, "log", &bytes).unwrap();
        let all = dataset.interactions.weights.clone().unwrap();
        let read: std::collections::BTreeMap<_, _> = pairs(&dataset, &dataset.interactions)
            .into_iter()
            .map(|(user, item)| (user.parse::<i64>().unwrap(), item.parse::<u64>().unwrap()))
            .zip(all.into_iter().map(|weight| weight as i16))
            .collect();
        prop_assert_eq!(read, rows);
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = read_bytes(None, "log", &[b"PAR1", &bytes[..]].concat());
        let _ = read_bytes(None, "log", &[b"PAR1", &bytes[..], b"PAR1"].concat());
    }

    #[test]
    fn damage_never_panics(at in any::<prop::sample::Index>(), byte: u8, cut: bool) {
        let mut bytes = small();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let _ = read_bytes(None, "log", if cut { &bytes[..at] } else { &bytes });
    }
}
