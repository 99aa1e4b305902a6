//! Parquet: every codec and key type, times, ratings, faults with their row, damage.

use std::sync::Arc;

use ::parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use ::parquet::arrow::{ArrowWriter, ProjectionMask};
use ::parquet::basic::{BrotliLevel, Compression, GzipLevel, ZstdLevel};
use ::parquet::file::metadata::ColumnChunkMetaData;
use ::parquet::file::properties::WriterProperties;
use arrow_array::types::{Int32Type, Int64Type};
use arrow_array::{
    Array, ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, DictionaryArray,
    DurationMillisecondArray, FixedSizeBinaryArray, Float32Array, Float64Array, Int8Array,
    Int64Array, LargeStringArray, ListArray, RecordBatch, StringArray, StringViewArray,
    TimestampMicrosecondArray, UInt64Array,
};
use proptest::prelude::*;

use super::*;

pub(super) fn parquet(columns: Vec<(&str, ArrayRef)>, rows_a_group: usize) -> Vec<u8> {
    compressed(columns, rows_a_group, Compression::UNCOMPRESSED)
}

fn compressed(columns: Vec<(&str, ArrayRef)>, rows_a_group: usize, codec: Compression) -> Vec<u8> {
    let batch = RecordBatch::try_from_iter_with_nullable(
        columns
            .into_iter()
            .map(|(name, column)| (name, column, true)),
    )
    .unwrap();
    let properties = WriterProperties::builder()
        .set_max_row_group_row_count(Some(rows_a_group))
        .set_compression(codec)
        .build();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.into_inner().unwrap()
}

/// With this name of the program that wrote it in the footer.
pub(super) fn by(program: &str, columns: Vec<(&str, ArrayRef)>) -> Vec<u8> {
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let properties = WriterProperties::builder()
        .set_created_by(program.to_owned())
        .build();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.into_inner().unwrap()
}

pub(super) fn column(column: impl Array + 'static) -> ArrayRef {
    Arc::new(column)
}

