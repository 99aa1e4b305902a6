//! `train`: from a log to a finished run directory, from the beginning or from a checkpoint.

use std::path::Path;

use serde_json::{Value, json};

use super::{contest_table, settings};
use crate::cli::args::TrainArgs;
use crate::cli::output;
use crate::cli::session::Session;
use crate::cli::terminal::Style;
use crate::config::RunConfig;
use crate::contest::{self, Contested, Effort};
use crate::error::{Result, Unexpected, Usage};
use crate::failure::Failure;
use crate::fitting::Refitted;
use crate::fitting::fit::{self, FitReport};
use crate::fitting::train::{self, Resumed, TrainedRun};
use crate::machine;
use crate::run::{ContestRecord, Replace, RunDir, list_beside};

const COMMAND: &str = "train";

/// Runs `train`; an interrupt is a failure with its own exit code.
pub(super) fn train(session: &Session, args: &TrainArgs) -> Result<Option<Failure>> {
    if let Some(path) = &args.resume {
        if contest::is_pending(path) {
            let contested = contest::resume(session, path, COMMAND)?;
            return report_contest(session, path, contested);
        }
        return report_of(session, path, train::resume(session, path, COMMAND)?, None);
    }
    let mut given = settings::of_training(&args.settings)?;
    if let Some(list) = args.out.as_deref().and_then(list_beside) {
        given.forget_also(&list);
    }
    let is_contest = given.model().is_none();
    if args.effort.is_some() && !is_contest {
        return Err(Usage(
            "`--effort` is for the contest of models, and a model is named: leave one of them out"
                .to_owned(),
        )
        .into());
    }
    if args.print_config {
        output::print(match is_contest {
            true => contest::described(&given)?,
            false => given.resolved()?.to_annotated_toml(),
        })?;
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
    if is_contest {
        let effort = args.effort.as_deref().and_then(Effort::from_name);
        let effort = effort.unwrap_or_default();
        let contested = contest::train(session, &given, effort, out, replace, COMMAND)?;
        return report_contest(session, out, contested);
    }
    let config = given.resolved()?.config;
    let resumed = match config.model.name.is_trained() {
        true => {
            let trained = train::train_new(session, &config, out, replace, COMMAND, None)?;
            Resumed::Model(config, trained.map(Box::new))
        }
        false => {
            let fitted = fit::fit(session, &config, out, replace, COMMAND)?;
            Resumed::Fitted(config, fitted)
        }
    };
    report_of(session, out, resumed, None)
}

fn report_contest(session: &Session, out: &Path, contested: Contested) -> Result<Option<Failure>> {
    match contested {
        Contested::Interrupted => Ok(Some(Failure::Interrupted)),
        Contested::Over(record, resumed) => report_of(session, out, *resumed, Some(&record)),
    }
}

/// Tells how a training ended, after the contest that chose its model where there was one.
fn report_of(
    session: &Session,
    out: &Path,
    resumed: Resumed,
    contest: Option<&ContestRecord>,
) -> Result<Option<Failure>> {
    if let Some(record) = contest.filter(|_| !session.json) {
        session.say(&contest_table::of(record, Style::of_stderr()));
    }
    match resumed {
        Resumed::Nothing(config) => report_nothing(session, out, &config),
        Resumed::Fitted(config, fitted) => report_fitted(session, out, &config, fitted, contest),
        Resumed::Model(config, trained) => report(
            session,
            out,
            &config,
            trained.map(|trained| *trained),
            contest,
        ),
    }
}

/// A result, with the contest behind it where there was one.
fn print_json(session: &Session, contest: Option<&ContestRecord>, mut result: Value) -> Result<()> {
    if let (Some(contest), Some(members)) = (contest, result.as_object_mut()) {
        members.insert("contest".to_owned(), serde_json::to_value(contest)?);
    }
    session.print_json(&result)
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
    contest: Option<&ContestRecord>,
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
        print_json(
            session,
            contest,
            json!({
                "run": out,
                "model": config.model.name,
                "epochs": epochs,
                "best_epoch": trained.best_epoch,
                "validation": best.map(|record| &record.validation),
                "prior": RunDir::open(out)?.prior_notes()?,
                "seconds": trained.history.iter().map(|record| record.seconds).sum::<f64>(),
                "refit": trained.refit.as_ref().map(refit_json),
                "peak_memory_bytes": machine::peak_bytes(),
            }),
        )?;
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
pub(super) fn refit_json(refitted: &Refitted) -> Value {
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
    contest: Option<&ContestRecord>,
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
        print_json(
            session,
            contest,
            json!({
                "run": out,
                "model": config.model.name,
                "validation": validation,
                "prior": RunDir::open(out)?.prior_notes()?,
                "seconds": seconds,
                "refit": refit.as_ref().map(refit_json),
                "peak_memory_bytes": machine::peak_bytes(),
            }),
        )?;
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
