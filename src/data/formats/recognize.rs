//! Recognizes the layout of a text by its first lines.

use super::layout::{Asked, Layout, Names, Unclear};
use super::unnamed::{self, Numbers, Row};
use super::{Format, adjacency, fields, movielens, recbole};
use crate::data::columns::{ColumnNames, Columns, find_column};
use crate::data::error::{Place, Role, excerpt};
use crate::data::json::starts_array;
use crate::data::separator::Separator;

/// How many lines a separator is chosen by.
const LINES_OF_A_SEPARATOR: usize = 100;

/// The beginning of a text.
pub(in crate::data) struct Sample<'s> {
    text: &'s [u8],
    /// Its lines that are not blank, without their ends.
    lines: Vec<&'s [u8]>,
}

impl<'s> Sample<'s> {
    /// Of the text's beginning, or of all of it. The last line of a beginning may be cut, and is left out.
    pub(in crate::data) fn new(text: &'s [u8], is_all: bool) -> Self {
        let mut lines: Vec<&[u8]> = text.split(|&byte| byte == b'\n').collect();
        if !is_all && lines.len() > 1 {
            lines.pop();
        }
        let lines = lines
            .into_iter()
            .map(|line| line.strip_suffix(b"\r").unwrap_or(line))
            .filter(|line| !line.trim_ascii().is_empty());
        Self {
            text,
            lines: lines.collect(),
        }
    }

    fn first(&self) -> Result<&'s [u8], Unclear> {
        self.lines.first().copied().ok_or(Unclear::Unknown)
    }

    /// The first line, without white space around it.
    pub(in crate::data) fn first_line(&self) -> Option<&'s [u8]> {
        self.lines.first().map(|line| line.trim_ascii())
    }

    /// The names that the first line has in delimited text of this layout.
    pub(in crate::data) fn header(&self, layout: &Layout) -> Vec<String> {
        let first = self.lines.first().copied().unwrap_or_default();
        let names = fields::texts(first, layout.separator, true);
        match layout.format {
            Format::RecBole => recbole::plain_header(names),
            _ => names,
        }
    }

    fn rows(&self, separator: Separator) -> Vec<Row> {
        let lines = self.lines.iter();
        lines
            .map(|line| fields::texts(line, separator, true))
            .collect()
    }

    /// The separator whose fields are as many in every line, most of them if there are several; else one that the
    /// first line has.
    fn separator(&self) -> Option<Separator> {
        let has_tab = self.lines.first()?.contains(&b'\t');
        if !has_tab && self.are_numbers_between_blanks() {
            return Some(Separator::Blanks);
        }
        let lines = &self.lines[..self.lines.len().min(LINES_OF_A_SEPARATOR)];
        let width = |separator: Separator| {
            let width = |line: &&[u8]| fields::texts(line, separator, true).len();
            let first = width(lines.first()?);
            (first > 1 && lines.iter().all(|line| width(line) == first)).then_some(first)
        };
        let characters = || {
            let usual = Separator::USUAL.into_iter();
            usual.filter(|separator| *separator != Separator::Blanks)
        };
        // Of equal ones the first.
        let widest = characters()
            .rev()
            .filter_map(|separator| Some((width(separator)?, separator)))
            .max_by_key(|(width, _)| *width);
        let is_in_first = |separator: &Separator| {
            let first = self.lines.first();
            first.is_some_and(|line| separator.end_of_field(line) < line.len())
        };
        widest
            .map(|(_, separator)| separator)
            .or_else(|| characters().find(is_in_first))
            .or_else(|| width(Separator::Blanks).map(|_| Separator::Blanks))
    }

    fn are_numbers_between_blanks(&self) -> bool {
        let width = |line: &&[u8]| {
            let fields = line.split(u8::is_ascii_whitespace);
            fields.filter(|field| !field.is_empty()).count()
        };
        let first = self.lines.first().map_or(0, width);
        // Of true lists the second line is of another length as a rule, and no field is looked at.
        if first < 2 || self.lines.iter().any(|line| width(line) != first) {
            return false;
        }
        let is_number = |field: &String| unnamed::number(field).is_some();
        // The time of a row may be a date.
        let are_numbers = |row: &Row| {
            let may_be_date = row.len() == 4 && unnamed::is_time(&row[3]);
            let n_numbers = if may_be_date { 3 } else { row.len() };
            row[..n_numbers].iter().all(is_number)
        };
        self.rows(Separator::Blanks).iter().all(are_numbers)
    }
}