#[test]
fn keys_of_every_type_are_read() {
    let dictionary: DictionaryArray<Int32Type> = ["10", "9", "10"].into_iter().collect();
    let decimal = Decimal128Array::from(vec![10_000, 9_000, 10_000]);
    let decimal = decimal.with_precision_and_scale(18, 3).unwrap();
    let keys: [ArrayRef; 13] = [
        column(StringArray::from(vec!["10 ", " 9", "\u{a0}10"])),
        column(StringArray::from(vec!["10.0", "9", "10"])),
        column(Float64Array::from(vec![10.0, 9.0, 10.0])),
        column(Float32Array::from(vec![10.0, 9.0, 10.0])),
        column(decimal),
        column(BinaryArray::from_vec(vec![b"10", b"9", b"10"])),
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

#[test]
fn every_codec_is_read() {
    let users: Vec<i64> = (0..5000).map(|row| row % 70).collect();
    let items: Vec<String> = (0..5000).map(|row| format!("item {}", row / 70)).collect();
    for codec in [
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::GZIP(GzipLevel::default()),
        Compression::BROTLI(BrotliLevel::default()),
        Compression::LZ4,
        Compression::LZ4_RAW,
        Compression::ZSTD(ZstdLevel::default()),
    ] {
        let users = column(Int64Array::from(users.clone()));
        let items = column(StringArray::from(items.clone()));
        let bytes = compressed(vec![("user", users), ("item", items)], 2000, codec);
        let (dataset, cleaning) = read_bytes(None, "log.parquet", &bytes).unwrap();
        let found = (cleaning.rows, dataset.users.len(), dataset.items.len());
        assert_eq!(found, (5000, 70, 72), "{codec}");
    }
}

#[test]
fn a_codec_without_a_decoder_is_named() {
    let folder = Folder::new();
    folder.file("log", small());
    let file = std::fs::File::open(folder.path("log")).unwrap();
    let metadata = ArrowReaderMetadata::load(&file, ArrowReaderOptions::default()).unwrap();
    let group = metadata.metadata().row_group(0).clone();
    let lzo = |column: &ColumnChunkMetaData| {
        let column = column.clone().into_builder();
        column.set_compression(Compression::LZO).build().unwrap()
    };
    let columns = group.columns().iter().map(lzo).collect();
    let group = group
        .into_builder()
        .set_column_metadata(columns)
        .build()
        .unwrap();
    let place = Place::new("log.parquet", Position::RowGroup(0));
    let message = parquet_table::check_codecs(&group, &ProjectionMask::all(), &place).unwrap_err();
    let message = message.to_string();
    assert!(
        message.contains("compressed with LZO") && message.contains("zstd"),
        "{message}"
    );
}

#[test]
fn ratings_of_any_type_are_numbers() {
    let decimals = Decimal128Array::from(vec![350, -100, 0])
        .with_precision_and_scale(5, 2)
        .unwrap();
    let dictionary: DictionaryArray<Int32Type> = ["3.5", "-1", "0"].into_iter().collect();
    let ratings: [ArrayRef; 4] = [
        column(decimals),
        column(Float64Array::from(vec![3.5, -1.0, 0.0])),
        column(StringArray::from(vec![" 3.5", "-1", "0.0"])),
        column(dictionary),
    ];
    for ratings in ratings {
        let kind = ratings.data_type().clone();
        let (dataset, _) = log(vec![("rating", ratings)]).unwrap();
        let expected = Some(vec![3.5, -1.0, 0.0]);
        assert_eq!(dataset.interactions.weights, expected, "{kind}");
    }
    let liked = column(BooleanArray::from(vec![true, false, true]));
    let (dataset, _) = log(vec![("rating", liked)]).unwrap();
    assert_eq!(dataset.interactions.weights, Some(vec![1.0, 0.0, 1.0]));
}

/// As Polars writes them: 16 bytes, the lowest first, and its name in the footer.
#[test]
fn whole_numbers_of_128_bits_are_numbers() {
    let numbers = |numbers: [i128; 3]| {
        let bytes = numbers.map(i128::to_le_bytes);
        column(FixedSizeBinaryArray::try_from_iter(bytes.iter()).unwrap())
    };
    let columns = vec![
        ("user", numbers([7, -1, 10i128.pow(20)])),
        ("item", numbers([1, 2, 3])),
        ("rating", numbers([5, -4, 0])),
    ];
    let written = |writer: &str| read_bytes(None, "log", &by(writer, columns.clone()));
    let (dataset, _) = written("Polars").unwrap();
    let expected = [("7", "1"), ("100000000000000000000", "3"), ("-1", "2")];
    assert_eq!(pairs(&dataset, &dataset.interactions), owned(&expected));
    assert_eq!(dataset.interactions.weights, Some(vec![5.0, 0.0, -4.0]));
    let message = written("another").unwrap_err().to_string();
    assert!(
        message.contains("rating column `rating` has type FixedSizeBinary"),
        "{message}"
    );
}

#[test]
fn whole_floats_of_any_size_and_uuids_are_keys() {
    let users = column(Float64Array::from(vec![-2.0, -0.0, 1e20]));
    let bytes = [[0; 16], *b"\0\0\0\0\0\0\0\x67\0\0\0\0\0\0\0\0", [255; 16]];
    let items = FixedSizeBinaryArray::try_from_iter(bytes.iter()).unwrap();
    let bytes = parquet(vec![("user", users), ("item", column(items))], 2);
    let (dataset, _) = read_bytes(None, "log.parquet", &bytes).unwrap();
    let expected = [
        ("0", "00000000-0000-0067-0000-000000000000"),
        (
            "100000000000000000000",
            "ffffffff-ffff-ffff-ffff-ffffffffffff",
        ),
        ("-2", "00000000-0000-0000-0000-000000000000"),
    ];
    assert_eq!(pairs(&dataset, &dataset.interactions), owned(&expected));
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
    let texts = [
        "2013-04-03 22:45:07",
        "1969-12-31T23:59:59.5Z",
        "1970-01-01",
    ];
    let (dataset, cleaning) = log(vec![("ts", column(StringArray::from(texts.to_vec())))]).unwrap();
    assert_eq!(dataset.interactions.timestamps, seconds);
    assert_eq!(cleaning.time_unit.as_deref(), Some("date"));
    let thousandths = vec![1_365_029_107_123, -1, 999];
    let decimal = Decimal128Array::from(thousandths.clone()).with_precision_and_scale(18, 3);
    let (dataset, cleaning) = log(vec![("ts", column(decimal.unwrap()))]).unwrap();
    assert_eq!(dataset.interactions.timestamps, seconds);
    assert_eq!(cleaning.time_unit.as_deref(), Some("s"));
    let since_the_log_began = thousandths
        .iter()
        .map(|&time| time as i64)
        .collect::<Vec<_>>();
    let duration = DurationMillisecondArray::from(since_the_log_began);
    let (dataset, cleaning) = log(vec![("ts", column(duration))]).unwrap();
    assert_eq!(dataset.interactions.timestamps, seconds);
    assert_eq!(cleaning.time_unit.as_deref(), Some("typed"));
    let (dataset, _) = log(vec![("rating", column(Int8Array::from(vec![3, -4, 0])))]).unwrap();
    assert_eq!(dataset.interactions.weights, Some(vec![3.0, -4.0, 0.0]));
}

#[test]
fn faults_name_the_row() {
    let message = |extra| log(extra).unwrap_err().to_string();
    let nan = column(Float64Array::from(vec![1.0, 2.0, f64::NAN]));
    assert!(message(vec![("rating", nan)]).starts_with("log.parquet row 3: the rating `NaN`"));
    let null = column(Float64Array::from(vec![Some(1.0), None, Some(2.0)]));
    let found = message(vec![("rating", null)]);
    assert!(found.contains("row 2: the rating `null`"), "{found}");
    assert!(found.contains("`--weight-column -`") && found.contains("`--on-bad-row skip`"));
    let null = column(Int64Array::from(vec![Some(1), Some(2), None]));
    let found = message(vec![("ts", null)]);
    assert!(found.contains("row 3: the timestamp `null`"), "{found}");
    assert!(found.contains("`--timestamp-column -`"), "{found}");
    let good = column(StringArray::from(vec!["1", "2", "good"]));
    assert!(message(vec![("rating", good)]).contains("row 3: the rating `good`"));
    let words = column(StringArray::from(vec!["a", "b", "c"]));
    let found = message(vec![("ts", words)]);
    assert!(found.contains("`a` is not a number or a date"), "{found}");
    let truths = column(BooleanArray::from(vec![true, false, true]));
    let found = message(vec![("ts", truths)]);
    assert!(
        found.contains("timestamp column `ts` has type Boolean"),
        "{found}"
    );
    let users = column(StringArray::from(vec![Some("a"), Some("b"), None]));
    let items = column(StringArray::from(vec!["a", "b", ""]));
    let bytes = parquet(vec![("user", users), ("item", items.clone())], 2);
    assert!(fault(None, &bytes).starts_with("log row 3: the user id is empty"));
    let bytes = parquet(vec![("user", items.clone()), ("thing", items)], 2);
    assert!(fault(None, &bytes).contains("no item column; found: user, thing"));
    let truths = column(BooleanArray::from(vec![true]));
    let bytes = parquet(vec![("user", truths.clone()), ("item", truths)], 2);
    assert!(fault(None, &bytes).contains("ids are strings or whole numbers"));
    for (floats, words) in [
        (
            vec![Some(1.0), Some(2.5)],
            "the user id 2.5 is not a whole number",
        ),
        (vec![Some(1.0), None], "the user id is empty"),
        (
            vec![Some(f64::NAN)],
            "the user id NaN is not a whole number",
        ),
        (
            vec![Some(f64::INFINITY)],
            "the user id inf is not a whole number",
        ),
    ] {
        let floats = column(Float64Array::from(floats));
        let bytes = parquet(vec![("user", floats.clone()), ("item", floats)], 2);
        let message = fault(None, &bytes);
        assert!(message.contains(words), "{message}");
    }
    let none = column(Int64Array::from(Vec::<i64>::new()));
    let bytes = parquet(vec![("user", none.clone()), ("item", none)], 2);
    assert!(fault(None, &bytes).contains("no data rows"));
    let lists = column(ListArray::from_iter_primitive::<Int32Type, _, _>([Some([
        Some(1),
    ])]));
    let bytes = parquet(vec![("user", lists.clone()), ("item", lists)], 2);
    assert!(fault(None, &bytes).contains("the user column `user` has type List"));
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

/// A header of a page in this file has a list of two thousand million numbers that nobody knows. A fuzzer found it: skipping
/// them one by one behind the end of the file took minutes.
#[test]
fn what_is_to_be_skipped_behind_the_end_of_a_file_ends_the_reading() {
    let bytes = include_bytes!("endless_skip.parquet");
    let refused = read_bytes(Some(Format::Parquet), "log", bytes).unwrap_err();
    let text = refused.to_string();
    assert!(text.starts_with("log row group 0"), "{text}");
}

/// A dictionary in this file names 1,476,395,000 values and has room for two: the decoder would make room for them all.
#[test]
fn a_dictionary_that_is_not_as_large_as_it_says_is_refused() {
    let bytes = include_bytes!("huge_dictionary.parquet");
    let refused = read_bytes(Some(Format::Parquet), "log", bytes).unwrap_err();
    let text = refused.to_string();
    assert!(text.contains("a dictionary names"), "{text}");
}
