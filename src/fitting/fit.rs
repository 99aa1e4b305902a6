//! Fits a model into a run in one step, without epochs and without a checkpoint.

use std::collections::BTreeMap;
use std::path::Path;

use super::fitted::{Fitted, fitted};
use super::needs;
use super::phases::Refitted;
use super::prepared::Prepared;
use super::prior;
use super::run_files;
use crate::config::RunConfig;
use crate::error::{Result, Unexpected};
use crate::evaluation::of_validation;
use crate::finished::card;
use crate::observer::{Event, Observer, remark};
use crate::run::{LockedRun, Replace, RunWriter, StoredPrior};
use crate::split::{RefitOn, Split};

/// The depth of the validation figures.
const DEPTH: usize = 20;

/// What is told of a fit.
pub(crate) struct FitReport {
    /// Figures of the validation part; empty where there is none.
    pub(crate) validation: BTreeMap<String, f64>,
    /// Wall time of the fit.
    pub(crate) seconds: f64,
    /// The refit, where there was one: its model is the one that is kept.
    pub(crate) refit: Option<Refitted>,
}

/// Fits the model of the settings into a new run directory, for `command`.
pub(crate) fn fit(
    observer: &dyn Observer,
    config: &RunConfig,
    out: &Path,
    replace: Replace,
    command: &'static str,
) -> Result<Option<FitReport>> {
    let locked = LockedRun::to_create(out, replace, command)?;
    let prepared = Prepared::new(observer, config)?;
    let mut run = locked.begin()?;
    fit_into(observer, config, &prepared, &mut run)
}

/// Fits on data that are there into a new run directory.
pub(crate) fn fit_prepared(
    observer: &dyn Observer,
    config: &RunConfig,
    prepared: &Prepared,
    out: &Path,
    command: &'static str,
) -> Result<Option<FitReport>> {
    let locked = LockedRun::to_create(out, Replace::Nothing, command)?;
    needs::check(config, &prepared.split.train)?;
    fit_into(observer, config, prepared, &mut locked.begin()?)
}

/// Fits into a run directory that is there. An interrupted fit starts over.
pub(crate) fn fit_into(
    observer: &dyn Observer,
    config: &RunConfig,
    prepared: &Prepared,
    run: &mut RunWriter,
) -> Result<Option<FitReport>> {
    run_files::write_inputs(run, config, prepared)?;
    run.start_metrics(&[])?;
    remark(observer, what_is_fitted_on(config, prepared));
    let again = format!("sagebrush train --resume {}", run.path().display());
    let Some(fitted) = fitted_or_told(observer, config, &prepared.split, &again)? else {
        return Ok(None);
    };
    let seconds = fitted.seconds;
    let validation = validate(&prepared.split, &fitted)?;
    let prior = prior::choose(observer, config, &prepared.split, fitted.source())?;
    if prepared.refits(config) {
        drop(fitted);
        let refit = prepared.refit_on(observer, config, RefitOn::TrainingAndValidation, None)?;
        let refit = refit_into(observer, config, &refit, run, prior, &again)?;
        return Ok(refit.map(|refit| FitReport {
            validation,
            seconds,
            refit: Some(refit),
        }));
    }
    write_outputs(run, config, prepared, fitted, prior)?;
    Ok(Some(FitReport {
        validation,
        seconds,
        refit: None,
    }))
}

/// Fits on the data of a refit and finishes the run, with the prior that was chosen before; `None` when interrupted:
/// `again` starts over.
pub(super) fn refit_into(
    observer: &dyn Observer,
    config: &RunConfig,
    prepared: &Prepared,
    run: &mut RunWriter,
    prior: Option<StoredPrior>,
    again: &str,
) -> Result<Option<Refitted>> {
    let Some(refit) = prepared.record.refit.clone() else {
        return Err(Unexpected("the data of a refit say that they are").into());
    };
    remark(observer, &format!("fitting on {}", refit.line()));
    let Some(fitted) = fitted_or_told(observer, config, &prepared.split, again)? else {
        return Ok(None);
    };
    run_files::write_refit_inputs(run, prepared)?;
    let prior = prior.and_then(|prior| prior::counted_anew(prior, &prepared.split));
    let seconds = fitted.seconds;
    write_outputs(run, config, prepared, fitted, prior)?;
    Ok(Some(Refitted { refit, seconds }))
}

/// Writes what was fitted and declares the run finished.
fn write_outputs(
    run: &mut RunWriter,
    config: &RunConfig,
    prepared: &Prepared,
    fitted: Fitted,
    prior: Option<StoredPrior>,
) -> Result<()> {
    fitted.write(run, prior.as_ref())?;
    let card = card::of_trained(run, config, &prepared.record);
    run.write_model_card(&card)?;
    Ok(run.finish()?)
}

/// As [`fitted`]; an interrupt is told with the command that starts over.
fn fitted_or_told(
    observer: &dyn Observer,
    config: &RunConfig,
    split: &Split,
    again: &str,
) -> Result<Option<Fitted>> {
    let found = fitted(observer, config, &split.train)?;
    if found.is_none() {
        let how = format!("interrupted; start over with `{again}`");
        observer.event(Event::Stopped(&how));
    }
    Ok(found)
}

fn what_is_fitted_on(config: &RunConfig, prepared: &Prepared) -> &'static str {
    if prepared.refits(config) {
        "fitting on the training part, to measure on the validation part: no epochs"
    } else if prepared.split.validation.n_pairs() > 0 {
        "fitting on the training part: no epochs; `--set split.validation_fraction=0` fits on the validation part too"
    } else {
        "fitting on training and validation together: no epochs, nothing is chosen"
    }
}

/// Figures of the validation part, where there is one; they choose nothing.
pub(crate) fn validate(split: &Split, fitted: &Fitted) -> Result<BTreeMap<String, f64>> {
    if split.validation.n_pairs() == 0 {
        return Ok(BTreeMap::new());
    }
    Ok(of_validation(fitted.source(), split, DEPTH)?)
}
