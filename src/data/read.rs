//! From input files to a data set: keys to ids, repeated pairs merged, filters applied, all counted.

use std::path::PathBuf;

use super::bad_rows::{BadRow, BadRowsOfLog, TOLD};
use super::bundled::Bundled;
use super::cleaning::{Cleaning, Ids, clean};
use super::columns::{ColumnNames, DetectedColumns};
use super::error::{DataError, Place, Role};
use super::formats::{Format, read_text, recognize};
use super::item_columns::{self, ItemColumns};
use super::key_table::KeyTable;
use super::metadata::{Titles, read_titles};
use super::raw_log::RawLog;
use super::sink::Sink;
use super::source::{Origin, PARQUET_MAGIC, Source, open};
use super::times::{TimeColumn, unit_of};
use super::unit::Unit;
use super::{Dataset, IdMap, ItemColumnNames, ReadOptions, SourceFile};

/// Where a log or item metadata comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A file, possibly compressed with gzip or zstd.
    Path(PathBuf),
    /// Data inside the binary: its ratings where a log is read, its titles where metadata is.
    Bundled(Bundled),
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
        add_titles(&mut dataset, &options.item_columns, &input.items())?;
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
    let origin = Origin::Memory { name, bytes };
    titles_of(&origin, &ItemColumnNames::default(), items)
}

/// Reads the titles of an item file, one a position of `items`; a file may have none.
///
/// # Errors
/// As [`read_dataset`].
pub fn read_item_titles(
    input: &Input,
    columns: &ItemColumnNames,
    items: &IdMap,
) -> Result<Vec<Option<String>>, DataError> {
    titles_of(&input.items(), columns, items)
}

fn titles_of(
    origin: &Origin<'_>,
    columns: &ItemColumnNames,
    items: &IdMap,
) -> Result<Vec<Option<String>>, DataError> {
    let titles = read_titles(origin, columns, items)?.titles;
    Ok(titles.unwrap_or_else(|| vec![None; items.len()]))
}

/// Reads columns of an item file by name, one value per item of `items`. The name `title` stands for the column of
/// titles whatever its name; without `needs_title` a file may lack it.
///
/// # Errors
/// As [`read_dataset`], and a column that is not there.
pub fn read_item_columns(
    input: &Input,
    columns: &ItemColumnNames,
    items: &IdMap,
    names: &[&str],
    needs_title: bool,
) -> Result<ItemColumns, DataError> {
    item_columns::read(&input.items(), columns, items, names, needs_title)
}

/// Reads the keys of an item file, each once, in the order of their first rows.
///
/// # Errors
/// As [`read_dataset`], and a file without an item.
pub fn read_item_keys(
    input: &Input,
    columns: &ItemColumnNames,
) -> Result<Vec<Box<str>>, DataError> {
    item_columns::read_keys(&input.items(), columns)
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
        bad_rows: BadRowsOfLog::default(),
    };
    let mut log = RawLog::new();
    for (position, input) in inputs.iter().enumerate() {
        keys.read_input(input, &mut log, position == 0, None)?;
    }
    let rows = keys.sources.iter().map(|source| source.rows).sum();
    let mut cleaning = Cleaning {
        rows,
        ..Cleaning::default()
    };
    (cleaning.bad_rows, cleaning.first_bad_rows) = keys.checked_bad_rows(rows)?;
    let trained = (keys.users.len(), keys.items.len());
    let mut test = (!test_inputs.is_empty()).then(RawLog::new);
    if let Some(test) = &mut test {
        for (position, input) in test_inputs.iter().enumerate() {
            keys.read_input(input, test, position == 0, Some(trained))?;
        }
    }
    take_whole_floats(&mut keys, &mut log, test.as_mut(), test_inputs)?;
    let time_unit = settle_times(&mut log, test.as_mut(), options)?;
    let test_rows = keys.sources.iter().map(|source| source.rows).sum::<u64>() - rows;
    cleaning.time_unit = time_unit;
    cleaning.test_rows = test_rows;
    let (bad_test_rows, first) = keys.checked_bad_rows(test_rows)?;
    cleaning.test_bad_rows = bad_test_rows;
    cleaning.first_bad_rows.extend(first);
    cleaning.first_bad_rows.truncate(TOLD);
    cleaning.columns = std::mem::take(&mut keys.columns);
    let place = Place::whole(keys.sources.first().map_or("input", |source| &source.path));
    let ids = Ids::new(keys.users, keys.items);
    let mut dataset = clean(ids, log, test, options, &mut cleaning, &place)?;
    dataset.sources = keys.sources;
    Ok((dataset, cleaning))
}

