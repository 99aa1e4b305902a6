//! Bad rows left out: every reason, every format, counted and told of; a good key beside a bad one gets no id.

use super::*;

fn skipping(max_share: f64) -> ReadOptions {
    ReadOptions {
        skip_bad_rows: Some(max_share),
        ..ReadOptions::default()
    }
}

fn read_skipping(format: Format, text: impl AsRef<[u8]>) -> (Dataset, Cleaning) {
    let folder = Folder::new();
    let options = ReadOptions {
        format: (format != Format::Parquet).then_some(format),
        ..skipping(0.9)
    };
    read_dataset(&[folder.file("log", text)], &[], None, &options).unwrap()
}

/// Two good rows are left, and bad ones at these places for these reasons.
fn expect(format: Format, text: impl AsRef<[u8]>, bad: &[(&str, &str)]) {
    let (dataset, cleaning) = read_skipping(format, text);
    let expected = owned(&[("1", "10"), ("2", "11")]);
    assert_eq!(pairs(&dataset, &dataset.interactions), expected, "{format}");
    assert_eq!(
        (dataset.users.len(), dataset.items.len()),
        (2, 2),
        "{format}"
    );
    assert_eq!(
        (cleaning.rows, cleaning.bad_rows),
        (2, bad.len() as u64),
        "{format}"
    );
    for (found, (place, reason)) in cleaning.first_bad_rows.iter().zip(bad) {
        assert!(found.place.ends_with(place), "{format}: {found:?}");
        assert!(found.reason.contains(reason), "{format}: {found:?}");
    }
    assert_eq!(cleaning.first_bad_rows.len(), bad.len());
}

#[test]
fn every_reason_in_every_text_format() {
    let bad = [
        (":2", "user id is empty"),
        (":3", "fields"),
        (":5", "`good` is not a number"),
        (":6", "not a finite number"),
        (":7", "item is not valid UTF-8"),
    ];
    let rows: [&[u8]; 6] = [
        b",10,5\n",
        b"8,88\n",
        b"1,10,5\n",
        b"7,77,good\n",
        b"7,77,inf\n",
        b"7,\xff,3\n",
    ];
    let csv = [
        &b"user_id,item_id,rating\n"[..],
        &rows.concat(),
        b"2,11,3\n",
    ]
    .concat();
    expect(Format::Csv, &csv, &bad);
    let tabs: Vec<u8> = csv
        .iter()
        .map(|&b| if b == b',' { b'\t' } else { b })
        .collect();
    expect(Format::Tsv, &tabs, &bad);
    let header_end = tabs.iter().position(|&byte| byte == b'\n').unwrap();
    let typed = [
        &b"user_id:token\titem_id:token\trating:float"[..],
        &tabs[header_end..],
    ]
    .concat();
    expect(Format::RecBole, &typed, &bad);
    // The first row of MovieLens tells how many fields there are.
    let first = |between: &[u8]| {
        let rows = csv[header_end + 1..]
            .split(|&byte| byte == b',')
            .collect::<Vec<_>>();
        let fields = rows.join(between);
        [&b"1"[..], between, b"10", between, b"5\n", &fields].concat()
    };
    let merged = |format, text: Vec<u8>| {
        let (dataset, cleaning) = read_skipping(format, text);
        assert_eq!(
            (dataset.interactions.len(), cleaning.rows),
            (2, 3),
            "{format}"
        );
        assert_eq!(cleaning.bad_rows, 5, "{format}");
    };
    merged(Format::MovieLens, first(b"::"));
    merged(Format::MovieLensTab, first(b"\t"));
    expect(
        Format::AdjacencyLists,
        b"1 10\n3 \xff 12\n2 11\n",
        &[(":2", "UTF-8")],
    );
}

#[test]
fn bad_json_in_lines_and_arrays() {
    let rows = [
        "{\"user\":1,\"item\":10,\"rating\":1}",
        "{\"user\":7,\"rating\":1}",
        "{\"user\":7,\"item\":77,\"rating\":null}",
        "{\"user\":7,\"item\":[],\"rating\":1}",
        "{\"user\":\"\",\"item\":77,\"rating\":1}",
        "7",
        "{\"user\":2,\"item\":11,\"rating\":2}",
    ];
    let bad = |place: &str| -> Vec<(String, &str)> {
        let reasons = [
            "no \"item\"",
            "`null`",
            "whole number",
            "user id is empty",
            "JSON",
        ];
        (2..)
            .zip(reasons)
            .map(|(row, reason)| (format!("{place}{row}"), reason))
            .collect()
    };
    let check = |text: String, place: &str| {
        let bad = bad(place);
        let bad: Vec<(&str, &str)> = bad.iter().map(|(place, why)| (&**place, *why)).collect();
        expect(Format::JsonLines, text, &bad);
    };
    check(rows.join("\n"), ":");
    check(format!("[{}]", rows.join(", ")), " row ");
    let broken = "{\"user\":1,\n{\"user\":1,\"item\":10}\n{]\n{\"user\":2,\"item\":11}\n";
    expect(Format::JsonLines, broken, &[(":1", "JSON"), (":3", "JSON")]);
}

