//! MovieLens rows without a header: `user::item::rating::timestamp`, and the same between tabs.

use crate::data::columns::ColumnNames;
use crate::data::date_text::parse_date_time;
use crate::data::error::{DataError, Position};
use crate::data::lines::Lines;
use crate::data::sink::{Sink, TextRow};
use crate::data::source::{Text, TextOrigin};

/// Reads rows between `::`.
pub(super) fn read_double_colon(
    text: Text<'_>,
    names: &ColumnNames,
    sink: &mut Sink<'_>,
) -> Result<(), DataError> {
    read_rows(text, names, sink, |line| fields(split_double_colon(line)))
}

/// Reads rows between tabs.
pub(super) fn read_tab(
    text: Text<'_>,
    names: &ColumnNames,
    sink: &mut Sink<'_>,
) -> Result<(), DataError> {
    read_rows(text, names, sink, |line| {
        fields(line.split(|&byte| byte == b'\t'))
    })
}

/// The fields between `::`, single colons being letters.
pub(in crate::data) fn split_double_colon(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(line);
    std::iter::from_fn(move || {
        let text = rest?;
        let end = text.windows(2).position(|pair| pair == b"::");
        rest = end.map(|end| &text[end + 2..]);
        Some(&text[..end.unwrap_or(text.len())])
    })
}

/// Whether a line is two to four fields between tabs, the third a number and the fourth a time.
pub(super) fn is_tab_row(line: &[u8]) -> bool {
    let is_number = |field: &[u8]| {
        str::from_utf8(field.trim_ascii()).is_ok_and(|text| text.parse::<f64>().is_ok())
    };
    let is_time = |field: &[u8]| is_number(field) || parse_date_time(field.trim_ascii()).is_some();
    let fields: Vec<&[u8]> = line.split(|&byte| byte == b'\t').collect();
    (3..=4).contains(&fields.len())
        && is_number(fields[2])
        && fields.get(3).is_none_or(|field| is_time(field))
        || fields.len() == 2 && fields.iter().all(|field| is_number(field))
}

/// Up to five fields: one more than a row may have, to tell rows that are too long.
type Fields<'l> = ([&'l [u8]; 5], usize);

fn fields<'l>(split: impl Iterator<Item = &'l [u8]>) -> Fields<'l> {
    let mut fields: Fields<'l> = ([&[]; 5], 0);
    for field in split.take(5) {
        fields.0[fields.1] = field;
        fields.1 += 1;
    }
    fields
}

fn read_rows(
    text: Text<'_>,
    names: &ColumnNames,
    sink: &mut Sink<'_>,
    split: impl for<'l> Fn(&'l [u8]) -> Fields<'l>,
) -> Result<(), DataError> {
    let origin = text.origin.clone();
    let mut lines = Lines::new(text);
    let mut expected = None;
    while let Some((line, content)) = lines.next_line()? {
        let (fields, found) = split(content);
        if expected.is_none() {
            check_width(&origin, line, found)?;
            let (weights, timestamps) = (found > 2, found > 3);
            sink.set_layout(
                weights && names.wants_weights(),
                timestamps && names.wants_timestamps(),
            )?;
        }
        let expected = *expected.get_or_insert(found);
        if found != expected {
            let expected = expected.to_string();
            sink.bad_row(DataError::Ragged {
                place: origin.line(line),
                expected,
                found,
            })?;
            continue;
        }
        let row = TextRow {
            user: fields[0],
            item: fields[1],
            weight: (found > 2 && names.wants_weights()).then_some(fields[2]),
            timestamp: (found > 3 && names.wants_timestamps()).then_some(fields[3]),
        };
        sink.text_row(Position::Line(line), row)?;
    }
    Ok(())
}

fn check_width(origin: &TextOrigin, line: u64, found: usize) -> Result<(), DataError> {
    if (2..=4).contains(&found) {
        return Ok(());
    }
    let expected = "2 to 4".to_owned();
    Err(DataError::Ragged {
        place: origin.line(line),
        expected,
        found,
    })
}