/// Takes keys such as `1.0` for the numbers they are, where all of a column are whole numbers.
fn take_whole_floats(
    keys: &mut Keys<'_>,
    log: &mut RawLog,
    mut test: Option<&mut RawLog>,
    test_inputs: &[Origin<'_>],
) -> Result<(), DataError> {
    let users = keys.users.take_whole_floats();
    let items = keys.items.take_whole_floats();
    log.rename(users.as_deref(), items.as_deref());
    let Some(test) = &mut test else {
        return Ok(());
    };
    test.rename(users.as_deref(), items.as_deref());
    // While a file is read, `1` and `1.0` are two keys.
    for (role, renamed) in [(Role::User, &users), (Role::Item, &items)] {
        if renamed.is_some() && !test.shares(role, log) {
            let first = test_inputs.first().map_or_else(String::new, Origin::name);
            return Err(DataError::UnknownTest {
                place: Place::whole(&first),
                role,
            });
        }
    }
    Ok(())
}

/// Makes seconds of all times, numbers by the one unit they have in log and test files; what was made seconds of.
fn settle_times(
    log: &mut RawLog,
    test: Option<&mut RawLog>,
    options: &ReadOptions,
) -> Result<Option<String>, DataError> {
    let mut logs: Vec<&mut RawLog> = [log].into_iter().chain(test).collect();
    let unit = match Unit::chosen(options.time_unit) {
        Some(unit) => unit,
        None => {
            let times: Vec<&TimeColumn> = logs.iter().map(|log| log.times()).collect();
            unit_of(&times, |take| {
                logs.iter().for_each(|log| log.each_number(take))
            })?
        }
    };
    let mut names = Vec::new();
    for log in &mut logs {
        log.settle(unit);
        let of_log = log.times().describe(unit).into_iter();
        names.extend(
            of_log
                .filter(|name| !names.contains(name))
                .collect::<Vec<_>>(),
        );
    }
    Ok((!names.is_empty()).then(|| names.join(", ")))
}

/// The keys of all inputs so far.
struct Keys<'o> {
    users: KeyTable,
    items: KeyTable,
    options: &'o ReadOptions,
    sources: Vec<SourceFile>,
    columns: Vec<DetectedColumns>,
    bad_rows: BadRowsOfLog,
}

impl Keys<'_> {
    /// How many rows of the inputs since the last call were bad, and the first of them, beside so many good ones.
    fn checked_bad_rows(&mut self, good_rows: u64) -> Result<(u64, Vec<BadRow>), DataError> {
        let bad_rows = std::mem::take(&mut self.bad_rows);
        if let Some(max_share) = self.options.skip_bad_rows {
            bad_rows.check(good_rows, max_share)?;
        }
        Ok((bad_rows.count, bad_rows.first))
    }

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
        sink.set_bad_rows(self.options.skip_bad_rows.is_some());
        sink.expect_times(self.options.time_format.as_deref());
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
                let read = read_text(format, text, &self.options.columns, &mut sink);
                sink.after(read)?;
                (format, tally)
            }
        };
        let bad_rows = sink.take_bad_rows();
        let (rows, columns) = sink.finish()?;
        let bad_before = self.bad_rows.count;
        if let Some(bad_rows) = bad_rows {
            self.bad_rows.add(bad_rows);
        }
        if rows == 0 && self.bad_rows.count == bad_before {
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
    if text.sample().starts_with(PARQUET_MAGIC) {
        let reason = "it is compressed as a whole: unpack it first".to_owned();
        return Err(DataError::BadParquet {
            place: Place::whole(&text.origin.name),
            reason,
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
    let read = super::formats::read_parquet(name, &file, names, sink);
    sink.after(read)?;
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

fn add_titles(
    dataset: &mut Dataset,
    columns: &ItemColumnNames,
    origin: &Origin<'_>,
) -> Result<(), DataError> {
    let read = read_titles(origin, columns, &dataset.items)?;
    if let Some(remark) = remark_on_items(&read, columns) {
        tracing::warn!("{remark}");
    }
    dataset.titles = read.titles;
    dataset.sources.push(SourceFile {
        path: read.name,
        format: format!("{} items", read.format),
        bytes: read.tally.bytes(),
        sha256: read.tally.sha256(),
        rows: read.rows,
    });
    Ok(())
}

/// What a person should know of how an item file was read.
fn remark_on_items(read: &Titles, columns: &ItemColumnNames) -> Option<String> {
    let (name, key) = (&read.name, &read.key);
    if read.known_rows == 0 {
        return Some(format!(
            "{name}: none of its {} items is in the log; do the keys in `{key}` match? `--item-id-column NAME` names another \
             column",
            read.rows
        ));
    }
    let usual = columns.id.is_some() || read.key_has_usual_name;
    (!usual).then(|| {
        format!(
            "{name}: `{key}` is taken for the column of items, as {} of its {} rows name items of the log; \
             `--item-id-column NAME` names another",
            read.known_rows, read.rows
        )
    })
}
