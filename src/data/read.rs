//! From input files to a data set: keys to ids, repeated pairs merged, filters applied, all counted.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::bundled::Bundled;
use super::columns::{ColumnNames, DetectedColumns};
use super::error::{DataError, Place};
use super::formats::{Format, read_text, recognize};
use super::kcore::k_core;
use super::key_table::{KeyTable, keep_keys};
use super::metadata::read_titles;
use super::raw_log::RawLog;
use super::sink::Sink;
use super::source::{Origin, Source, open};
use super::{Dataset, IdMap, Interactions, SourceFile};

/// Where a log or item metadata comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A file, possibly compressed with gzip or zstd.
    Path(PathBuf),
    /// Data inside the binary: its ratings where a log is read, its titles where metadata is.
    Bundled(Bundled),
}

/// How to read a log.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ReadOptions {
    /// The format of every input; `None` recognizes each by its content.
    pub format: Option<Format>,
    /// Column names other than the usual ones.
    pub columns: ColumnNames,
    /// Interactions rated below this are left out, after repeated pairs are merged.
    pub min_rating: Option<f32>,
    /// Keep only users and items with at least this many interactions each, iterated until all have.
    pub k_core: Option<usize>,
}

/// What reading took out, and which columns it read. The counts of the log satisfy `rows =
/// interactions + duplicates_merged + below_min_rating + k_core_interactions_removed`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Cleaning {
    /// Interactions read from the log.
    pub rows: u64,
    /// Interactions merged into another of the same user and item.
    pub duplicates_merged: u64,
    /// Interactions below the minimum rating.
    pub below_min_rating: u64,
    /// Users the k-core removed.
    pub k_core_users_removed: u64,
    /// Items the k-core removed.
    pub k_core_items_removed: u64,
    /// Interactions the k-core removed.
    pub k_core_interactions_removed: u64,
    /// Interactions read from the test files.
    pub test_rows: u64,
    /// Test interactions merged, below the minimum rating, or of a user or item the filters removed.
    pub test_rows_removed: u64,
    /// Which columns were taken for what, for each input that names its columns.
    pub columns: Vec<DetectedColumns>,
}

/// Reads a log, optionally a test file and item titles.
///
/// Users and items that only the test files have stay in the id maps: they are cold.
///
/// # Errors
/// Anything wrong with an input, with its place and a remedy: see [`DataError`].
pub fn read_dataset(
    inputs: &[Input],
    test: &[Input],
    items_metadata: Option<&Input>,
    options: &ReadOptions,
) -> Result<(Dataset, Cleaning), DataError> {
    let inputs: Vec<Origin<'_>> = inputs.iter().map(Input::interactions).collect();
    let test: Vec<Origin<'_>> = test.iter().map(Input::interactions).collect();
    let (mut dataset, cleaning) = read_log(&inputs, &test, options, u32::MAX)?;
    if let Some(input) = items_metadata {
        add_titles(&mut dataset, &input.items())?;
    }
    Ok((dataset, cleaning))
}

/// Reads a log from memory, as [`read_dataset`] would from a file called `name`.
///
/// # Errors
/// As [`read_dataset`].
pub fn read_bytes(
    format: Option<Format>,
    name: &str,
    bytes: &[u8],
) -> Result<(Dataset, Cleaning), DataError> {
    let options = ReadOptions {
        format,
        ..ReadOptions::default()
    };
    read_log(&[Origin::Memory { name, bytes }], &[], &options, u32::MAX)
}

/// Reads item titles from memory, as [`read_dataset`] would from a file called `name`; one a
/// position of `items`.
///
/// # Errors
/// As [`read_dataset`].
pub fn read_titles_bytes(
    name: &str,
    bytes: &[u8],
    items: &IdMap,
) -> Result<Vec<Option<String>>, DataError> {
    match open(&Origin::Memory { name, bytes })? {
        Source::Text(text) => Ok(read_titles(text, items)?.titles),
        Source::Parquet { name, .. } => Err(no_parquet_titles(&name)),
    }
}

impl Input {
    fn interactions(&self) -> Origin<'_> {
        match self {
            Self::Path(path) => Origin::File(path),
            Self::Bundled(bundled) => memory(bundled.interactions()),
        }
    }

    fn items(&self) -> Origin<'_> {
        match self {
            Self::Path(path) => Origin::File(path),
            Self::Bundled(bundled) => memory(bundled.items()),
        }
    }
}

fn memory(file: super::bundled::BundledFile) -> Origin<'static> {
    Origin::Memory {
        name: file.name,
        bytes: file.bytes,
    }
}

