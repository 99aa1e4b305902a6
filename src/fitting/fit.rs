//! Fits a model into a run in one step, without epochs and without a checkpoint.

use std::collections::BTreeMap;
use std::path::Path;

use super::fitted::{self, Fitted, fitted};
use super::prepared::Prepared;
use super::prior;
use super::run_files;
use crate::config::RunConfig;
use crate::error::Result;
use crate::evaluation::of_validation;
use crate::finished::card;
use crate::observer::{Event, Observer, remark};
use crate::run::{LockedRun, Replace, RunWriter};
use crate::split::Split;

/// The depth of the validation figures.
const DEPTH: usize = 20;

/// What is told of a fit.
pub(crate) struct FitReport {
    /// Figures of the validation part; empty where there is none.
    pub(crate) validation: BTreeMap<String, f64>,
    /// Wall time of the fit.
    pub(crate) seconds: f64,
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
    fitted::check(config, &prepared.split.train)?;
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
    fitted::check(config, &prepared.split.train)?;
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
    remark(observer, what_is_fitted_on(&prepared.split));
    let Some(fitted) = fitted(observer, config, &prepared.split.train)? else {
        let path = run.path().display();
        let how = format!("interrupted; start over with `sagebrush train --resume {path}`");
        observer.event(Event::Stopped(&how));
        return Ok(None);
    };
    let validation = validate(&prepared.split, &fitted)?;
    fitted.write(run)?;
    if let Some(prior) = prior::choose(observer, config, &prepared.split, fitted.source())? {
        run.write_prior(&prior)?;
    }
    let card = card::model_card(run, config, &prepared.record, Vec::new());
    run.write_model_card(&card)?;
    run.finish()?;
    Ok(Some(FitReport {
        validation,
        seconds: fitted.seconds,
    }))
}

fn what_is_fitted_on(split: &Split) -> &'static str {
    if split.validation.n_pairs() > 0 {
        "fitting on the training part: no epochs, nothing is chosen; `--set split.validation_fraction=0` fits on the \
         validation part too"
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
