//! Columns of an item file, one value per item: what models read of items.

use super::IdMap;
use super::error::{DataError, Role};
use super::item_file::{BETWEEN_VALUES, ItemFile, checked_key, key_column, of_parts, title_column};
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
    parts: &[Origin<'_>],
    columns: &ItemColumnNames,
    items: &IdMap,
    names: &[&str],
    needs_title: bool,
) -> Result<ItemColumns, DataError> {
    let column = |name: &&str| ItemColumn {
        name: (*name).to_owned(),
        values: vec![None; items.len()],
    };
    let mut read = ItemColumns {
        columns: names.iter().map(column).collect(),
        rows: Vec::new(),
    };
    let mut is_taken = vec![false; items.len()];
    of_parts(parts, |file, origin| {
        let key = key_column(&file, columns, Some((origin, items)))?;
        let title = title_column(&file, columns)?;
        let mut wanted = vec![key];
        // Of each name, where its column is among those wanted.
        let mut places = Vec::with_capacity(names.len());
        for name in names {
            match position(&file, title, name) {
                Some(column) => {
                    wanted.push(column);
                    places.push(Some(wanted.len() - 1));
                }
                None if *name == TITLE && !needs_title => places.push(None),
                None => {
                    return Err(DataError::UnknownColumn {
                        place: file.header_place.clone(),
                        column: (*name).to_owned(),
                        known: file.header.join(", "),
                    });
                }
            }
        }
        // A title is one text, whatever its type says.
        let are_words: Vec<bool> = wanted
            .iter()
            .map(|&column| file.is_sequence(column) && Some(column) != title)
            .collect();
        let before = read.rows.len();
        file.for_each_row(&wanted, |at, values| {
            let key = checked_key(Role::Item, at, values)?;
            let item = items.id(&key).filter(|&item| !is_taken[item as usize]);
            read.rows.push(item);
            let Some(item) = item else {
                return Ok(());
            };
            is_taken[item as usize] = true;
            for (column, place) in read.columns.iter_mut().zip(&places) {
                let Some(place) = *place else { continue };
                let value = values(place)?;
                let value = value.trim();
                if !value.is_empty() {
                    column.values[item as usize] = Some(match are_words[place] {
                        true => between_bars(value),
                        false => value.to_owned(),
                    });
                }
            }
            Ok(())
        })?;
        Ok((read.rows.len() - before) as u64)
    })?;
    Ok(read)
}

/// What the column of titles is called where it is read as words.
const TITLE: &str = "title";

fn position(file: &ItemFile<'_>, title: Option<usize>, name: &str) -> Option<usize> {
    let found = file.header.iter().position(|known| known == name);
    found.or_else(|| title.filter(|_| name == TITLE))
}

/// Words between blanks as values between bars.
fn between_bars(words: &str) -> String {
    let words: Vec<&str> = words.split_whitespace().collect();
    words.join(&BETWEEN_VALUES.to_string())
}

/// The items of some files in the order of their first rows.
pub(super) fn read_keys(
    parts: &[Origin<'_>],
    columns: &ItemColumnNames,
) -> Result<Vec<Box<str>>, DataError> {
    let mut keys: Vec<Box<str>> = Vec::new();
    let mut known = hashbrown::HashSet::<Box<str>, foldhash::quality::RandomState>::default();
    of_parts(parts, |file, _| {
        let key = key_column(&file, columns, None)?;
        let mut n_rows = 0;
        file.for_each_row(&[key], |at, values| {
            let key = checked_key(Role::Item, at, values)?;
            n_rows += 1;
            if known.insert((*key).into()) {
                keys.push((*key).into());
            }
            Ok(())
        })?;
        Ok(n_rows)
    })?;
    Ok(as_numbers(keys))
}