#[cfg(feature = "parquet")]
#[test]
fn nulls_of_parquet_are_bad_rows() {
    use super::parquet::{column, parquet};
    use arrow_array::{Float64Array, Int64Array, StringArray};

    let users = StringArray::from(vec![
        Some("1"),
        None,
        Some("7"),
        Some("7"),
        Some("7"),
        Some("2"),
    ]);
    let items = Int64Array::from(vec![Some(10), Some(77), None, Some(77), Some(77), Some(11)]);
    let nan = Some(f64::NAN);
    let ratings = Float64Array::from(vec![Some(1.0), Some(1.0), Some(1.0), None, nan, Some(2.0)]);
    let columns = vec![
        ("user", column(users)),
        ("item", column(items)),
        ("rating", column(ratings)),
    ];
    let bad = [
        (" row 2", "user id is empty"),
        (" row 3", "item id is empty"),
        (" row 4", "`null`"),
        (" row 5", "`NaN`"),
    ];
    expect(Format::Parquet, parquet(columns, 2), &bad);
}

#[test]
fn the_first_ten_are_told_of_and_all_are_counted() {
    let rows: String = (0..1000)
        .map(|row| match row % 3 {
            0 => format!("{row},1,x\n"),
            1 => format!(",{row},1\n"),
            _ => format!("{row},1,1\n"),
        })
        .collect();
    let folder = Folder::new();
    let log = folder.file("log", format!("user,item,rating\n{rows}"));
    let (dataset, cleaning) = read_dataset(&[log], &[], None, &skipping(0.7)).unwrap();
    assert_eq!((cleaning.rows, cleaning.bad_rows), (333, 667));
    assert_eq!((dataset.users.len(), dataset.items.len()), (333, 1));
    let places: Vec<&str> = cleaning
        .first_bad_rows
        .iter()
        .map(|row| row.place.rsplit(':').next().unwrap())
        .collect();
    assert_eq!(
        places,
        ["2", "3", "5", "6", "8", "9", "11", "12", "14", "15"]
    );
}

#[test]
fn more_than_the_share_is_refused() {
    let folder = Folder::new();
    let log = folder.file("log.csv", "user,item\n1,2\n,3\n4,\n2,2\n");
    let message = read_dataset(std::slice::from_ref(&log), &[], None, &skipping(0.4))
        .unwrap_err()
        .to_string();
    assert!(
        message.starts_with("2 of 4 rows cannot be read"),
        "{message}"
    );
    assert!(
        message.contains("log.csv:3: the user id is empty"),
        "{message}"
    );
    assert!(
        message.contains("0.4") && message.contains("`--max-bad-share`"),
        "{message}"
    );
    assert!(read_dataset(&[log], &[], None, &skipping(0.5)).is_ok());
}

#[test]
fn test_files_are_counted_by_themselves() {
    let folder = Folder::new();
    let log = [folder.file("log.csv", "user,item\n1,2\n,3\n2,2\n")];
    let test = [folder.file("test.csv", "user,item\n1,2\n1\n2,4\n")];
    let (dataset, cleaning) = read_dataset(&log, &test, None, &skipping(0.5)).unwrap();
    assert_eq!(dataset.given_test.unwrap().len(), 2);
    assert_eq!((cleaning.bad_rows, cleaning.test_bad_rows), (1, 1));
    assert!(cleaning.first_bad_rows[1].place.ends_with("test.csv:3"));
}

#[test]
fn without_the_option_the_first_is_refused_and_names_it() {
    for text in [
        "user,item\n1,2\n,3\n",
        "user,item\n1,2\n1,2,3\n",
        "user,item,rating\n1,1,1\n1,2,x\n",
    ] {
        let message = fault(None, text);
        assert!(message.starts_with("log:3: "), "{message}");
        assert!(message.contains("`--on-bad-row skip`"), "{message}");
    }
    // Rows handed over one by one come from a program that has no such option.
    let rows = [Interaction::new("a", ""), Interaction::new("a", "2")];
    let message = read_interactions(rows).unwrap_err().to_string();
    assert!(!message.contains("--on-bad-row"), "{message}");
}
