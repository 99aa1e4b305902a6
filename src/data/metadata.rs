//! Item titles from an item file.

use super::IdMap;
use super::columns::find_column;
use super::error::{DataError, Place, Role};
use super::formats::Format;
use super::hash::Tally;
use super::item_file::{ItemFile, checked_key, key_column, title_column};
use super::read_options::ItemColumnNames;
use super::source::Origin;

/// Titles by item id, and what it took to read them.
pub(super) struct Titles {
    /// `None` where the file has no column of titles.
    pub(super) titles: Option<Vec<Option<String>>>,
    pub(super) name: String,
    pub(super) format: Format,
    pub(super) rows: u64,
    pub(super) tally: Tally,
    /// The column of keys.
    pub(super) key: String,
    /// Whether its name is a usual one.
    pub(super) key_has_usual_name: bool,
    /// Rows whose item the log has.
    pub(super) known_rows: u64,
}

/// Reads the titles of the items of a log. Items the log does not have are passed over, the first title of an item stays.
pub(super) fn read_titles(
    origin: &Origin<'_>,
    names: &ItemColumnNames,
    items: &IdMap,
) -> Result<Titles, DataError> {
    let file = ItemFile::open(origin)?;
    let key = key_column(&file, names, Some((origin, items)))?;
    let title = title_column(&file, names)?;
    let year = file.header.iter().position(|name| name == "release_year");
    let mut read = Titles {
        titles: title.map(|_| vec![None; items.len()]),
        name: file.name.clone(),
        format: file.format,
        rows: 0,
        tally: Tally::default(),
        key: file.header[key].clone(),
        key_has_usual_name: find_column(&file.header, Role::Item, None, &file.header_place)?
            == Some(key),
        known_rows: 0,
    };
    let columns: Vec<usize> = [Some(key), title, title.and(year)]
        .into_iter()
        .flatten()
        .collect();
    let tally = file.for_each_row(&columns, |at, values| {
        let key = checked_key(at, values)?;
        read.rows += 1;
        let mut title = match columns.len() {
            1 => String::new(),
            _ => values(1)?.trim().to_owned(),
        };
        if columns.len() > 2 {
            let year = values(2)?;
            if !year.trim().is_empty() && !title.is_empty() {
                title = format!("{title} ({})", year.trim());
            }
        }
        let Some(item) = items.id(&key) else {
            return Ok(());
        };
        read.known_rows += 1;
        if let Some(titles) = &mut read.titles
            && !title.is_empty()
        {
            titles[item as usize].get_or_insert(title);
        }
        Ok(())
    })?;
    if read.rows == 0 {
        let place = Place::whole(&read.name);
        return Err(DataError::Empty { place });
    }
    read.tally = tally;
    Ok(read)
}