/// The layout of a log: what was asked for, and what the text looks like.
pub(in crate::data) fn recognize(sample: &Sample<'_>, asked: Asked<'_>) -> Result<Layout, Unclear> {
    let first = sample.first()?.trim_ascii();
    match asked.format {
        Some(Format::Csv | Format::Tsv | Format::RecBole) => return delimited(sample, asked),
        Some(format @ (Format::MovieLens | Format::MovieLensTab)) => {
            return Ok(rows_of(format, asked));
        }
        Some(format) => return Ok(Layout::of(format)),
        None => {}
    }
    if asked.separator.is_some() {
        return delimited(sample, asked);
    }
    if is_json(sample) {
        return Ok(Layout::of(Format::JsonLines));
    }
    if header(sample.first()?, asked.columns, None).is_some() {
        return delimited(sample, asked);
    }
    if movielens::split_double_colon(first).count() > 1 {
        let rows = sample.lines.iter().map(|line| {
            let fields = movielens::split_double_colon(line);
            fields.map(text).collect()
        });
        third_is_no_time(rows, "::", asked)?;
        return Ok(rows_of(Format::MovieLens, asked));
    }
    if asked.header.is_some() {
        return delimited(sample, asked);
    }
    let has_tab = first.contains(&b'\t');
    let are_lists = || {
        let rows = sample.rows(Separator::TAB);
        sample
            .lines
            .iter()
            .all(|line| adjacency::is_list_of_numbers(line))
            && unnamed::width(&rows).is_none()
    };
    if has_tab && movielens::is_tab_row(first) && !are_lists() {
        third_is_no_time(sample.rows(Separator::TAB).into_iter(), "\t", asked)?;
        return Ok(Layout::of(Format::MovieLensTab));
    }
    between_blanks(sample).unwrap_or_else(|| delimited(sample, asked))
}

fn is_json(sample: &Sample<'_>) -> bool {
    sample.text.trim_ascii_start().starts_with(b"{") || starts_array(sample.text)
}

fn text(field: &[u8]) -> String {
    String::from_utf8_lossy(field).trim().to_owned()
}

/// The layout of `user::item::rating::timestamp` and of the same between tabs.
fn rows_of(format: Format, asked: Asked<'_>) -> Layout {
    let names = match asked.header {
        Some(header) => Names::Given(header.to_vec()),
        None => Names::InFile,
    };
    Layout {
        names,
        ..Layout::of(format)
    }
}

/// Three columns are a user, an item and a rating, unless the third is a time in every row.
fn third_is_no_time(
    mut rows: impl Iterator<Item = Row> + Clone,
    between: &str,
    asked: Asked<'_>,
) -> Result<(), Unclear> {
    let is_time = |row: Row| row.len() == 3 && unnamed::is_time(&row[2]);
    let first: Vec<Row> = rows.clone().take(1).collect();
    match asked.header.is_none() && rows.all(is_time) {
        true => Err(no_header(&first, between)),
        false => Ok(()),
    }
}

/// The layout of lines of numbers between blanks: lists or rows.
fn between_blanks(sample: &Sample<'_>) -> Option<Result<Layout, Unclear>> {
    const LINES_OF_LISTS: usize = 11;
    let are_whole = |n: usize| {
        let mut lines = sample.lines.iter().take(n);
        lines.all(|line| adjacency::is_list_of_numbers(line))
    };
    let lists = || Layout::of(Format::AdjacencyLists);
    if !sample.are_numbers_between_blanks() {
        return are_whole(LINES_OF_LISTS).then(|| Ok(lists()));
    }
    let rows = sample.rows(Separator::Blanks);
    let kind = match are_whole(usize::MAX) {
        true => unnamed::rows_or_lists(&rows),
        false => Numbers::Rows,
    };
    Some(match kind {
        Numbers::Lists => Ok(lists()),
        Numbers::Rows => implied(&rows, Separator::Blanks),
        Numbers::Doubtful => Err(Unclear::RowsOrLists {
            row: excerpt(rows[0].join(" ").as_bytes()),
            columns: unnamed::proposed_names(&rows),
        }),
    })
}

