//! Columns of a metadata file, one value per item: what models read of items.

use super::IdMap;
use super::columns::{find_column, missing};
use super::error::{DataError, Place, Role};
use super::formats::{Dialect, Format, Records};
use super::metadata::{checked_key, for_each_movie, recognize_titles, utf8};
use super::source::Text;

/// The columns a MovieLens file has, in their order.
const DOUBLE_COLON: [&str; 3] = ["item", "title", "genres"];

/// One value per item, where the file has one; position = item id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemColumn {
    /// The column's name in the file, without RecBole's type.
    pub name: String,
    /// The values; an empty field is none.
    pub values: Vec<Option<String>>,
}

/// Columns of an item file, and the item of each of its rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ItemColumns {
    /// In the order asked for.
    pub columns: Vec<ItemColumn>,
    /// The item of each row of the file; `None` for an item the log does not have, or a second row of one.
    pub rows: Vec<Option<u32>>,
}

/// Reads columns by name. Items the log does not have are passed over; of two rows of one item the first counts.
pub(super) fn read(
    text: Text<'_>,
    items: &IdMap,
    names: &[&str],
) -> Result<ItemColumns, DataError> {
    let column = |name: &&str| ItemColumn {
        name: (*name).to_owned(),
        values: vec![None; items.len()],
    };
    let mut columns: Vec<ItemColumn> = names.iter().map(column).collect();
    let mut rows = Vec::new();
    let mut is_taken = vec![false; items.len()];
    for_each_row(text, names, |key, values| {
        let item = items.id(key).filter(|&item| !is_taken[item as usize]);
        rows.push(item);
        let Some(item) = item else {
            return Ok(());
        };
        is_taken[item as usize] = true;
        for (at, column) in columns.iter_mut().enumerate() {
            let value = values(at)?.trim();
            if !value.is_empty() {
                column.values[item as usize] = Some(value.to_owned());
            }
        }
        Ok(())
    })?;
    Ok(ItemColumns { columns, rows })
}

/// The items of a file in the order of their first rows.
pub(super) fn read_keys(text: Text<'_>) -> Result<Vec<Box<str>>, DataError> {
    let place = Place::whole(&text.origin.name);
    let mut keys: Vec<Box<str>> = Vec::new();
    let mut known = hashbrown::HashSet::<Box<str>, foldhash::quality::RandomState>::default();
    for_each_row(text, &[], |key, _| {
        if known.insert(key.into()) {
            keys.push(key.into());
        }
        Ok(())
    })?;
    match keys.is_empty() {
        true => Err(DataError::Empty { place }),
        false => Ok(keys),
    }
}

/// The value of the column at a position of those asked for.
type Values<'a, 'v> = &'a dyn Fn(usize) -> Result<&'v str, DataError>;

/// Hands over the item of each row, and the row's values of the columns.
fn for_each_row(
    text: Text<'_>,
    names: &[&str],
    mut take: impl for<'v> FnMut(&str, Values<'_, 'v>) -> Result<(), DataError>,
) -> Result<(), DataError> {
    let dialect = match recognize_titles(text.sample()) {
        Some(Format::MovieLens) => {
            let places = places(names, &DOUBLE_COLON, &Place::whole(&text.origin.name))?;
            return for_each_movie(text, |fields, place| {
                take(checked_key(fields[0], place)?, &|at| Ok(fields[places[at]]))
            });
        }
        Some(Format::RecBole) => Dialect::RecBole,
        Some(Format::Tsv) => Dialect::Tsv,
        _ => Dialect::Csv,
    };
    let origin = text.origin.clone();
    let mut records = Records::open(text, dialect)?;
    let header_place = records.header_place();
    let header = records.header().to_vec();
    let key = find_column(&header, Role::Item, None, &header_place)?
        .ok_or_else(|| missing(&header, Role::Item, None, &header_place))?;
    let known: Vec<&str> = header.iter().map(String::as_str).collect();
    let places = places(names, &known, &header_place)?;
    while let Some((line, record)) = records.next_record()? {
        let place = || origin.line(line);
        let key = checked_key(utf8(&record[key], Role::Item, place)?, place)?;
        take(key, &|at| utf8(&record[places[at]], Role::Title, place))?;
    }
    Ok(())
}

/// Where the columns are among those of the file.
fn places(names: &[&str], known: &[&str], place: &Place) -> Result<Vec<usize>, DataError> {
    let find = |name: &&str| {
        let found = known.iter().position(|known| known == name);
        found.ok_or_else(|| DataError::UnknownColumn {
            place: place.clone(),
            column: (*name).to_owned(),
            known: known.join(", "),
        })
    };
    names.iter().map(find).collect()
}