/// [`read_dataset`] for any origin; `id_limit` is the largest number of users and of items.
pub(super) fn read_log(
    inputs: &[Origin<'_>],
    test_inputs: &[Origin<'_>],
    options: &ReadOptions,
    id_limit: u32,
) -> Result<(Dataset, Cleaning), DataError> {
    let mut keys = Keys {
        users: KeyTable::with_limit(id_limit),
        items: KeyTable::with_limit(id_limit),
        options,
        sources: Vec::new(),
        columns: Vec::new(),
    };
    let mut log = RawLog::new();
    for (position, input) in inputs.iter().enumerate() {
        keys.read_input(input, &mut log, position == 0, None)?;
    }
    let rows = keys.sources.iter().map(|source| source.rows).sum();
    let trained = (keys.users.len(), keys.items.len());
    let mut test = (!test_inputs.is_empty()).then(RawLog::new);
    if let Some(test) = &mut test {
        for (position, input) in test_inputs.iter().enumerate() {
            keys.read_input(input, test, position == 0, Some(trained))?;
        }
    }
    let test_rows = keys.sources.iter().map(|source| source.rows).sum::<u64>() - rows;
    let mut cleaning = Cleaning {
        rows,
        test_rows,
        ..Cleaning::default()
    };
    cleaning.columns = std::mem::take(&mut keys.columns);
    let place = Place::whole(keys.sources.first().map_or("input", |source| &source.path));
    let dataset = clean(keys, log, test, &mut cleaning, &place)?;
    Ok((dataset, cleaning))
}

/// The keys of all inputs so far.
struct Keys<'o> {
    users: KeyTable,
    items: KeyTable,
    options: &'o ReadOptions,
    sources: Vec<SourceFile>,
    columns: Vec<DetectedColumns>,
}

impl Keys<'_> {
    fn read_input(
        &mut self,
        input: &Origin<'_>,
        log: &mut RawLog,
        first_of_log: bool,
        trained: Option<(u32, u32)>,
    ) -> Result<(), DataError> {
        let source = open(input)?;
        let name = source.name().to_owned();
        let place = Place::whole(&name);
        let mut sink = Sink::new(&name, &mut self.users, &mut self.items, log, first_of_log);
        if let Some((users, items)) = trained {
            sink.expect_overlap(users, items);
        }
        let (format, tally) = match source {
            Source::Parquet { name, file } => {
                read_parquet_file(&name, file, &self.options.columns, &mut sink)?
            }
            Source::Text(text) => {
                let format = text_format(&text, self.options.format)?;
                let tally = text.tally();
                read_text(format, text, &self.options.columns, &mut sink)?;
                (format, tally)
            }
        };
        let (rows, columns) = sink.finish()?;
        if rows == 0 {
            return Err(DataError::Empty { place });
        }
        self.columns.extend(columns);
        self.sources.push(SourceFile {
            path: name,
            format: format.name().to_owned(),
            bytes: tally.bytes(),
            sha256: tally.sha256(),
            rows,
        });
        Ok(())
    }
}

fn text_format(text: &super::source::Text<'_>, asked: Option<Format>) -> Result<Format, DataError> {
    if text.sample().is_empty() {
        return Err(DataError::Empty {
            place: Place::whole(&text.origin.name),
        });
    }
    asked
        .or_else(|| recognize(text.sample()))
        .ok_or_else(|| DataError::UnknownFormat {
            place: Place::whole(&text.origin.name),
            known: Format::all_names(),
        })
}

#[cfg(feature = "parquet")]
fn read_parquet_file(
    name: &str,
    mut file: std::fs::File,
    names: &ColumnNames,
    sink: &mut Sink<'_>,
) -> Result<(Format, super::hash::Tally), DataError> {
    let tally = super::source::tally_of(name, &mut file)?;
    super::formats::read_parquet(name, &file, names, sink)?;
    Ok((Format::Parquet, tally))
}

#[cfg(not(feature = "parquet"))]
fn read_parquet_file(
    name: &str,
    _file: std::fs::File,
    _names: &ColumnNames,
    _sink: &mut Sink<'_>,
) -> Result<(Format, super::hash::Tally), DataError> {
    Err(DataError::ParquetFeature {
        place: Place::whole(name),
    })
}

