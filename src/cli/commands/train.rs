//! `train`: from a log to a finished run directory, from the beginning or from a checkpoint.

use std::path::Path;

use serde_json::json;

use super::settings;
use crate::cli::args::TrainArgs;
use crate::cli::output;
use crate::cli::session::Session;
use crate::config::RunConfig;
use crate::error::{Result, Unexpected};
use crate::failure::Failure;
use crate::fitting::Refitted;
use crate::fitting::fit::{self, FitReport};
use crate::fitting::train::{self, Resumed, TrainedRun};
use crate::machine;
use crate::run::{Replace, RunDir};

const COMMAND: &str = "train";

/// Runs `train`; an interrupt is a failure with its own exit code.
pub(super) fn train(session: &Session, args: &TrainArgs) -> Result<Option<Failure>> {
    if let Some(path) = &args.resume {
        return match train::resume(session, path, COMMAND)? {
            Resumed::Nothing(config) => report_nothing(session, path, &config),
            Resumed::Fitted(config, fitted) => report_fitted(session, path, &config, fitted),
            Resumed::Model(config, trained) => {
                report(session, path, &config, trained.map(|trained| *trained))
            }
        };
    }
    let resolved = settings::of_training(&args.settings)?;
    if args.print_config {
        output::print(resolved.to_annotated_toml())?;
        return Ok(None);
    }
    let out = args
        .out
        .as_deref()
        .ok_or(Unexpected("`--out` is missing"))?;
    let replace = match args.overwrite {
        true => Replace::Any,
        false => Replace::Nothing,
    };
    let config = &resolved.config;
    if !config.model.name.is_trained() {
        let fitted = fit::fit(session, config, out, replace, COMMAND)?;
        return report_fitted(session, out, config, fitted);
    }
    let trained = train::train_new(session, config, out, replace, COMMAND, None)?;
    report(session, out, config, trained)
}

fn report_nothing(session: &Session, run: &Path, config: &RunConfig) -> Result<Option<Failure>> {
    if session.json {
        session.print_json(&json!({
            "run": run, "model": config.model.name, "nothing_to_train": true,
        }))?;
    }
    Ok(None)
}

fn report(
    session: &Session,
    out: &Path,
    config: &RunConfig,
    trained: Option<TrainedRun>,
) -> Result<Option<Failure>> {
    let Some(trained) = trained else {
        return Ok(Some(Failure::Interrupted));
    };
    let epochs = trained.history.len();
    if session.json {
        let best = trained
            .history
            .iter()
            .find(|record| record.epoch == trained.best_epoch);
        session.print_json(&json!({
            "run": out,
            "model": config.model.name,
            "epochs": epochs,
            "best_epoch": trained.best_epoch,
            "validation": best.map(|record| &record.validation),
            "prior": RunDir::open(out)?.prior_notes()?,
            "seconds": trained.history.iter().map(|record| record.seconds).sum::<f64>(),
            "refit": trained.refit.as_ref().map(refit_json),
            "peak_memory_bytes": machine::peak_bytes(),
        }))?;
    } else {
        let out = out.display();
        session.say(&format!(
            "best epoch {} of {epochs}{}; the run is in {out}\nnext: sagebrush evaluate --run {out}",
            trained.best_epoch,
            refit_text(trained.refit.as_ref()),
        ));
    }
    Ok(None)
}

/// What the kept model was trained on again, as JSON.
pub(super) fn refit_json(refitted: &Refitted) -> serde_json::Value {
    let refit = &refitted.refit;
    json!({
        "on": refit.on, "interactions": refit.n_interactions, "epochs": refit.epochs, "seconds": refitted.seconds,
    })
}

/// The same as a clause behind another; empty where there was no refit.
fn refit_text(refitted: Option<&Refitted>) -> String {
    let line = |refitted: &Refitted| format!("; trained again on {}", refitted.refit.line());
    refitted.map_or_else(String::new, line)
}

fn report_fitted(
    session: &Session,
    out: &Path,
    config: &RunConfig,
    fitted: Option<FitReport>,
) -> Result<Option<Failure>> {
    let Some(FitReport {
        validation,
        seconds,
        refit,
    }) = fitted
    else {
        return Ok(Some(Failure::Interrupted));
    };
    if session.json {
        session.print_json(&json!({
            "run": out,
            "model": config.model.name,
            "validation": validation,
            "prior": RunDir::open(out)?.prior_notes()?,
            "seconds": seconds,
            "refit": refit.as_ref().map(refit_json),
            "peak_memory_bytes": machine::peak_bytes(),
        }))?;
        return Ok(None);
    }
    let shown: Vec<String> = validation
        .iter()
        .map(|(name, value)| format!("{name} {value:.4}"))
        .collect();
    if !shown.is_empty() {
        session.say(&format!("validation: {}", shown.join(", ")));
    }
    let out = out.display();
    session.say(&format!(
        "the run is in {out}\nnext: sagebrush evaluate --run {out}"
    ));
    Ok(None)
}
