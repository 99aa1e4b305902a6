//! `fit`: from a split to a finished run.

use std::path::Path;

use super::stopped::stopped;
use super::{Run, Split};
use crate::config::RunConfig;
use crate::error::Result;
use crate::fitting::{fit as fit_at_once, train};
use crate::observer::Observer;

/// Trains the model of `config` on `split` into a new run directory `out`, or fits it where it has no epochs.
///
/// In memory are the split and the training's tables, whose size `sagebrush inspect` forecasts. Everything that is kept
/// goes to the directory `out` while training runs: checkpoints, the log of epochs, and at the end the tables to answer
/// from. The same configuration, data and seed give the same bytes on a CPU, whatever the number of threads.
///
/// `observer` is told of progress and may stop the training; `&()` does neither.
///
/// # Errors
/// A directory that holds something already, a configuration that does not fit the split, a loss that is not finite, a
/// file that cannot be written. [`Failure::Interrupted`](crate::Failure::Interrupted) when the observer stopped it: the
/// run can be resumed.
///
/// # Example
/// ```
/// use sagebrush::{Config, Dataset, Interaction, ModelName, Split, evaluate, fit};
///
/// // Thirty users who each like eight neighbouring items of forty.
/// let rows = (0..240).map(|at| {
///     let (user, step) = (at / 8, at % 8);
///     Interaction::new(format!("u{user}"), format!("i{}", (user + 3 * step) % 40)).at(step)
/// });
/// let mut config = Config::defaults_for(ModelName::Mf);
/// config.training.epochs = 2;
/// config.model.dim = 8;
/// let split = Split::new(Dataset::from_interactions(rows)?, &config, &())?;
///
/// let folder = tempfile::tempdir().unwrap();
/// let run = fit(&config, &split, folder.path().join("run"), &())?;
/// let evaluation = evaluate(&run, &[5], &())?;
/// assert!(evaluation.systems[0].metrics["recall@5"].mean >= 0.0);
/// # Ok::<(), sagebrush::Error>(())
/// ```
pub fn fit(
    config: &RunConfig,
    split: &Split,
    out: impl AsRef<Path>,
    observer: &dyn Observer,
) -> Result<Run> {
    fit_for("fit", config, split, out.as_ref(), observer)
}

/// [`fit`] for `command`, which the run's lock names.
pub(super) fn fit_for(
    command: &'static str,
    config: &RunConfig,
    split: &Split,
    out: &Path,
    observer: &dyn Observer,
) -> Result<Run> {
    let config = split.settings(config)?;
    let is_done = match config.model.name.is_trained() {
        true => train::train_prepared(observer, &config, &split.prepared, out, command)?.is_some(),
        false => {
            fit_at_once::fit_prepared(observer, &config, &split.prepared, out, command)?.is_some()
        }
    };
    if !is_done {
        return Err(stopped(
            out,
            "`Run::resume` or `sagebrush train --resume` resumes",
        ));
    }
    Run::open(out)
}
