//! MovieLens rows without a header: `user::item::rating::timestamp`, and the same between tabs.

use super::layout::{Layout, Names};
use super::unnamed::number;
use crate::data::columns::{ColumnNames, Columns, OfFolders};
use crate::data::date_text::parse_date_time;
use crate::data::error::{DataError, Place, Position};
use crate::data::lines::Lines;
use crate::data::sink::{Sink, TextRow};
use crate::data::source::{Text, TextOrigin};

/// Reads rows between `::`.
pub(super) fn read_double_colon(
    text: Text<'_>,
    layout: &Layout,
    names: &ColumnNames,
    sink: &mut Sink<'_>,
) -> Result<(), DataError> {
    read_rows(text, layout, names, sink, |line| {
        fields(split_double_colon(line))
    })
}

/// Reads rows between tabs.
pub(super) fn read_tab(
    text: Text<'_>,
    layout: &Layout,
    names: &ColumnNames,
    sink: &mut Sink<'_>,
) -> Result<(), DataError> {
    sink.allow_decimal_commas();
    read_rows(text, layout, names, sink, |line| {
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

/// Fields of a line of `u.item` of MovieLens 100K: key, title, two dates, an address, and 19 genres.
pub(in crate::data) const FILM_FIELDS: usize = 24;

/// Whether a line is one of `u.item`, between bars and without a header.
pub(super) fn is_film(line: &[u8]) -> bool {
    let fields: Vec<&[u8]> = line.split(|&byte| byte == b'|').collect();
    let is_told = |field: &&[u8]| matches!(field.trim_ascii(), b"0" | b"1");
    fields.len() == FILM_FIELDS
        && fields[0].iter().all(u8::is_ascii_digit)
        && fields[5..].iter().all(is_told)
}

/// Whether a line is two to four fields between tabs, the third a number and the fourth a time.
pub(super) fn is_tab_row(line: &[u8]) -> bool {
    let is_number = |field: &[u8]| {
        let is_it = |text: &str| text.parse::<f64>().is_ok() || number(text).is_some();
        str::from_utf8(field.trim_ascii()).is_ok_and(is_it)
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

/// Where the columns are; those of a row may be fewer.
fn columns(layout: &Layout, names: &ColumnNames, place: Place) -> Result<Columns, DataError> {
    match &layout.names {
        Names::Given(header) => Columns::find(header, names, &place),
        _ => Ok(Columns {
            user: 0,
            item: 1,
            weight: names.wants_weights().then_some(2),
            timestamp: names.wants_timestamps().then_some(3),
            event: None,
            weight_is_likely: false,
            of_folders: OfFolders::default(),
        }),
    }
}

fn read_rows(
    text: Text<'_>,
    layout: &Layout,
    names: &ColumnNames,
    sink: &mut Sink<'_>,
    split: impl for<'l> Fn(&'l [u8]) -> Fields<'l>,
) -> Result<(), DataError> {
    let origin = text.origin.clone();
    let mut columns = columns(layout, names, origin.line(1))?;
    let mut lines = Lines::new(text);
    let mut expected = match &layout.names {
        Names::Given(header) => Some(header.len()),
        _ => None,
    };
    let mut is_first = true;
    while let Some((line, content)) = lines.next_line()? {
        let (fields, found) = split(content);
        if is_first {
            check_width(&origin, line, found)?;
            for column in [&mut columns.weight, &mut columns.timestamp] {
                *column = column.filter(|&column| column < found);
            }
            sink.set_layout(columns.has_weights(), columns.has_timestamps())?;
            sink.take_folders(columns.of_folders, names)?;
            is_first = false;
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
            user: fields[columns.user],
            item: fields[columns.item],
            weight: columns.weight.map(|column| fields[column]),
            timestamp: columns.timestamp.map(|column| fields[column]),
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
