//! Reads the log and the item file that the settings name.

use std::path::PathBuf;

use super::time_text::is_time_format;
use super::{
    Bundled, Cleaning, ColumnNames, Dataset, Format, Input, ItemColumnNames, ReadOptions,
    read_dataset,
};
use crate::config::{DataConfig, OnBadRow};
use crate::error::{Result, Usage};

/// Reads the log of the settings.
pub(crate) fn read_configured(config: &DataConfig) -> Result<(Dataset, Cleaning)> {
    let inputs = |paths: &[PathBuf]| paths.iter().cloned().map(Input::Path).collect::<Vec<_>>();
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
        items_input(config).as_ref(),
        &options,
    )?)
}

/// The item file of the settings.
pub(crate) fn items_input(config: &DataConfig) -> Option<Input> {
    match &config.bundled {
        Some(_) => Some(Input::Bundled(Bundled::MovieTweetings100k)),
        None => config.items.clone().map(Input::Path),
    }
}

/// The columns of the item file that the settings name.
pub(crate) fn item_column_names(config: &DataConfig) -> ItemColumnNames {
    ItemColumnNames {
        id: config.item_id_column.clone(),
        title: config.title_column.clone(),
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
    let columns = &config.columns;
    Ok(ReadOptions {
        format: format.map_err(Usage)?,
        columns: ColumnNames {
            user: columns.user.clone(),
            item: columns.item.clone(),
            weight: columns.weight.clone(),
            timestamp: columns.timestamp.clone(),
        },
        item_columns: item_column_names(config),
        skip_bad_rows: (config.on_bad_row == OnBadRow::Skip).then_some(config.max_bad_share),
        time_unit: config.time_unit,
        time_format: config.time_format.clone(),
        min_rating: config.min_rating,
        k_core: config.k_core,
    })
}
