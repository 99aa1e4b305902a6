//! Each fault of an input is reported with its place, the fault and a remedy.

use super::*;

#[track_caller]
fn expect(message: &str, place: &str, words: &[&str]) {
    assert!(message.starts_with(&format!("{place}: ")), "{message}");
    for word in words {
        assert!(message.contains(word), "{message}");
    }
}

#[test]
fn an_empty_id() {
    expect(
        &fault(None, "user,item\n1,2\n,3\n"),
        "log:3",
        &["user id is empty", "remove"],
    );
    expect(
        &fault(None, "user,item\r\n1,2\r\n1, \r\n"),
        "log:3",
        &["item id is empty"],
    );
    expect(
        &fault(None, "1::2::3::4\n::2::3::4\n"),
        "log:2",
        &["user id is empty"],
    );
    expect(
        &fault(None, "1\t2\t3\t4\n1\t\t3\t4\n"),
        "log:2",
        &["item id is empty"],
    );
    expect(
        &fault(None, "{\"user\":\"\",\"item\":1}\n"),
        "log:1",
        &["user id is empty"],
    );
}

#[test]
fn a_missing_column_lists_those_found() {
    let words = [
        "no item column",
        "user, thing, rating",
        "`--item-column NAME`",
    ];
    expect(&fault(None, "user,thing,rating\n1,2,3\n"), "log:1", &words);
    expect(
        &fault(None, "user_id:token\tx:token\n1\t2\n"),
        "log:1",
        &["user_id, x"],
    );
    expect(
        &fault(None, "{\"user\":1,\"thing\":1}\n"),
        "log:1",
        &["user, thing"],
    );
    let later = "{\"user\":1,\"item\":1,\"ts\":5}\n{\"user\":1,\"item\":2}\n";
    expect(
        &fault(None, later),
        "log:2",
        &["line 2 has no \"ts\"", "`--timestamp-column -`"],
    );
}

#[test]
fn a_timestamp_or_rating_that_is_no_number() {
    let text = "user,item,date\n1,2,3\n1,2,2013-02-28\n";
    expect(
        &fault(None, text),
        "log:3",
        &[
            "`2013-02-28` is not a number, as those before it are",
            "--timestamp-column -",
        ],
    );
    expect(
        &fault(None, "user,item,date\n1,2,2013-02-28\n1,2,3\n"),
        "log:3",
        &[
            "`3` is not a date, as those before it are",
            "--timestamp-column -",
        ],
    );
    for first in ["05/04/2024", "yesterday", ""] {
        expect(
            &fault(None, format!("user,item,date\n1,2,{first}\n")),
            "log:2",
            &[
                "is not a number or a date",
                "--time-format",
                "--timestamp-column -",
            ],
        );
    }
    expect(
        &fault(None, "user,item,rating\n1,2,good\n"),
        "log:2",
        &["`good`", "`--weight-column -`"],
    );
    expect(
        &fault(None, "user,item,rating\n1,2,\n"),
        "log:2",
        &["rating"],
    );
    expect(
        &fault(None, "{\"user\":1,\"item\":2,\"rating\":null}"),
        "log:1",
        &["`null`"],
    );
}

#[test]
fn a_rating_that_is_not_finite() {
    for rating in ["NaN", "inf", "-infinity", "1e999"] {
        let message = fault(None, format!("user,item,rating\n1,2,{rating}\n"));
        expect(&message, "log:2", &["finite", "correct"]);
        let message = fault(Some(Format::MovieLens), format!("1::2::{rating}\n"));
        expect(&message, "log:1", &["finite"]);
    }
}

#[test]
fn invalid_utf8() {
    expect(
        &fault(None, b"user,item\n1,2\n\xff,3\n"),
        "log:3",
        &["user", "UTF-8", "iconv"],
    );
    expect(&fault(None, b"1::\xe9::3\n"), "log:1", &["item", "UTF-8"]);
    expect(
        &fault(None, b"user,item,\xff\n1,2,3\n"),
        "log:1",
        &["UTF-8"],
    );
    expect(
        &fault(None, b"{\"user\":\"\xff\",\"item\":1}"),
        "log:1",
        &["unicode"],
    );
}

#[test]
fn a_ragged_row() {
    let words = ["3 fields where 2", "separators"];
    expect(&fault(None, "user,item\n1,2\n1,2,3\n"), "log:3", &words);
    expect(
        &fault(None, "user,item\r\n1,2\r\n1,2\r\n1\r\n"),
        "log:4",
        &["1 fields where 2"],
    );
    expect(
        &fault(None, "1::2::3\n1::2\n"),
        "log:2",
        &["2 fields where 3"],
    );
    expect(
        &fault(Some(Format::MovieLensTab), "1\t2\t3\t4\t5\n"),
        "log:1",
        &["2 to 4"],
    );
}

#[test]
fn the_first_fault_of_a_file_is_named_whatever_follows() {
    for later in ["1", "1,2,good", "1,\u{0},3\n\"", "1,2,inf"] {
        let message = fault(None, format!("user,item,rating\n1,1,1\n,1,2\n{later}\n"));
        expect(&message, "log:3", &["user id is empty"]);
    }
    let text = format!(
        "user,item\n1,2\n,3\n{}",
        "x".repeat(MAX_LINE_BYTES + (1 << 20))
    );
    expect(&fault(None, text), "log:3", &["user id is empty"]);
    let stream = gzip(b"1::2::3\n1::::3\n1::2::3\n");
    expect(
        &fault(None, "1::2::3\n1::::3\n1::2\n"),
        "log:2",
        &["item id is empty"],
    );
    assert!(fault(Some(Format::MovieLens), &stream).starts_with("log:2: "));
    // Of one row, the number first.
    expect(&fault(None, "user,item,rating\n,1,x\n"), "log:2", &["`x`"]);
}

