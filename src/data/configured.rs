//! Reads the log and the item file that the settings name.

use std::path::{Path, PathBuf};

use super::events::EventWeights;
use super::time_text::is_time_format;
use super::{
    Bundled, Cleaning, ColumnNames, Dataset, Encoding, Forgotten, Format, Input, ItemColumnNames,
    ReadOptions, Separator, read_dataset,
};
use crate::config::{DataConfig, OnBadRow};
use crate::error::{Result, Usage};

/// Reads the log of the settings.
pub(crate) fn read_configured(config: &DataConfig) -> Result<(Dataset, Cleaning)> {
    let encoding = encoding(config)?;
    let inputs = |paths: &[PathBuf]| {
        let paths = paths.iter().cloned();
        paths.map(|path| input(path, encoding)).collect::<Vec<_>>()
    };
    let log = match &config.bundled {
        Some(_) if !config.train.is_empty() => {
            return Err(Usage("give a log or the bundled data, not both".to_owned()).into());
        }
        Some(_) => vec![Input::Bundled(Bundled::MovieTweetings100k)],
        None => inputs(&config.train),
    };
    if log.is_empty() {
        return Err(Usage(
            "no log was given: name a file, as in `sagebrush train ratings.csv --out my-run`, or use `--bundled`"
                .to_owned(),
        )
        .into());
    }
    let options = read_options(config)?;
    Ok(read_dataset(
        &log,
        &inputs(&config.test),
        items_input(config)?.as_ref(),
        &options,
    )?)
}

/// Reads a log of people and their items, as the log of the settings where columns and events have its names, else by
/// the usual ones.
pub(crate) fn read_histories(path: &Path, config: &DataConfig) -> Result<Dataset> {
    let events = EventWeights::parse(&config.event_weights).map_err(Usage)?;
    let options = ReadOptions {
        columns: ColumnNames {
            or_usual: true,
            ..column_names(config, &events)
        },
        events,
        repeats: Some(config.repeats),
        keep_zero_weights: true,
        ..ReadOptions::default()
    };
    Ok(read_dataset(&[Input::Path(path.to_owned())], &[], None, &options)?.0)
}

/// The item file of the settings.
pub(crate) fn items_input(config: &DataConfig) -> Result<Option<Input>> {
    let encoding = encoding(config)?;
    Ok(match &config.bundled {
        Some(_) => Some(Input::Bundled(Bundled::MovieTweetings100k)),
        None => config.items.clone().map(|path| input(path, encoding)),
    })
}

fn encoding(config: &DataConfig) -> Result<Option<Encoding>> {
    let encoding = config.encoding.as_deref().map(str::parse::<Encoding>);
    Ok(encoding.transpose().map_err(Usage)?)
}

fn input(path: PathBuf, encoding: Option<Encoding>) -> Input {
    match encoding {
        Some(encoding) => Input::Encoded(path, encoding),
        None => Input::Path(path),
    }
}

/// The columns of the item file that the settings name.
pub(crate) fn item_column_names(config: &DataConfig) -> ItemColumnNames {
    ItemColumnNames {
        id: config.item_id_column.clone(),
        title: config.title_column.clone(),
        category: config.category_column.clone(),
    }
}

/// The columns of the log that the settings name.
fn column_names(config: &DataConfig, events: &EventWeights) -> ColumnNames {
    let columns = &config.columns;
    ColumnNames {
        user: columns.user.clone(),
        item: columns.item.clone(),
        weight: columns.weight.clone(),
        timestamp: columns.timestamp.clone(),
        event: columns.event.clone(),
        reads_events: !events.is_empty(),
        ..ColumnNames::default()
    }
}

fn read_options(config: &DataConfig) -> Result<ReadOptions> {
    let format = config
        .format
        .as_deref()
        .map(str::parse::<Format>)
        .transpose();
    if let Some(format) = &config.time_format
        && !is_time_format(format)
    {
        return Err(Usage(format!(
            "`{format}` is no form of times: give `--time-format` as `strftime` has it, such as `%d/%m/%Y %H:%M`"
        ))
        .into());
    }
    let separator = config
        .separator
        .as_deref()
        .map(str::parse::<Separator>)
        .transpose();
    let events = EventWeights::parse(&config.event_weights).map_err(Usage)?;
    if let (Some(column), true) = (&config.columns.event, events.is_empty()) {
        return Err(Usage(format!(
            "`--event-column {column}` needs what its events weigh: add `--event-weight view=1,purchase=10` with their \
             names, 0 for events that are not trained on"
        ))
        .into());
    }
    let forgotten = config.forget.iter().map(|path| Forgotten::read(path));
    Ok(ReadOptions {
        forgotten: forgotten.collect::<Result<_, _>>()?,
        format: format.map_err(Usage)?,
        columns: column_names(config, &events),
        item_columns: item_column_names(config),
        skip_bad_rows: (config.on_bad_row == OnBadRow::Skip).then_some(config.max_bad_share),
        time_unit: config.time_unit,
        time_format: config.time_format.clone(),
        separator: separator.map_err(Usage)?,
        header: config.header.as_deref().map(names),
        events,
        repeats: Some(config.repeats),
        keep_zero_weights: false,
        min_rating: config.min_rating,
        k_core: config.k_core,
    })
}

/// Names one by one, or several between commas.
fn names(given: &[String]) -> Vec<String> {
    let names = given.iter().flat_map(|names| names.split(','));
    names.map(|name| name.trim().to_owned()).collect()
}
