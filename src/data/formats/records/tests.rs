//! Records as `csv` cuts them, whatever of the text is at hand, and quotes as each dialect has them.
#![allow(clippy::unwrap_used)]

use std::io::Read;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::data::source::{Origin, Source, open};

type Rows = Vec<(u64, Vec<Vec<u8>>)>;

/// Hands out a few bytes at a time.
struct Trickle<'a>(&'a [u8], usize);

impl Read for Trickle<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.1.min(buffer.len());
        self.0.read(&mut buffer[..n])
    }
}

const CSV: Dialect = Dialect {
    separator: Separator::COMMA,
    quotes: Quotes::AcrossLines,
};
const TSV: Dialect = Dialect {
    separator: Separator::TAB,
    quotes: Quotes::WithinLine,
};
const RECBOLE: Dialect = Dialect {
    separator: Separator::TAB,
    quotes: Quotes::Letters,
};

fn scanner(text: &[u8], at_once: usize, dialect: Dialect) -> RecordScanner<'_> {
    let name = Origin::Memory {
        name: "log",
        bytes: b"",
    };
    let Source::Text(empty) = open(&name).unwrap() else {
        panic!("nothing is a text");
    };
    let window = Window::new(Box::new(Trickle(text, at_once)));
    RecordScanner::from_window(window, empty.origin, dialect)
}

fn scanned(text: &[u8], at_once: usize, dialect: Dialect) -> Result<Rows, DataError> {
    let mut scanner = scanner(text, at_once, dialect);
    let mut rows = Vec::new();
    while let Some((line, record)) = scanner.next_record()? {
        rows.push((line, record.iter().map(<[u8]>::to_vec).collect()));
    }
    Ok(rows)
}

/// What `csv` makes of it; a record is on the line after the end of the one before.
fn plainly(text: &[u8], dialect: Dialect) -> Rows {
    let Separator::Character(delimiter) = dialect.separator else {
        panic!("`csv` has no blanks");
    };
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .quoting(dialect.quotes != Quotes::Letters)
        .has_headers(false)
        .flexible(true)
        .from_reader(text);
    let mut record = csv::ByteRecord::new();
    let mut rows = Vec::new();
    while reader.read_byte_record(&mut record).unwrap() {
        let start = record.position().unwrap().byte() as usize;
        let within_line_end = text[..start].ends_with(b"\r") && text[start..].starts_with(b"\n");
        let line = 1 + memchr_iter(b'\n', &text[..start]).count() + usize::from(within_line_end);
        rows.push((line as u64, record.iter().map(<[u8]>::to_vec).collect()));
    }
    rows
}