#[test]
fn bad_json() {
    for text in [
        "{\"user\":1,",
        "{\"user\":1}x",
        "{]",
        "{\"user\" 1}",
        "{\"user\":01}",
    ] {
        expect(&fault(Some(Format::JsonLines), text), "log:1", &["JSON"]);
    }
    for value in ["1.5", "true", "null", "[1]"] {
        let text = format!("{{\"user\":1,\"item\":{value}}}");
        expect(&fault(None, text), "log:1", &["whole number"]);
    }
}

#[test]
fn a_stream_cut_short() {
    let text: String = (0..20_000).fold("user,item\n".to_owned(), |text, n| {
        text + &format!("{},{}\n", n * 7919 % 20_011, n)
    });
    for (bytes, name) in [
        (gzip(text.as_bytes()), "gzip"),
        (zstd(text.as_bytes()), "zstd"),
    ] {
        for cut in [bytes.len() - 1, bytes.len() / 2, 20] {
            let message = fault(None, &bytes[..cut]);
            assert!(message.starts_with("log:"), "{message}");
            assert!(
                message.contains(name) && message.contains("again"),
                "{message}"
            );
        }
        let mut damaged = bytes.clone();
        let middle = damaged.len() / 2;
        damaged[middle..middle + 64].fill(0xa5);
        assert!(read_bytes(None, "log", &damaged).is_err());
    }
}

#[test]
fn nothing_in_the_file() {
    for text in ["", "user,item\n", "\u{feff}"] {
        expect(&fault(None, text), "log", &["no data rows"]);
    }
    for format in Format::ALL
        .into_iter()
        .filter(|&format| format != Format::Parquet)
    {
        expect(&fault(Some(format), ""), "log", &["no data rows"]);
        assert!(read_bytes(Some(format), "log", b"\n \n").is_err());
    }
    expect(&fault(None, gzip(b"")), "log", &["no data rows"]);
}

#[test]
fn an_unknown_format_names_the_known_ones() {
    for bytes in [&b"hello"[..], b"\xff\xfeu\0s\0", b"\x7fELF\x02"] {
        expect(
            &fault(None, bytes),
            "log",
            &["not recognized", "adjacency-lists", "UTF-8"],
        );
    }
    expect(
        &fault(None, gzip(b"PAR1...PAR1")),
        "log",
        &["unpack it first"],
    );
    expect(
        &fault(Some(Format::Parquet), "user,item\n1,2\n"),
        "log",
        &["PAR1"],
    );
}

#[test]
fn a_missing_file_is_told_from_a_bad_one() {
    let folder = Folder::new();
    let absent = Input::Path(folder.path("absent.csv"));
    let error = read_dataset(&[absent], &[], None, &ReadOptions::default()).unwrap_err();
    assert!(error.is_missing_input());
    assert!(
        error.to_string().contains("absent.csv") && error.to_string().contains("check the path")
    );
    let bad = folder.file("bad.csv", "user,item\n");
    let error = read_dataset(&[bad], &[], None, &ReadOptions::default()).unwrap_err();
    assert!(!error.is_missing_input());
    let log = folder.file("good.csv", "user,item\n1,2\n");
    std::fs::create_dir(folder.path("empty")).unwrap();
    let items = Input::Path(folder.path("empty"));
    let read = read_dataset(&[log], &[], Some(&items), &ReadOptions::default());
    let message = read.unwrap_err().to_string();
    assert!(message.contains("holds no file"), "{message}");
    let known = IdMap::default();
    let message = read_key_list(&folder.path(""), Role::User, &[], &known)
        .unwrap_err()
        .to_string();
    assert!(message.contains("it is a folder"), "{message}");
}

#[test]
fn more_keys_than_ids() {
    let bytes = b"user,item\n1,1\n2,1\n3,1\n";
    let origin = source::Origin::Memory { name: "log", bytes };
    let error = read_log::read_log(&[origin], &[], &ReadOptions::default(), 2).unwrap_err();
    expect(&error.to_string(), "log:4", &["more than 2 users", "split"]);
}

#[test]
fn inputs_of_different_columns() {
    let folder = Folder::new();
    let inputs = [
        folder.file("a.csv", "user,item,rating\n1,2,3\n"),
        folder.file("b.csv", "user,item\n1,3\n"),
    ];
    let mut options = ReadOptions::default();
    let message = read_dataset(&inputs, &[], None, &options)
        .unwrap_err()
        .to_string();
    assert!(
        message.contains("b.csv: ") && message.contains("`--weight-column -`"),
        "{message}"
    );
    options.columns.weight = Some("-".into());
    let (dataset, _) = read_dataset(&inputs, &[], None, &options).unwrap();
    assert_eq!(
        (dataset.interactions.len(), &dataset.interactions.weights),
        (2, &None)
    );
}

#[cfg(not(feature = "parquet"))]
#[test]
fn parquet_without_the_feature() {
    expect(
        &fault(None, b"PAR1...."),
        "log",
        &["--features parquet", "CSV"],
    );
}
