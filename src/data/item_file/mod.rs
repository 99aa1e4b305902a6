//! Item files of every format as one table: the names of its columns, and its rows as texts.

mod choose;
mod films;
#[cfg(feature = "parquet")]
pub(super) mod parquet;

use std::borrow::Cow;

use films::{DOUBLE_COLON, FILM, split_double_colons, split_film};

pub(super) use choose::{by_content, key_column, key_name, title_column};

use super::error::{DataError, Place, Position, Role};
use super::formats::{Format, Layout, Records, Sample, recognize_items};
use super::hash::Tally;
use super::json::{Objects, Path, find, first_names, plain_text};
use super::lines::Lines;
#[cfg(feature = "parquet")]
use super::parquet_table::ParquetTable;
use super::source::{Origin, Source, Text, TextOrigin, open};

/// Between the values of a list, as between the categories of a field.
pub(super) const BETWEEN_VALUES: char = '|';

/// An opened item file.
pub(super) struct ItemFile<'a> {
    pub(super) name: String,
    pub(super) format: Format,
    pub(super) header: Vec<String>,
    /// Where the header is.
    pub(super) header_place: Place,
    /// Whose keys the first of the wanted columns holds.
    pub(super) keys: Role,
    rows: Rows<'a>,
    tally: Tally,
}