/// Compares with `csv`, which takes the end of the text for the end of an open quote.
fn check(text: &[u8], at_once: usize, dialect: Dialect) -> Result<(), TestCaseError> {
    match scanned(text, at_once, dialect) {
        Ok(rows) => prop_assert_eq!(rows, plainly(text, dialect)),
        Err(error) => {
            prop_assert!(error.to_string().contains("opens a field"), "{}", error);
            let more = [text, b"\n,another row"].concat();
            let rows = plainly(&more, dialect);
            let last = &rows.last().unwrap().1;
            prop_assert!(last.last().unwrap().ends_with(b"\n,another row"));
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn as_csv_does(
        text in vec(prop::sample::select(b"01a,\t\"\r\n \xff".to_vec()), 0..120),
        at_once in 1..200usize,
    ) {
        check(&text, at_once, CSV)?;
        check(&text, at_once, RECBOLE)?;
        let plain: Vec<u8> = text.into_iter().filter(|&byte| byte != b'"').collect();
        check(&plain, at_once, TSV)?;
    }

    #[test]
    fn mostly_plain_lines_as_csv_does(
        lines in vec("[a-z0-9]{0,9}(,[a-z0-9]{0,9}){0,3}|\"[a-z,\n]{0,9}\",[0-9]", 0..40),
        end in prop::sample::select(vec!["\n", "\r\n", "\r"]),
        at_once in 1..400usize,
    ) {
        let text = lines.join(end);
        check(text.as_bytes(), at_once, CSV)?;
        check(text.as_bytes(), at_once, RECBOLE)?;
    }

    #[test]
    fn quoted_fields_between_tabs_as_csv_does(
        lines in vec(["[a-z0-9\"]{0,9}", "[a-z\t\"]{0,9}", "[a-z\t]{0,5}"], 1..40),
        end in prop::sample::select(vec!["\n", "\r\n", "\r"]),
        at_once in 1..400usize,
    ) {
        let quoted = |field: &String| format!("\"{}\"", field.replace('"', "\"\""));
        let line = |fields: &[String; 3]| fields.iter().map(quoted).collect::<Vec<_>>().join("\t");
        let text = lines.iter().map(line).collect::<Vec<_>>().join(end);
        check(text.as_bytes(), at_once, TSV)?;
    }

    #[test]
    fn no_quote_between_tabs_takes_a_row(
        rows in vec(["[a\"]{0,4}", "[a\"]{0,4}", "[a\"]{0,4}"], 1..40),
        at_once in 1..400usize,
    ) {
        let text = rows.iter().fold("x\ty\tz\n".to_owned(), |text, row| text + &row.join("\t") + "\n");
        let found = scanned(text.as_bytes(), at_once, TSV).unwrap();
        prop_assert_eq!(found.len(), rows.len() + 1);
        prop_assert!(found.iter().all(|(_, row)| row.len() == 3));
    }
}

#[test]
fn a_quoted_field_between_tabs_reaches_over_lines_where_these_are_no_rows() {
    let text = "u\ti\tt\n1\ta\t\"He\nsaid\"\n2\t\"b\nc\"\tx\n3\t\"d\tx\n4\te\"\tx\n";
    let mut scanner = scanner(text.as_bytes(), 7, TSV);
    let mut found = Vec::new();
    while let Some((line, record)) = scanner.next_record().unwrap() {
        let fields: Vec<_> = record.iter().map(String::from_utf8_lossy).collect();
        found.push(format!("{line}: {}", fields.join("|")));
    }
    let expected = [
        "1: u|i|t",
        "2: 1|a|He\nsaid",
        "4: 2|b\nc|x",
        "6: 3|\"d|x",
        "7: 4|e\"|x",
    ];
    assert_eq!(found, expected);
    let spans = Spans {
        first_line: 2,
        n_records: 2,
    };
    assert_eq!(scanner.spans(), Some(spans));
}

#[test]
fn records_over_lines_are_counted_and_blank_lines_are_none() {
    let text = "a,b\n\n\"x\",1\n\n\n\"y\nz\",2\n\"\n\n\",3\n";
    let mut scanner = scanner(text.as_bytes(), 5, CSV);
    while scanner.next_record().unwrap().is_some() {}
    let spans = Spans {
        first_line: 6,
        n_records: 2,
    };
    assert_eq!(scanner.spans(), Some(spans));
}

#[test]
fn a_quote_that_never_closes_is_told_by_its_line() {
    for (text, line) in [
        ("a,b\n1,\"x\n2,y\n", 2),
        ("a,b\n1,x\n\"2\n\",\"y", 4),
        ("\"a", 1),
    ] {
        for at_once in [1, 3, 1000] {
            let error = scanned(text.as_bytes(), at_once, CSV).unwrap_err();
            assert!(
                error.to_string().starts_with(&format!("log:{line}: ")),
                "{error}"
            );
        }
    }
}

#[test]
fn lines_longer_than_the_buffer() {
    let long = "x".repeat(3 << 20);
    let text = format!("a,b\n{long},1\n2,\"{long}\"\n\n3,4");
    for dialect in [CSV, RECBOLE] {
        assert_eq!(
            scanned(text.as_bytes(), 1 << 16, dialect).unwrap(),
            plainly(text.as_bytes(), dialect)
        );
    }
}