/// Canonical ids, merged pairs, filters, and the maps of what is left.
fn clean(
    keys: Keys<'_>,
    mut log: RawLog,
    mut test: Option<RawLog>,
    cleaning: &mut Cleaning,
    place: &Place,
) -> Result<Dataset, DataError> {
    let options = keys.options;
    let (user_keys, users) = keys.users.into_canonical();
    let (item_keys, items) = keys.items.into_canonical();
    for log in [Some(&mut log), test.as_mut()].into_iter().flatten() {
        log.rename(&users, &items);
        log.merge();
    }
    cleaning.duplicates_merged = log.merged();
    let in_log = Present::new(&log.rows, users.len(), items.len());
    if let Some(minimum) = options.min_rating {
        cleaning.below_min_rating = drop_low_ratings(&mut log, minimum, place)?;
        if let Some(test) = &mut test
            && test.rows.weights.is_some()
        {
            drop_low_ratings(test, minimum, place)?;
        }
    }
    let rated = Present::new(&log.rows, users.len(), items.len());
    if let Some(k) = options.k_core {
        let keep = k_core(&log.rows, users.len(), items.len(), k);
        cleaning.k_core_interactions_removed = log.retain(|_, row| keep[row]);
    }
    if log.rows.is_empty() {
        return Err(DataError::NothingLeft {
            place: place.clone(),
            rows: cleaning.rows,
            below_min_rating: cleaning.below_min_rating,
            k_core: cleaning.k_core_interactions_removed,
        });
    }
    let left = Present::new(&log.rows, users.len(), items.len());
    cleaning.k_core_users_removed = rated.n_users() - left.n_users();
    cleaning.k_core_items_removed = rated.n_items() - left.n_items();

    // An id goes when the filters took its last interaction of the log: in the test file, too.
    let gone = |before: bool, after: bool| before && !after;
    let keep_users = zip_flags(&in_log.users, &left.users, |a, b| !gone(a, b));
    let keep_items = zip_flags(&in_log.items, &left.items, |a, b| !gone(a, b));
    if let Some(test) = &mut test {
        test.retain(|rows, row| {
            keep_users[rows.users[row] as usize] && keep_items[rows.items[row] as usize]
        });
        cleaning.test_rows_removed = cleaning.test_rows - test.rows.len() as u64;
    }
    let too_many = |what| DataError::TooMany {
        place: place.clone(),
        what,
        limit: u64::from(u32::MAX),
    };
    let (users, renumbered_users) =
        keep_keys(user_keys, &keep_users).ok_or_else(|| too_many("users"))?;
    let (items, renumbered_items) =
        keep_keys(item_keys, &keep_items).ok_or_else(|| too_many("items"))?;
    let finished = |mut log: RawLog| -> Interactions {
        log.rename(&renumbered_users, &renumbered_items);
        log.rows
    };
    Ok(Dataset {
        interactions: finished(log),
        given_test: test.map(finished),
        users,
        items,
        titles: None,
        sources: keys.sources,
    })
}

fn drop_low_ratings(log: &mut RawLog, minimum: f32, place: &Place) -> Result<u64, DataError> {
    if log.rows.weights.is_none() {
        return Err(DataError::NoRatings {
            place: place.clone(),
        });
    }
    Ok(log.retain(|rows, row| rows.weights.as_ref().is_none_or(|all| all[row] >= minimum)))
}

/// Which users and items have an interaction.
struct Present {
    users: Vec<bool>,
    items: Vec<bool>,
}

impl Present {
    fn new(rows: &Interactions, n_users: usize, n_items: usize) -> Self {
        let mut present = Self {
            users: vec![false; n_users],
            items: vec![false; n_items],
        };
        rows.users
            .iter()
            .for_each(|&user| present.users[user as usize] = true);
        rows.items
            .iter()
            .for_each(|&item| present.items[item as usize] = true);
        present
    }

    fn n_users(&self) -> u64 {
        self.users.iter().filter(|&&present| present).count() as u64
    }

    fn n_items(&self) -> u64 {
        self.items.iter().filter(|&&present| present).count() as u64
    }
}

fn zip_flags(a: &[bool], b: &[bool], flag: impl Fn(bool, bool) -> bool) -> Vec<bool> {
    a.iter().zip(b).map(|(&a, &b)| flag(a, b)).collect()
}

fn add_titles(dataset: &mut Dataset, origin: &Origin<'_>) -> Result<(), DataError> {
    let text = match open(origin)? {
        Source::Text(text) => text,
        Source::Parquet { name, .. } => return Err(no_parquet_titles(&name)),
    };
    let (path, tally) = (text.origin.name.clone(), text.tally());
    let titles = read_titles(text, &dataset.items)?;
    dataset.titles = Some(titles.titles);
    dataset.sources.push(SourceFile {
        path,
        format: format!("{} items", titles.format),
        bytes: tally.bytes(),
        sha256: tally.sha256(),
        rows: titles.rows,
    });
    Ok(())
}

fn no_parquet_titles(name: &str) -> DataError {
    let known = "movielens, recbole, csv, tsv".to_owned();
    DataError::UnknownFormat {
        place: Place::whole(name),
        known,
    }
}
