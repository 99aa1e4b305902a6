//! iALS: factors of the interactions by alternating least squares.

use crate::config::IalsSettings;
use crate::error::{Result, Usage};
use crate::inference::{IalsError, Tables, factorize, to_stored};
use crate::observer::{Event, Observer};
use crate::run::{HostTensor, NamedTensors, RunWriter, StoredTable};
use crate::split::TrainSet;

/// The factors of these settings; `None` when interrupted.
pub(super) fn fit(
    observer: &dyn Observer,
    settings: &IalsSettings,
    seed: u64,
    train: &TrainSet,
) -> Result<Option<Tables>> {
    observer.event(Event::WorkBegins {
        what: "iterations",
        n_pieces: settings.iterations as u64,
    });
    let (positives, n_items) = (train.positives(), train.n_items());
    let found = factorize(positives, n_items, &settings.into(), seed, &|_| {
        observer.event(Event::PieceDone);
        !observer.should_stop()
    });
    observer.event(Event::WorkEnds);
    match found {
        Ok(tables) => Ok(Some(tables)),
        Err(IalsError::Stopped) => Ok(None),
        Err(IalsError::NotFinite) => Err(Usage(format!(
            "iALS came to numbers that are not finite with `ials.l2` = {} and `ials.alpha` = {}; raise `--set ials.l2`",
            settings.l2, settings.alpha
        ))
        .into()),
    }
}

/// Writes the factors as parameters, and as the tables that lists are made of: they are the same.
pub(super) fn write(tables: &Tables, run: &mut RunWriter) -> Result<()> {
    let stored = to_stored(tables);
    let named = [("users", &stored.users), ("items", &stored.items)];
    let parameter = |(name, table): (&str, &StoredTable)| {
        let tensor = HostTensor {
            shape: vec![table.rows, table.dim],
            values: table.values.to_vec(),
        };
        (name.to_owned(), tensor)
    };
    let parameters: NamedTensors = named.map(parameter).into();
    run.write_parameters(&parameters)?;
    drop(parameters);
    Ok(run.write_embeddings(&stored)?)
}
