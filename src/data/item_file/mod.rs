//! Item files of every format as one table: the names of its columns, and its rows as texts.

mod choose;
#[cfg(feature = "parquet")]
pub(super) mod parquet;

use std::borrow::Cow;

pub(super) use choose::{key_column, key_name, title_column};

use super::error::{DataError, Place, Position, Role};
use super::formats::{Format, Records, Sample, recognize_items, split_double_colon};
use super::hash::Tally;
use super::json::{Objects, Path, find, first_names, plain_text};
use super::lines::Lines;
#[cfg(feature = "parquet")]
use super::parquet_table::ParquetTable;
use super::source::{Origin, Source, Text, TextOrigin, open};

/// Between the values of a list, as between the categories of a field.
const BETWEEN_VALUES: char = '|';

/// The columns of `item::title::genres`.
const DOUBLE_COLON: [&str; 3] = ["item", "title", "genres"];

/// The formats of item files, for messages.
const FORMATS: &str = "movielens, recbole, csv, tsv, json-lines, parquet";

/// An opened item file.
pub(super) struct ItemFile<'a> {
    pub(super) name: String,
    pub(super) format: Format,
    pub(super) header: Vec<String>,
    /// Where the header is.
    pub(super) header_place: Place,
    rows: Rows<'a>,
    tally: Tally,
}

/// The rows, by format. There is one value a file, so that the size of the largest costs nothing.
#[allow(clippy::large_enum_variant)]
enum Rows<'a> {
    DoubleColon(Lines<'a>, TextOrigin),
    Records(Records<'a>, TextOrigin),
    Objects(Objects<'a>, Option<(Position, Vec<u8>)>),
    #[cfg(feature = "parquet")]
    Parquet(ParquetTable),
}

/// The place of a row.
pub(super) type At<'a> = &'a dyn Fn() -> Place;
/// The value of the wanted column at a position: empty where there is none.
pub(super) type Values<'a, 'v> = &'a dyn Fn(usize) -> Result<Cow<'v, str>, DataError>;

impl<'a> ItemFile<'a> {
    pub(super) fn open(origin: &Origin<'a>) -> Result<Self, DataError> {
        match open(origin)? {
            Source::Text(text) => Self::of_text(text),
            #[cfg(feature = "parquet")]
            Source::Parquet { name, mut file } => {
                let tally = super::source::tally_of(&name, &mut file)?;
                let table = ParquetTable::open(&name, file)?;
                Ok(Self {
                    format: Format::Parquet,
                    header: table.header(),
                    header_place: Place::whole(&name),
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

    /// Whether the values of a column have a text.
    fn is_readable(&self, column: usize) -> bool {
        match &self.rows {
            #[cfg(feature = "parquet")]
            Rows::Parquet(table) => parquet::is_text_like(table.kind(column)),
            _ => column < self.header.len(),
        }
    }

    fn of_text(text: Text<'a>) -> Result<Self, DataError> {
        let origin = text.origin.clone();
        let whole = Place::whole(&origin.name);
        let tally = text.tally();
        let layout = match recognize_items(&Sample::new(text.sample(), text.is_all())) {
            Some(layout) => layout,
            None if text.sample().trim_ascii().is_empty() => {
                return Err(DataError::Empty { place: whole });
            }
            None => {
                return Err(DataError::UnknownFormat {
                    place: whole,
                    known: FORMATS.to_owned(),
                });
            }
        };
        let format = layout.format;
        match format {
            Format::MovieLens => {
                return Ok(Self {
                    name: origin.name.clone(),
                    format,
                    header: DOUBLE_COLON.map(str::to_owned).to_vec(),
                    header_place: whole,
                    rows: Rows::DoubleColon(Lines::new(text), origin),
                    tally,
                });
            }
            Format::JsonLines => return Self::of_objects(text, tally),
            _ => {}
        }
        let records = Records::open(text, &layout)?;
        Ok(Self {
            name: origin.name.clone(),
            format,
            header: records.header().to_vec(),
            header_place: records.header_place(),
            rows: Rows::Records(records, origin),
            tally,
        })
    }

    fn of_objects(text: Text<'a>, tally: Tally) -> Result<Self, DataError> {
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
        match self.rows {
            Rows::DoubleColon(mut lines, origin) => {
                while let Some((line, content)) = lines.next_line()? {
                    let at = || origin.line(line);
                    let fields = split_movie(content, &at)?;
                    take(&at, &|wanted| Ok(Cow::Borrowed(fields[columns[wanted]])))?;
                }
            }
            Rows::Records(mut records, origin) => {
                while let Some((line, record)) = records.next_record()? {
                    let at = || origin.line(line);
                    take(&at, &|wanted| {
                        utf8(&record[columns[wanted]], wanted, &at).map(Cow::Borrowed)
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
            Rows::Parquet(table) => parquet::for_each_row(&table, columns, &mut take)?,
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

/// The fields of `item::title::genres`; a title may itself hold `::`, and genres may be left out.
fn split_movie<'l>(content: &'l [u8], at: At<'_>) -> Result<[&'l str; 3], DataError> {
    let content = utf8(content, 1, at)?;
    let found = split_double_colon(content.as_bytes()).count();
    let (Some((key, rest)), 2..) = (content.split_once("::"), found) else {
        let expected = "2 or 3".to_owned();
        return Err(DataError::Ragged {
            place: at(),
            expected,
            found,
        });
    };
    let (title, genres) = rest.rsplit_once("::").unwrap_or((rest, ""));
    Ok([key, title, genres])
}

/// A field of the wanted column at a position, the first being that of the keys.
fn utf8<'l>(field: &'l [u8], wanted: usize, at: At<'_>) -> Result<&'l str, DataError> {
    let role = if wanted == 0 { Role::Item } else { Role::Title };
    str::from_utf8(field).map_err(|_| DataError::InvalidUtf8 { place: at(), role })
}

/// The key of a row.
///
/// # Errors
/// It is empty.
pub(super) fn checked_key<'v>(
    at: At<'_>,
    values: Values<'_, 'v>,
) -> Result<Cow<'v, str>, DataError> {
    let key = match values(0)? {
        Cow::Borrowed(key) => Cow::Borrowed(key.trim()),
        Cow::Owned(key) => Cow::Owned(key.trim().to_owned()),
    };
    match key.is_empty() {
        true => Err(DataError::EmptyKey {
            place: at(),
            role: Role::Item,
        }),
        false => Ok(key),
    }
}
