//! Item titles from an item file, or from several as one.

use super::columns::find_column;
use super::error::{DataError, Role};
use super::item_file::{ItemFile, checked_key, key_column, of_parts, title_column};
use super::read_options::ItemColumnNames;
use super::source::Origin;
use super::{IdMap, SourceFile};

/// Titles by item id, and what it took to read them.
#[derive(Default)]
pub(super) struct Titles {
    /// `None` where no file has a column of titles.
    pub(super) titles: Option<Vec<Option<String>>>,
    pub(super) parts: Vec<TitlesOfPart>,
}

/// What was read of one file.
pub(super) struct TitlesOfPart {
    pub(super) source: SourceFile,
    /// The column of keys.
    pub(super) key: String,
    /// Whether its name is a usual one.
    pub(super) key_has_usual_name: bool,
    /// Rows whose item the log has.
    pub(super) known_rows: u64,
}

/// Reads the titles of the items of a log. Items the log does not have are passed over, the first title of an item stays.
pub(super) fn read_titles(
    parts: &[Origin<'_>],
    names: &ItemColumnNames,
    items: &IdMap,
) -> Result<Titles, DataError> {
    let mut read = Titles::default();
    of_parts(parts, |file, origin| {
        let part = read_part(file, origin, names, items, &mut read.titles)?;
        let n_rows = part.source.rows;
        read.parts.push(part);
        Ok(n_rows)
    })?;
    Ok(read)
}

fn read_part(
    file: ItemFile<'_>,
    origin: &Origin<'_>,
    names: &ItemColumnNames,
    items: &IdMap,
    titles: &mut Option<Vec<Option<String>>>,
) -> Result<TitlesOfPart, DataError> {
    let key = key_column(&file, names, Some((origin, items)))?;
    let title = title_column(&file, names)?;
    let year = file.header.iter().position(|name| name == "release_year");
    let usual_key = find_column(&file.header, Role::Item, None, &file.header_place)?;
    let mut part = TitlesOfPart {
        source: SourceFile {
            path: file.name.clone(),
            format: format!("{} items", file.format),
            bytes: 0,
            sha256: String::new(),
            rows: 0,
        },
        key: file.header[key].clone(),
        key_has_usual_name: usual_key == Some(key),
        known_rows: 0,
    };
    if title.is_some() {
        titles.get_or_insert_with(|| vec![None; items.len()]);
    }
    let columns: Vec<usize> = [Some(key), title, title.and(year)]
        .into_iter()
        .flatten()
        .collect();
    let tally = file.for_each_row(&columns, |at, values| {
        let key = checked_key(Role::Item, at, values)?;
        part.source.rows += 1;
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
        part.known_rows += 1;
        if let (Some(titles), false) = (titles.as_mut(), title.is_empty()) {
            titles[item as usize].get_or_insert(title);
        }
        Ok(())
    })?;
    part.source.bytes = tally.bytes();
    part.source.sha256 = tally.sha256();
    Ok(part)
}

impl Titles {
    /// What a person should know of how the item files were read.
    pub(super) fn remark(&self, names: &ItemColumnNames) -> Option<String> {
        let first = self.parts.first()?;
        let (name, key) = (&first.source.path, &first.key);
        if self.parts.iter().all(|part| part.known_rows == 0) {
            let rows: u64 = self.parts.iter().map(|part| part.source.rows).sum();
            return Some(format!(
                "{name}: none of its {rows} items is in the log; do the keys in `{key}` match? `--item-id-column NAME` \
                 names another column"
            ));
        }
        let unusual = |part: &&TitlesOfPart| !part.key_has_usual_name && part.source.rows > 0;
        let part = self
            .parts
            .iter()
            .find(unusual)
            .filter(|_| names.id.is_none())?;
        Some(format!(
            "{}: `{}` is taken for the column of items, as {} of its {} rows name items of the log; \
             `--item-id-column NAME` names another",
            part.source.path, part.key, part.known_rows, part.source.rows
        ))
    }
}