/// The layout of delimited text, whose separator and whose names are found where they were not given.
fn delimited(sample: &Sample<'_>, asked: Asked<'_>) -> Result<Layout, Unclear> {
    let first = sample.first()?;
    let separator = asked.separator.or(match asked.format {
        Some(Format::Tsv) => Some(Separator::TAB),
        _ => None,
    });
    if let Some(mut layout) = header(first, asked.columns, separator) {
        if asked.header.is_some() {
            let row = excerpt(first);
            return Err(Unclear::HeaderThere { row });
        }
        if asked.format == Some(Format::RecBole) {
            layout.format = Format::RecBole;
        }
        return Ok(layout);
    }
    if asked.format == Some(Format::RecBole) {
        let layout = rows_of(Format::RecBole, asked);
        return Ok(Layout {
            separator: separator.unwrap_or(layout.separator),
            ..layout
        });
    }
    let separator = separator.or_else(|| sample.separator());
    let separator = match (separator, asked.format) {
        (Some(separator), _) => separator,
        (None, Some(Format::Csv)) => Separator::COMMA,
        (None, _) => return Err(Unclear::Unknown),
    };
    let layout = |names| {
        let layout = Layout::delimited(separator, names);
        let format = asked.format.unwrap_or(layout.format);
        Layout { format, ..layout }
    };
    if let Some(header) = asked.header {
        return Ok(layout(Names::Given(header.to_vec())));
    }
    let rows = sample.rows(separator);
    let is_named = asked.columns.user.is_some() || asked.columns.item.is_some();
    if is_named || !unnamed::is_data(&rows[0]) {
        return Ok(layout(Names::InFile));
    }
    implied(&rows, separator).map(|implied| layout(implied.names))
}

fn implied(rows: &[Row], separator: Separator) -> Result<Layout, Unclear> {
    if let Some(names) = unnamed::certain_names(rows, false) {
        return Ok(Layout::delimited(separator, Names::Implied(names)));
    }
    let between = match separator {
        Separator::Character(byte) => char::from(byte).to_string(),
        Separator::Blanks => " ".to_owned(),
    };
    Err(no_header(rows, &between))
}

fn no_header(rows: &[Row], between: &str) -> Unclear {
    let row = rows.first().map(|row| row.join(between));
    Unclear::NoHeader {
        row: excerpt(row.unwrap_or_default().as_bytes()),
        columns: unnamed::proposed_names(rows),
    }
}

/// The layout that a header tells: RecBole's by its types, others by the names of a user and an item.
fn header(first: &[u8], names: &ColumnNames, separator: Option<Separator>) -> Option<Layout> {
    let separators: Vec<Separator> = match separator {
        Some(separator) => vec![separator],
        None => Separator::USUAL.to_vec(),
    };
    if let Some(layout) = typed_header(first, &separators) {
        return Some(layout);
    }
    let is_named = |separator: &Separator| {
        let header = fields::texts(first, *separator, true);
        Columns::find(&header, names, &Place::whole("")).is_ok()
    };
    let separator = separators.into_iter().find(is_named)?;
    Some(Layout::delimited(separator, Names::InFile))
}

/// The layout of RecBole, with the separator that makes most fields of its header.
fn typed_header(first: &[u8], separators: &[Separator]) -> Option<Layout> {
    let typed = separators.iter().rev().filter_map(|&separator| {
        let n_fields = recbole::typed_fields(first, separator)?;
        Some((n_fields, separator))
    });
    let (_, separator) = typed.max_by_key(|(n_fields, _)| *n_fields)?;
    Some(Layout {
        separator,
        ..Layout::of(Format::RecBole)
    })
}

