//! Columns of an item file, one value per item: what models read of items.

use super::IdMap;
use super::error::{DataError, Place};
use super::item_file::{ItemFile, checked_key, key_column, title_column};
use super::read_options::ItemColumnNames;
use super::source::Origin;
use super::whole_floats::as_numbers;

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
///
/// The name `title` stands for the column of titles whatever its name. Without `needs_title`, no item has a title where
/// there is none.
pub(super) fn read(
    origin: &Origin<'_>,
    columns: &ItemColumnNames,
    items: &IdMap,
    names: &[&str],
    needs_title: bool,
) -> Result<ItemColumns, DataError> {
    let file = ItemFile::open(origin)?;
    let key = key_column(&file, columns, Some((origin, items)))?;
    let mut wanted = vec![key];
    // Of each name, where its column is among those wanted.
    let mut places = Vec::with_capacity(names.len());
    for name in names {
        let found = file.header.iter().position(|known| known == name);
        let found = match (found, *name) {
            (None, TITLE) => title_column(&file, columns)?,
            (found, _) => found,
        };
        let may_lack = *name == TITLE && !needs_title;
        match found {
            Some(column) => {
                wanted.push(column);
                places.push(Some(wanted.len() - 1));
            }
            None if may_lack => places.push(None),
            None => {
                return Err(DataError::UnknownColumn {
                    place: file.header_place.clone(),
                    column: (*name).to_owned(),
                    known: file.header.join(", "),
                });
            }
        }
    }
    let column = |name: &&str| ItemColumn {
        name: (*name).to_owned(),
        values: vec![None; items.len()],
    };
    let mut columns: Vec<ItemColumn> = names.iter().map(column).collect();
    let mut rows = Vec::new();
    let mut is_taken = vec![false; items.len()];
    file.for_each_row(&wanted, |at, values| {
        let key = checked_key(at, values)?;
        let item = items.id(&key).filter(|&item| !is_taken[item as usize]);
        rows.push(item);
        let Some(item) = item else {
            return Ok(());
        };
        is_taken[item as usize] = true;
        for (column, place) in columns.iter_mut().zip(&places) {
            let Some(place) = place else { continue };
            let value = values(*place)?;
            let value = value.trim();
            if !value.is_empty() {
                column.values[item as usize] = Some(value.to_owned());
            }
        }
        Ok(())
    })?;
    Ok(ItemColumns { columns, rows })
}

/// What the column of titles is called where it is read as words.
const TITLE: &str = "title";

/// The items of a file in the order of their first rows.
pub(super) fn read_keys(
    origin: &Origin<'_>,
    columns: &ItemColumnNames,
) -> Result<Vec<Box<str>>, DataError> {
    let file = ItemFile::open(origin)?;
    let place = Place::whole(&file.name);
    let key = key_column(&file, columns, None)?;
    let mut keys: Vec<Box<str>> = Vec::new();
    let mut known = hashbrown::HashSet::<Box<str>, foldhash::quality::RandomState>::default();
    file.for_each_row(&[key], |at, values| {
        let key = checked_key(at, values)?;
        if known.insert((*key).into()) {
            keys.push((*key).into());
        }
        Ok(())
    })?;
    match keys.is_empty() {
        true => Err(DataError::Empty { place }),
        false => Ok(as_numbers(keys)),
    }
}
