//! Columns of a metadata file, one value an item: what models read of items.

use super::IdMap;
use super::columns::{find_column, missing};
use super::error::{DataError, Place, Role};
use super::formats::{Dialect, Format, Records};
use super::metadata::{checked_key, for_each_movie, recognize_titles, utf8};
use super::source::Text;

/// The columns a MovieLens file has, in their order.
const DOUBLE_COLON: [&str; 3] = ["item", "title", "genres"];

/// One value an item, where the file has one; position = item id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemColumn {
    /// The column's name in the file, without RecBole's type.
    pub name: String,
    /// The values; an empty field is none.
    pub values: Vec<Option<String>>,
}

/// Reads columns by name. Items the log does not have are passed over; of two rows of one item the first counts.
pub(super) fn read(
    text: Text<'_>,
    items: &IdMap,
    names: &[&str],
) -> Result<Vec<ItemColumn>, DataError> {
    let mut columns = Columns::new(items, names);
    match recognize_titles(text.sample()) {
        Some(Format::MovieLens) => read_double_colon(text, &mut columns)?,
        Some(Format::RecBole) => read_records(text, Dialect::RecBole, &mut columns)?,
        Some(Format::Tsv) => read_records(text, Dialect::Tsv, &mut columns)?,
        _ => read_records(text, Dialect::Csv, &mut columns)?,
    }
    Ok(columns.columns)
}

struct Columns<'a> {
    items: &'a IdMap,
    columns: Vec<ItemColumn>,
    is_taken: Vec<bool>,
}

impl<'a> Columns<'a> {
    fn new(items: &'a IdMap, names: &[&str]) -> Self {
        let column = |name: &&str| ItemColumn {
            name: (*name).to_owned(),
            values: vec![None; items.len()],
        };
        Self {
            items,
            columns: names.iter().map(column).collect(),
            is_taken: vec![false; items.len()],
        }
    }

    /// Where the columns are among those of the file.
    fn places(&self, known: &[&str], place: &Place) -> Result<Vec<usize>, DataError> {
        let find = |column: &ItemColumn| {
            let found = known.iter().position(|name| *name == column.name);
            found.ok_or_else(|| DataError::UnknownColumn {
                place: place.clone(),
                column: column.name.clone(),
                known: known.join(", "),
            })
        };
        self.columns.iter().map(find).collect()
    }

    fn take<'v>(
        &mut self,
        key: &str,
        mut value: impl FnMut(usize) -> Result<&'v str, DataError>,
    ) -> Result<(), DataError> {
        let Some(item) = self.items.id(key) else {
            return Ok(());
        };
        if std::mem::replace(&mut self.is_taken[item as usize], true) {
            return Ok(());
        }
        for (at, column) in self.columns.iter_mut().enumerate() {
            let text = value(at)?.trim();
            if !text.is_empty() {
                column.values[item as usize] = Some(text.to_owned());
            }
        }
        Ok(())
    }
}

fn read_double_colon(text: Text<'_>, columns: &mut Columns<'_>) -> Result<(), DataError> {
    let places = columns.places(&DOUBLE_COLON, &Place::whole(&text.origin.name))?;
    for_each_movie(text, |fields, place| {
        columns.take(checked_key(fields[0], place)?, |at| Ok(fields[places[at]]))
    })
}

fn read_records(
    text: Text<'_>,
    dialect: Dialect,
    columns: &mut Columns<'_>,
) -> Result<(), DataError> {
    let origin = text.origin.clone();
    let mut records = Records::open(text, dialect)?;
    let header_place = records.header_place();
    let header = records.header().to_vec();
    let key = find_column(&header, Role::Item, None, &header_place)?
        .ok_or_else(|| missing(&header, Role::Item, None, &header_place))?;
    let known: Vec<&str> = header.iter().map(String::as_str).collect();
    let places = columns.places(&known, &header_place)?;
    while let Some((line, record)) = records.next_record()? {
        let place = || origin.line(line);
        let key = checked_key(utf8(&record[key], Role::Item, place)?, place)?;
        columns.take(key, |at| utf8(&record[places[at]], Role::Title, place))?;
    }
    Ok(())
}