/// The layout of a text with a row for each item, or for each key of this role.
pub(in crate::data) fn recognize_items(sample: &Sample<'_>, keys: Role) -> Option<Layout> {
    if is_json(sample) {
        return Some(Layout::of(Format::JsonLines));
    }
    let first = sample.first().ok()?;
    if let Some(layout) = typed_header(first, &Separator::USUAL) {
        return Some(layout);
    }
    if movielens::split_double_colon(first).count() > 1 {
        return Some(Layout::of(Format::MovieLens));
    }
    if movielens::is_film(first) {
        return Some(Layout::of_films());
    }
    let is_named = |separator: &Separator| {
        let header = fields::texts(first, *separator, true);
        let key = find_column(&header, keys, None, &Place::whole(""));
        header.len() > 1 && *separator != Separator::Blanks && matches!(key, Ok(Some(_)))
    };
    let mut usual = Separator::USUAL.into_iter();
    if let Some(separator) = usual.find(is_named) {
        return Some(Layout::delimited(separator, Names::InFile));
    }
    let separator = sample.separator()?;
    (separator != Separator::Blanks).then(|| Layout::delimited(separator, Names::InFile))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str, asked: Asked<'_>) -> Result<Layout, Unclear> {
        recognize(&Sample::new(text.as_bytes(), true), asked)
    }

    fn format(text: &str) -> Option<Format> {
        let columns = ColumnNames::default();
        let asked = Asked {
            format: None,
            columns: &columns,
            separator: None,
            header: None,
        };
        of(text, asked).ok().map(|layout| layout.format)
    }

    #[test]
    fn each_format_is_recognized_by_its_first_lines() {
        let cases: [(&str, Option<Format>); 23] = [
            ("user_id,item_id\n1,2\n", Some(Format::Csv)),
            ("\"userId\",\"movieId\"\r\n1,2\r\n", Some(Format::Csv)),
            ("who,what\n1,2\n", Some(Format::Csv)),
            ("user\titem\trating\n", Some(Format::Tsv)),
            ("user;item\n1;2\n", Some(Format::Csv)),
            ("user item rating\n1 2 3\n", Some(Format::Csv)),
            ("1::1074638::7::1365029107\n", Some(Format::MovieLens)),
            ("196\t242\t3\t881250949\n", Some(Format::MovieLensTab)),
            ("196\t242\t881250949\n", None),
            ("user_id:token\titem_id:token\n", Some(Format::RecBole)),
            ("user_id:token,item_id:token\n", Some(Format::RecBole)),
            ("user_id:token\n", Some(Format::RecBole)),
            ("0 1 2 3\n1 4\n", Some(Format::AdjacencyLists)),
            ("0\t1\t2\t3\n1\t4\n", Some(Format::AdjacencyLists)),
            ("\n0\n1 4 5\n", Some(Format::AdjacencyLists)),
            ("1 10 5\n1 11 4\n2 10 3\n", Some(Format::Csv)),
            ("1 10 3.5\n2 11 4\n", Some(Format::Csv)),
            ("0 1 2\n1 2 3\n", None),
            ("{\"user\": 1}\n", Some(Format::JsonLines)),
            ("[\n {\"user\": 1}\n]", Some(Format::JsonLines)),
            ("", None),
            ("hello\n", None),
            ("\u{0}\u{1}\u{2}", None),
        ];
        for (text, expected) in cases {
            assert_eq!(format(text), expected, "{text:?}");
        }
    }

    #[test]
    fn the_separator_is_that_of_equally_many_fields() {
        let separator = |text: &str| Sample::new(text.as_bytes(), true).separator();
        for (text, expected) in [
            ("1;2;3,5\n4;5;4,0\n", Separator::Character(b';')),
            ("a|b,c\nd|e\n", Separator::Character(b'|')),
            ("a\tb,c\nd\te,f\n", Separator::TAB),
            ("1 2 3,5\n4 5 4,0\n", Separator::Blanks),
            ("1, 2, 3\n4, 5, 6\n", Separator::COMMA),
            ("ann b1 5\nbob b2 4\n", Separator::Blanks),
        ] {
            assert_eq!(separator(text), Some(expected), "{text:?}");
        }
    }

    #[test]
    fn a_cut_line_is_no_part_of_the_sample() {
        assert_eq!(Sample::new(b"1,2\n3", false).lines, [b"1,2"]);
        assert_eq!(Sample::new(b"1,2\r\n\n3", true).lines, [&b"1,2"[..], b"3"]);
        assert_eq!(Sample::new(b"1,2", false).lines, [b"1,2"]);
    }
}
