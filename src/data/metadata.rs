//! Item titles from a metadata file: MovieLens, RecBole, or CSV and TSV with a header.

use super::IdMap;
use super::columns::{find_column, missing};
use super::error::{DataError, Place, Role};
use super::formats::{Dialect, Format, Records, recognize, split_double_colon};
use super::lines::Lines;
use super::source::Text;

/// Titles by item id, and what it took to read them.
pub(super) struct Titles {
    pub(super) titles: Vec<Option<String>>,
    pub(super) format: Format,
    pub(super) rows: u64,
}

impl Titles {
    fn new(items: &IdMap, format: Format) -> Self {
        Self {
            titles: vec![None; items.len()],
            format,
            rows: 0,
        }
    }

    /// Takes one row; items the log does not have are passed over, the first title of an item stays.
    fn take(&mut self, items: &IdMap, key: &str, title: String) {
        self.rows += 1;
        let known = items
            .id(key)
            .and_then(|id| self.titles.get_mut(id as usize));
        if let Some(slot) = known
            && !title.is_empty()
        {
            slot.get_or_insert(title);
        }
    }
}

/// Reads the titles of the items of a log.
pub(super) fn read_titles(text: Text<'_>, items: &IdMap) -> Result<Titles, DataError> {
    let place = Place::whole(&text.origin.name);
    let titles = match recognize_titles(text.sample()) {
        Some(Format::MovieLens) => read_double_colon(text, items),
        Some(Format::RecBole) => read_records(text, Format::RecBole, Dialect::RecBole, items),
        Some(Format::Tsv) => read_records(text, Format::Tsv, Dialect::Tsv, items),
        Some(_) => read_records(text, Format::Csv, Dialect::Csv, items),
        None if text.sample().trim_ascii().is_empty() => Err(DataError::Empty {
            place: place.clone(),
        }),
        None => {
            let known = "movielens, recbole, csv, tsv".to_owned();
            return Err(DataError::UnknownFormat { place, known });
        }
    }?;
    if titles.rows == 0 {
        return Err(DataError::Empty { place });
    }
    Ok(titles)
}

pub(super) fn recognize_titles(sample: &[u8]) -> Option<Format> {
    if let Some(format @ (Format::RecBole | Format::MovieLens)) = recognize(sample) {
        return Some(format);
    }
    let first = sample
        .split(|&byte| byte == b'\n')
        .find(|line| !line.trim_ascii().is_empty())?;
    if first.contains(&b'\t') {
        Some(Format::Tsv)
    } else {
        first.contains(&b',').then_some(Format::Csv)
    }
}

fn read_double_colon(text: Text<'_>, items: &IdMap) -> Result<Titles, DataError> {
    let mut titles = Titles::new(items, Format::MovieLens);
    for_each_movie(text, |[key, title, _], place| {
        titles.take(items, checked_key(key, place)?, title.trim().to_owned());
        Ok(())
    })?;
    Ok(titles)
}

/// Hands over each line of `item::title::genres`, and its place; a title may itself hold `::`, and genres may be
/// left out.
pub(super) fn for_each_movie(
    text: Text<'_>,
    mut take: impl FnMut([&str; 3], &dyn Fn() -> Place) -> Result<(), DataError>,
) -> Result<(), DataError> {
    let origin = text.origin.clone();
    let mut lines = Lines::new(text);
    while let Some((line, content)) = lines.next_line()? {
        let place = || origin.line(line);
        let content = utf8(content, Role::Title, place)?;
        let found = split_double_colon(content.as_bytes()).count();
        let (Some((key, rest)), 2..) = (content.split_once("::"), found) else {
            let expected = "2 or 3".to_owned();
            return Err(DataError::Ragged {
                place: place(),
                expected,
                found,
            });
        };
        let (title, genres) = rest.rsplit_once("::").unwrap_or((rest, ""));
        take([key, title, genres], &place)?;
    }
    Ok(())
}

fn read_records(
    text: Text<'_>,
    format: Format,
    dialect: Dialect,
    items: &IdMap,
) -> Result<Titles, DataError> {
    let origin = text.origin.clone();
    let mut titles = Titles::new(items, format);
    let mut records = Records::open(text, dialect)?;
    let header_place = records.header_place();
    let header = records.header().to_vec();
    let needed = |role| {
        find_column(&header, role, None, &header_place)?
            .ok_or_else(|| missing(&header, role, None, &header_place))
    };
    let (key, title) = (needed(Role::Item)?, needed(Role::Title)?);
    let year = header.iter().position(|name| name == "release_year");
    while let Some((line, record)) = records.next_record()? {
        let place = || origin.line(line);
        let key = checked_key(utf8(&record[key], Role::Item, place)?, place)?;
        let mut title = utf8(&record[title], Role::Title, place)?.trim().to_owned();
        if let Some(year) = year {
            let year = utf8(&record[year], Role::Title, place)?.trim();
            if !year.is_empty() && !title.is_empty() {
                title = format!("{title} ({year})");
            }
        }
        titles.take(items, key, title);
    }
    Ok(titles)
}

pub(super) fn checked_key(key: &str, place: impl Fn() -> Place) -> Result<&str, DataError> {
    let key = key.trim_ascii();
    if key.is_empty() {
        return Err(DataError::EmptyKey {
            place: place(),
            role: Role::Item,
        });
    }
    Ok(key)
}

pub(super) fn utf8(field: &[u8], role: Role, place: impl Fn() -> Place) -> Result<&str, DataError> {
    str::from_utf8(field).map_err(|_| DataError::InvalidUtf8 {
        place: place(),
        role,
    })
}
