//! Which column of an item file holds the keys and which the titles: by option, by the usual names, by content.

use super::super::IdMap;
use super::super::columns::{find_column, missing, plain_name};
use super::super::error::{DataError, Role};
use super::super::read_options::ItemColumnNames;
use super::super::source::Origin;
use super::ItemFile;

/// Names that keys have in catalogues, where no usual name is there.
const NAMES_OF_KEYS: [&str; 13] = [
    "asin",
    "parentasin",
    "sku",
    "isbn",
    "isbn13",
    "isbn10",
    "ean",
    "gtin",
    "upc",
    "id",
    "uuid",
    "key",
    "code",
];
/// Columns that a table of rows numbers them by.
const NAMES_OF_INDEXES: [&str; 3] = ["", "index", "unnamed:0"];
/// Columns of wider tables are passed over when the keys are looked for.
const SEARCHED_COLUMNS: usize = 200;

/// The position of the column of keys. Where neither the option nor a usual name tells, it is that whose values are the
/// items of the log, and without a log that of a name that keys have.
pub(in crate::data) fn key_column(
    file: &ItemFile<'_>,
    names: &ItemColumnNames,
    log: Option<(&Origin<'_>, &IdMap)>,
) -> Result<usize, DataError> {
    let (header, place) = (&file.header, &file.header_place);
    let none = || missing(header, Role::ItemId, None, place);
    if names.id.is_some() {
        let found = find_column(header, Role::ItemId, names.id.as_deref(), place)?;
        return found.ok_or_else(none);
    }
    if let Some(usual) = find_column(header, Role::Item, None, place)? {
        return Ok(usual);
    }
    match log {
        Some((origin, items)) => by_content(origin, items)?.ok_or_else(none),
        None => key_name(header).ok_or_else(|| DataError::NoKeys {
            place: place.clone(),
            role: Role::Item,
            found: header.join(", "),
        }),
    }
}

/// The position of the column of titles, where there is one.
pub(in crate::data) fn title_column(
    file: &ItemFile<'_>,
    names: &ItemColumnNames,
) -> Result<Option<usize>, DataError> {
    let name = names.title.as_deref();
    find_column(&file.header, Role::Title, name, &file.header_place)
}

/// The first column of a name that keys have.
pub(in crate::data) fn key_name(header: &[String]) -> Option<usize> {
    let plain: Vec<String> = header.iter().map(|name| plain_name(name)).collect();
    NAMES_OF_KEYS
        .iter()
        .find_map(|name| plain.iter().position(|column| column == name))
}

/// The column that names the most keys that are known, where it is at least half of its rows or of the known keys.
pub(in crate::data) fn by_content(
    origin: &Origin<'_>,
    known: &IdMap,
) -> Result<Option<usize>, DataError> {
    let file = ItemFile::open(origin)?;
    let header = file.header.clone();
    let plain: Vec<String> = header.iter().map(|name| plain_name(name)).collect();
    let columns: Vec<usize> = (0..header.len())
        .filter(|&column| !NAMES_OF_INDEXES.contains(&&*plain[column]))
        .filter(|&column| file.is_readable(column))
        .take(SEARCHED_COLUMNS)
        .collect();
    let mut met = vec![vec![false; known.len()]; columns.len()];
    let mut rows = 0;
    file.for_each_row(&columns, |_, values| {
        rows += 1;
        for (at, met) in met.iter_mut().enumerate() {
            // A value that is no text is no key.
            let id = values(at).ok().and_then(|key| known.id(&key));
            if let Some(id) = id {
                met[id as usize] = true;
            }
        }
        Ok(())
    })?;
    let counts = met.iter().map(|met| met.iter().filter(|&&met| met).count());
    let enough = rows.min(known.len()).div_ceil(2).max(1);
    let is_name_of_keys = |column: usize| NAMES_OF_KEYS.contains(&&*plain[column]);
    Ok(columns
        .iter()
        .copied()
        .zip(counts)
        .filter(|&(_, count)| count >= enough)
        .max_by_key(|&(column, count)| (count, is_name_of_keys(column), std::cmp::Reverse(column)))
        .map(|(column, _)| column))
}