/// The rows, by format. There is one value a file, so that the size of the largest costs nothing.
#[allow(clippy::large_enum_variant)]
enum Rows<'a> {
    DoubleColon(Lines<'a>, TextOrigin),
    Films(Lines<'a>, TextOrigin),
    Records(Records<'a>, TextOrigin),
    Objects(Objects<'a>, Option<(Position, Vec<u8>)>),
    #[cfg(feature = "parquet")]
    Parquet(ParquetTable),
}

/// Hands over the files of items one by one, each with its origin, and takes how many rows it had. Files without a row are
/// passed over where another has some.
///
/// # Errors
/// What `take` says, and when no file has a row.
pub(super) fn of_parts<'a>(
    parts: &[Origin<'a>],
    mut take: impl FnMut(ItemFile<'a>, &Origin<'a>) -> Result<u64, DataError>,
) -> Result<(), DataError> {
    let mut n_rows = 0;
    for origin in parts {
        match ItemFile::open(origin) {
            Ok(file) => n_rows += take(file, origin)?,
            Err(DataError::Empty { .. }) => {}
            Err(other) => return Err(other),
        }
    }
    match (n_rows, parts.first()) {
        (0, Some(first)) => Err(DataError::Empty {
            place: Place::whole(&first.name()),
        }),
        _ => Ok(()),
    }
}

/// The place of a row.
pub(super) type At<'a> = &'a dyn Fn() -> Place;
/// The value of the wanted column at a position: empty where there is none.
pub(super) type Values<'a, 'v> = &'a dyn Fn(usize) -> Result<Cow<'v, str>, DataError>;

impl<'a> ItemFile<'a> {
    /// Opens a file of items.
    pub(super) fn open(origin: &Origin<'a>) -> Result<Self, DataError> {
        Self::of_source(open(origin)?, Role::Item)
    }

    /// The table of an opened file, a row for each of these keys.
    pub(super) fn of_source(source: Source<'a>, keys: Role) -> Result<Self, DataError> {
        match source {
            Source::Text(text) => Self::of_text(text, keys),
            #[cfg(feature = "parquet")]
            Source::Parquet { name, mut file } => {
                let tally = super::source::tally_of(&name, &mut file)?;
                let table = ParquetTable::open(&name, file)?;
                Ok(Self {
                    format: Format::Parquet,
                    header: table.header(),
                    header_place: Place::whole(&name),
                    keys,
                    rows: Rows::Parquet(table),
                    name,
                    tally,
                })
            }
            #[cfg(not(feature = "parquet"))]
            Source::Parquet { name, .. } => Err(DataError::ParquetFeature {
                place: Place::whole(&name),
            }),
        }
    }

    /// Whether a column is called one of several words by RecBole, between blanks.
    pub(super) fn is_sequence(&self, column: usize) -> bool {
        match &self.rows {
            Rows::Records(records, _) => records.is_sequence(column),
            _ => false,
        }
    }

    /// Whether the values of a column have a text.
    fn is_readable(&self, column: usize) -> bool {
        match &self.rows {
            #[cfg(feature = "parquet")]
            Rows::Parquet(table) => parquet::is_text_like(table.kind(column)),
            _ => column < self.header.len(),
        }
    }

    fn of_text(text: Text<'a>, keys: Role) -> Result<Self, DataError> {
        let origin = text.origin.clone();
        let whole = Place::whole(&origin.name);
        let tally = text.tally();
        let layout = match recognize_items(&Sample::new(text.sample(), text.is_all()), keys) {
            Some(layout) => layout,
            None if text.sample().trim_ascii().is_empty() => {
                return Err(DataError::Empty { place: whole });
            }
            None => {
                return Err(DataError::UnknownTable { place: whole });
            }
        };
        let format = layout.format;
        match format {
            Format::MovieLens => {
                let are_films = layout == Layout::of_films();
                let header: &[&str] = if are_films { &FILM } else { &DOUBLE_COLON };
                let name = origin.name.clone();
                let lines = Lines::new(text);
                return Ok(Self {
                    name,
                    format,
                    header: header.iter().map(|&name| name.to_owned()).collect(),
                    header_place: whole,
                    keys,
                    rows: match are_films {
                        true => Rows::Films(lines, origin),
                        false => Rows::DoubleColon(lines, origin),
                    },
                    tally,
                });
            }
            Format::JsonLines => return Self::of_objects(text, keys, tally),
            _ => {}
        }
        let records = Records::open(text, &layout)?;
        Ok(Self {
            name: origin.name.clone(),
            format,
            header: records.header().to_vec(),
            header_place: records.header_place(),
            keys,
            rows: Rows::Records(records, origin),
            tally,
        })
    }

    fn of_objects(text: Text<'a>, keys: Role, tally: Tally) -> Result<Self, DataError> {
        let name = text.origin.name.clone();
        let mut header = first_names(text.sample());
        let mut objects = Objects::new(text);
        // An object longer than the sample.
        let mut first = None;
        if header.is_empty()
            && let Some((at, object)) = objects.next_object()?
        {
            header = first_names(object);
            first = Some((at, object.to_vec()));
        }
        Ok(Self {
            header_place: Place::whole(&name),
            name,
            format: Format::JsonLines,
            header,
            keys,
            rows: Rows::Objects(objects, first),
            tally,
        })
    }

    /// Hands over each row: its place, and its values of the columns at these positions of the header, the first of which
    /// is that of the keys. Returns the tally of the file.
    pub(super) fn for_each_row(
        self,
        columns: &[usize],
        mut take: impl for<'v> FnMut(At<'_>, Values<'_, 'v>) -> Result<(), DataError>,
    ) -> Result<Tally, DataError> {
        let keys = self.keys;
        match self.rows {
            Rows::DoubleColon(mut lines, origin) => {
                while let Some((line, content)) = lines.next_line()? {
                    let at = || origin.line(line);
                    let fields = split_double_colons(content, &at)?;
                    take(&at, &|wanted| Ok(Cow::Borrowed(fields[columns[wanted]])))?;
                }
            }
            Rows::Films(mut lines, origin) => {
                while let Some((line, content)) = lines.next_line()? {
                    let at = || origin.line(line);
                    let fields = split_film(content, &at)?;
                    take(&at, &|wanted| Ok(Cow::Borrowed(&*fields[columns[wanted]])))?;
                }
            }
            Rows::Records(mut records, origin) => {
                while let Some((line, record)) = records.next_record()? {
                    let at = || origin.line(line);
                    take(&at, &|wanted| {
                        utf8(&record[columns[wanted]], role(keys, wanted), &at).map(Cow::Borrowed)
                    })?;
                }
            }
            Rows::Objects(mut objects, first) => {
                let paths: Vec<Path> = columns
                    .iter()
                    .map(|&column| Path::new(&self.header[column]))
                    .collect();
                if let Some((at, object)) = first {
                    take_object(&self.name, at, &object, &paths, &mut take)?;
                }
                while let Some((at, object)) = objects.next_object()? {
                    take_object(&self.name, at, object, &paths, &mut take)?;
                }
            }
            #[cfg(feature = "parquet")]
            Rows::Parquet(table) => parquet::for_each_row(&table, keys, columns, &mut take)?,
        }
        Ok(self.tally)
    }
}

fn take_object(
    name: &str,
    at: Position,
    object: &[u8],
    paths: &[Path],
    take: &mut impl for<'v> FnMut(At<'_>, Values<'_, 'v>) -> Result<(), DataError>,
) -> Result<(), DataError> {
    let place = || Place::new(name, at);
    let bad = |reason| DataError::BadJson {
        place: place(),
        reason,
    };
    let mut found = vec![None; paths.len()];
    find(object, paths, &mut found).map_err(bad)?;
    take(&place, &|wanted| match found[wanted] {
        Some(value) => plain_text(value, BETWEEN_VALUES).map_err(bad),
        None => Ok(Cow::Borrowed("")),
    })
}

/// What the wanted column at a position holds, for messages.
fn role(keys: Role, wanted: usize) -> Role {
    if wanted == 0 { keys } else { Role::Title }
}

fn utf8<'l>(field: &'l [u8], role: Role, at: At<'_>) -> Result<&'l str, DataError> {
    str::from_utf8(field).map_err(|_| DataError::InvalidUtf8 { place: at(), role })
}

/// The key of a row.
///
/// # Errors
/// It is empty.
pub(super) fn checked_key<'v>(
    role: Role,
    at: At<'_>,
    values: Values<'_, 'v>,
) -> Result<Cow<'v, str>, DataError> {
    let key = match values(0)? {
        Cow::Borrowed(key) => Cow::Borrowed(key.trim()),
        Cow::Owned(key) => Cow::Owned(key.trim().to_owned()),
    };
    match key.is_empty() {
        true => Err(DataError::EmptyKey { place: at(), role }),
        false => Ok(key),
    }
}
