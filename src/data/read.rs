//! What is read of files: data sets, titles, columns and keys of items.

use super::cleaning::Cleaning;
use super::error::{DataError, Place};
use super::formats::Format;
use super::input::{item_parts, origins, parts};
use super::item_columns::{self, ItemColumns};
use super::item_file::ItemFile;
use super::metadata::read_titles;
use super::read_log::read_log;
use super::source::Origin;
use super::{Dataset, IdMap, Input, ItemColumnNames, ReadOptions};

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
    let (inputs, test) = (parts(inputs)?, parts(test)?);
    let inputs: Vec<Origin<'_>> = inputs.iter().map(Input::interactions).collect();
    let test: Vec<Origin<'_>> = test.iter().map(Input::interactions).collect();
    let (mut dataset, cleaning) = read_log(&inputs, &test, options, u32::MAX)?;
    if let Some(input) = items_metadata {
        add_titles(&mut dataset, &options.item_columns, input)?;
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
    titles_of(&[origin], &ItemColumnNames::default(), items)
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
    titles_of(&origins(&item_parts(input)?), columns, items)
}

fn titles_of(
    parts: &[Origin<'_>],
    columns: &ItemColumnNames,
    items: &IdMap,
) -> Result<Vec<Option<String>>, DataError> {
    let titles = read_titles(parts, columns, items)?.titles;
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
    let parts = item_parts(input)?;
    item_columns::read(&origins(&parts), columns, items, names, needs_title)
}

/// The position of what `find` says in the header of the first item file that has a row, and the name of that column.
///
/// # Errors
/// As [`read_dataset`], and what `find` says.
pub(super) fn find_item_column(
    input: &Input,
    find: impl Fn(&[String], &Place) -> Result<Option<usize>, DataError>,
) -> Result<Option<String>, DataError> {
    for origin in origins(&item_parts(input)?) {
        match ItemFile::open(&origin) {
            Ok(file) => {
                let found = find(&file.header, &file.header_place)?;
                return Ok(found.map(|column| file.header[column].clone()));
            }
            Err(DataError::Empty { .. }) => {}
            Err(other) => return Err(other),
        }
    }
    Ok(None)
}

/// Reads the keys of an item file, each once, in the order of their first rows.
///
/// # Errors
/// As [`read_dataset`], and a file without an item.
pub fn read_item_keys(
    input: &Input,
    columns: &ItemColumnNames,
) -> Result<Vec<Box<str>>, DataError> {
    item_columns::read_keys(&origins(&item_parts(input)?), columns)
}

/// Adds the titles of an item file, and the file to the sources.
///
/// # Errors
/// As [`read_dataset`].
pub(crate) fn add_titles(
    dataset: &mut Dataset,
    columns: &ItemColumnNames,
    input: &Input,
) -> Result<(), DataError> {
    let parts = item_parts(input)?;
    let read = read_titles(&origins(&parts), columns, &dataset.items)?;
    if let Some(remark) = read.remark(columns) {
        tracing::warn!("{remark}");
    }
    dataset.titles = read.titles;
    let sources = read.parts.into_iter().map(|part| part.source);
    dataset.sources.extend(sources);
    Ok(())
}
