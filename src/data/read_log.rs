//! From the files of a log to a data set: keys to ids, times to seconds, all counted.

use super::bad_rows::{BadRow, BadRowsOfLog, TOLD};
use super::cleaning::{Cleaning, Ids, clean};
use super::columns::{ColumnNames, DetectedColumns};
use super::error::{DataError, Place, Role};
use super::formats::{Asked, Format, Layout, Sample, read_text, recognize};
use super::key_table::KeyTable;
use super::raw_log::RawLog;
use super::separator::Separator;
use super::sink::Sink;
use super::source::{Origin, PARQUET_MAGIC, Source, open};
use super::times::{TimeColumn, unit_of};
use super::unit::Unit;
use super::{Dataset, ReadOptions, SourceFile};

/// [`read_dataset`](super::read_dataset) for any origin; `id_limit` is the largest number of users and of items.
pub(super) fn read_log(
    inputs: &[Origin<'_>],
    test_inputs: &[Origin<'_>],
    options: &ReadOptions,
    id_limit: u32,
) -> Result<(Dataset, Cleaning), DataError> {
    let mut keys = Keys::new(options, id_limit);
    let mut log = RawLog::new().merging(options.merge_rule());
    keys.read_inputs(inputs, &mut log, None)?;
    keys.into_dataset(log, test_inputs)
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
    // While a file is read, `1` and `1.0` are two keys; and one part of several may be of strangers.
    let several = test_inputs.len() > 1;
    for (role, renamed) in [(Role::User, &users), (Role::Item, &items)] {
        if (renamed.is_some() || several) && !test.shares(role, log) {
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
        for name in log.times().describe(unit) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    Ok((!names.is_empty()).then(|| names.join(", ")))
}

/// The keys of all inputs so far.
pub(super) struct Keys<'o> {
    pub(super) users: KeyTable,
    pub(super) items: KeyTable,
    pub(super) options: &'o ReadOptions,
    pub(super) sources: Vec<SourceFile>,
    pub(super) columns: Vec<DetectedColumns>,
    pub(super) bad_rows: BadRowsOfLog,
    pub(super) remarks: Vec<String>,
    /// That of the text before, for parts that are too short to tell theirs.
    layout: Option<Layout>,
}

impl<'o> Keys<'o> {
    /// None so far; `limit` is the largest number of users and of items.
    pub(super) fn new(options: &'o ReadOptions, limit: u32) -> Self {
        Self {
            users: KeyTable::with_limit(limit),
            items: KeyTable::with_limit(limit),
            options,
            sources: Vec::new(),
            columns: Vec::new(),
            bad_rows: BadRowsOfLog::default(),
            remarks: Vec::new(),
            layout: None,
        }
    }

    /// The data set of the log whose keys these are, and of the test files, which are read now.
    pub(super) fn into_dataset(
        mut self,
        mut log: RawLog,
        test_inputs: &[Origin<'_>],
    ) -> Result<(Dataset, Cleaning), DataError> {
        let options = self.options;
        let rows = self.sources.iter().map(|source| source.rows).sum();
        let mut cleaning = Cleaning {
            rows,
            ..Cleaning::default()
        };
        (cleaning.bad_rows, cleaning.first_bad_rows) = self.checked_bad_rows(rows)?;
        let trained = (self.users.len(), self.items.len());
        let mut test =
            (!test_inputs.is_empty()).then(|| RawLog::new().merging(options.merge_rule()));
        if let Some(test) = &mut test {
            self.read_inputs(test_inputs, test, Some(trained))?;
        }
        take_whole_floats(&mut self, &mut log, test.as_mut(), test_inputs)?;
        cleaning.time_unit = settle_times(&mut log, test.as_mut(), options)?;
        let test_rows = self.sources.iter().map(|source| source.rows).sum::<u64>() - rows;
        cleaning.test_rows = test_rows;
        let (bad_test_rows, first) = self.checked_bad_rows(test_rows)?;
        cleaning.test_bad_rows = bad_test_rows;
        cleaning.first_bad_rows.extend(first);
        cleaning.first_bad_rows.truncate(TOLD);
        cleaning.columns = self.columns;
        cleaning.remarks = self.remarks;
        let place = Place::whole(self.sources.first().map_or("input", |source| &source.path));
        let ids = Ids::new(self.users, self.items);
        let mut dataset = clean(ids, log, test, options, &mut cleaning, &place)?;
        dataset.sources = self.sources;
        Ok((dataset, cleaning))
    }

    /// How many rows of the inputs since the last call were bad, and the first of them, beside so many good ones.
    fn checked_bad_rows(&mut self, good_rows: u64) -> Result<(u64, Vec<BadRow>), DataError> {
        let bad_rows = std::mem::take(&mut self.bad_rows);
        if let Some(max_share) = self.options.skip_bad_rows {
            bad_rows.check(good_rows, max_share)?;
        }
        Ok((bad_rows.count, bad_rows.first))
    }

    /// Reads the inputs of a log. One without a row is passed over where another has some.
    fn read_inputs(
        &mut self,
        inputs: &[Origin<'_>],
        log: &mut RawLog,
        trained: Option<(u32, u32)>,
    ) -> Result<(), DataError> {
        let trained = trained.filter(|_| inputs.len() == 1);
        let (first, bad_before) = (self.sources.len(), self.bad_rows.count);
        for input in inputs {
            let first_of_log = log.len() == 0;
            self.read_input(input, log, first_of_log, trained)?;
        }
        match self.sources.get(first) {
            Some(source) if log.len() == 0 && self.bad_rows.count == bad_before => {
                Err(DataError::Empty {
                    place: Place::whole(&source.path),
                })
            }
            _ => Ok(()),
        }
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
        let columns = &ColumnNames {
            of_folders: input.folder_columns(),
            ..self.options.columns.clone()
        };
        let mut sink = Sink::new(&name, &mut self.users, &mut self.items, log, first_of_log);
        sink.set_bad_rows(self.options.skip_bad_rows.is_some());
        sink.expect_times(self.options.time_format.as_deref());
        sink.weigh_events(&self.options.events);
        if let Some((users, items)) = trained {
            sink.expect_overlap(users, items);
        }
        let (format, tally) = match source {
            Source::Parquet { name, file } => read_parquet_file(&name, file, columns, &mut sink)?,
            Source::Text(text) if text.is_blank() => ("none", text.tally()),
            Source::Text(text) => {
                let options = self.options;
                let layout = text_layout(&text, options, columns, self.layout.as_ref())?;
                if matches!(
                    layout.format,
                    Format::MovieLens | Format::MovieLensTab | Format::AdjacencyLists
                ) {
                    columns.refuse_events_without_names(&Place::whole(&name))?;
                }
                let tally = text.tally();
                let insists = options.format.is_some();
                let looks = looks_like(&text, options, columns, &layout);
                let read = read_text(&layout, text, columns, insists, &mut sink);
                sink.after(read).map_err(|error| match looks {
                    Some((asked, looks)) => DataError::OtherFormat {
                        error: Box::new(error),
                        asked,
                        looks,
                    },
                    None => error,
                })?;
                let format = layout.format.name();
                self.layout = Some(layout);
                (format, tally)
            }
        };
        let bad_rows = sink.take_bad_rows();
        self.remarks.extend(sink.take_remarks());
        let (rows, columns) = sink.finish()?;
        if let Some(bad_rows) = bad_rows {
            self.bad_rows.add(bad_rows);
        }
        self.columns.extend(columns);
        self.sources.push(SourceFile {
            path: name,
            format: format.to_owned(),
            bytes: tally.bytes(),
            sha256: tally.sha256(),
            rows,
        });
        Ok(())
    }
}

/// The format that was asked for and what the text looks like, where that is something else.
fn looks_like(
    text: &super::source::Text<'_>,
    options: &ReadOptions,
    columns: &ColumnNames,
    layout: &Layout,
) -> Option<(&'static str, String)> {
    let asked = options.format?;
    let by_itself = Asked {
        format: None,
        columns,
        separator: None,
        header: None,
    };
    let looks = recognize(&Sample::new(text.sample(), text.is_all()), by_itself).ok()?;
    (looks.format != asked || looks.separator != layout.separator)
        .then(|| (asked.name(), looks.describe()))
}

fn text_layout(
    text: &super::source::Text<'_>,
    options: &ReadOptions,
    columns: &ColumnNames,
    before: Option<&Layout>,
) -> Result<Layout, DataError> {
    let name = &text.origin.name;
    let place = || Place::whole(name);
    if text.sample().starts_with(PARQUET_MAGIC) {
        let reason = "it is compressed as a whole: unpack it first".to_owned();
        return Err(DataError::BadParquet {
            place: place(),
            reason,
        });
    }
    let asked = Asked {
        format: options.format,
        columns,
        separator: options.separator,
        header: options.header.as_deref(),
    };
    let sample = Sample::new(text.sample(), text.is_all());
    recognize(&sample, asked).or_else(|unclear| match before {
        Some(before) if unclear.is_doubt() && before.separator == Separator::Blanks => {
            Ok(before.clone())
        }
        _ => Err(unclear.error(name)),
    })
}

#[cfg(feature = "parquet")]
fn read_parquet_file(
    name: &str,
    mut file: std::fs::File,
    names: &ColumnNames,
    sink: &mut Sink<'_>,
) -> Result<(&'static str, super::hash::Tally), DataError> {
    let tally = super::source::tally_of(name, &mut file)?;
    let read = super::formats::read_parquet(name, file, names, sink);
    sink.after(read)?;
    Ok((Format::Parquet.name(), tally))
}

#[cfg(not(feature = "parquet"))]
fn read_parquet_file(
    name: &str,
    _file: std::fs::File,
    _names: &ColumnNames,
    _sink: &mut Sink<'_>,
) -> Result<(&'static str, super::hash::Tally), DataError> {
    Err(DataError::ParquetFeature {
        place: Place::whole(name),
    })
}
