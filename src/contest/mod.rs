//! A contest of models on the validation part: `--model auto`. Candidates are measured by successive halving within a
//! budget of forecast work, and the winner is trained as any model is.

mod candidates;
mod course;
mod effort;
mod hold;
mod journal;
mod measure;
mod record;
mod rounds;
mod verdict;
mod work;

use std::path::Path;

pub use effort::Effort;

use crate::config::{Given, RunConfig};
use crate::data::{Cleaning, Dataset};
use crate::error::{Error, Result, Usage};
use crate::fitting::train::{self, Resumed};
use crate::fitting::{Files, Prepared};
use crate::observer::{Event, Observer};
use crate::run::{ContestRecord, LockedRun, Replace, RunDir, RunWriter};
use candidates::Field;
use course::Contest;
use hold::{Won, hold};
use journal::{Asked, Journal, Terms};

/// What a candidate may be forecast to take where no limit is given: a common amount, not what this machine has, so that
/// every machine chooses alike.
const MEMORY_LIMIT: u64 = 8 << 30;

/// How a contest and the training of its winner ended.
pub(crate) enum Contested {
    /// A stop was asked for before there was a winner.
    Interrupted,
    /// The winner was trained, or that was interrupted.
    Over(Box<ContestRecord>, Box<Resumed>),
}

/// Holds a contest over what is given and trains the winner into a new run directory, for `command`.
pub(crate) fn train(
    observer: &dyn Observer,
    given: &Given,
    effort: Effort,
    out: &Path,
    replace: Replace,
    command: &'static str,
) -> Result<Contested> {
    let field = Field::new(given)?;
    let locked = LockedRun::to_create(out, replace, command)?;
    let prepared = prepare(observer, &field.base())?;
    begin(observer, given, effort, &field, &prepared, locked)
}

/// [`train`] on a log that was read before, into a directory that holds nothing.
pub(crate) fn train_on(
    observer: &dyn Observer,
    given: &Given,
    effort: Effort,
    (dataset, cleaning): (Dataset, Cleaning),
    out: &Path,
    command: &'static str,
) -> Result<Contested> {
    let field = Field::new(given)?;
    let locked = LockedRun::to_create(out, Replace::Nothing, command)?;
    let prepared = Prepared::of(observer, &field.base(), dataset, cleaning)?;
    check_validation(&prepared)?;
    begin(observer, given, effort, &field, &prepared, locked)
}

fn begin(
    observer: &dyn Observer,
    given: &Given,
    effort: Effort,
    field: &Field,
    prepared: &Prepared,
    locked: LockedRun,
) -> Result<Contested> {
    let asked = asked(given, effort, field, prepared)?;
    let contest = Contest::new(observer, field, prepared, metric(given, field), &asked)?;
    let mut run = locked.begin()?;
    let mut journal = Journal::begin(run.contest_dir(), asked)?;
    let won = hold(observer, &contest, &mut journal)?;
    finish(observer, won, prepared, &mut run)
}

/// Holds a contest on data that are there and gives the winner's settings; `None` when interrupted. Data, split and seed
/// are those of `config`.
pub(crate) fn choose(
    observer: &dyn Observer,
    config: &RunConfig,
    prepared: &Prepared,
    effort: Effort,
) -> Result<Option<RunConfig>> {
    check_validation(prepared)?;
    let given = Given::shared_of(config)?;
    let field = Field::new(&given)?;
    let folder = tempfile::tempdir()?;
    let asked = asked(&given, effort, &field, prepared)?;
    let contest = Contest::new(observer, &field, prepared, metric(&given, &field), &asked)?;
    let mut journal = Journal::begin(folder.path().join("contest"), asked)?;
    let won = hold(observer, &contest, &mut journal)?;
    Ok(won.map(|won| won.config))
}

/// Whether a run is in the middle of a contest.
pub(crate) fn is_pending(run: &Path) -> bool {
    let run = RunDir::of_any_state(run);
    run.is_ok_and(|run| Journal::is_in(&run.contest_dir()) && run.config().is_err())
}

/// Resumes the contest of a run and trains the winner.
pub(crate) fn resume(
    observer: &dyn Observer,
    path: &Path,
    command: &'static str,
) -> Result<Contested> {
    resume_with(observer, path, None, command)
}

/// [`resume`] with a log that was read before, in place of the files that the settings name.
pub(crate) fn resume_with(
    observer: &dyn Observer,
    path: &Path,
    log: Option<(Dataset, Cleaning)>,
    command: &'static str,
) -> Result<Contested> {
    let locked = LockedRun::to_resume(path, command)?;
    let mut journal = Journal::open(locked.contest_dir())?;
    let asked = journal.asked().clone();
    let name = locked
        .contest_dir()
        .join("asked.json")
        .display()
        .to_string();
    let file = Some((name.as_str(), asked.settings.as_str()));
    let given = Given::new(file, std::iter::empty(), toml::Table::new())?;
    let field = Field::new(&given)?;
    if names(&field) != asked.candidates {
        return Err(Usage(format!(
            "{}: this contest began with other candidates than this program has: begin anew with `--overwrite`",
            path.display()
        ))
        .into());
    }
    let base = field.base();
    let files = Files {
        sources: &asked.sources,
        vectors: asked.vectors.as_deref(),
    };
    let prepared = match log {
        Some((dataset, cleaning)) => Prepared::of(observer, &base, dataset, cleaning)?,
        None => {
            let folder = asked.folder.as_deref().map(Path::new);
            let located = files.located(path, &base, folder)?;
            let mut prepared = prepare(observer, &located.config)?;
            prepared.name_as_given(&located, &base);
            prepared
        }
    };
    files.check_read(path, Files::of(&prepared.record))?;
    let contest = Contest::new(observer, &field, &prepared, metric(&given, &field), &asked)?;
    let mut run = locked.begin()?;
    let won = hold(observer, &contest, &mut journal)?;
    finish(observer, won, &prepared, &mut run)
}

/// Reads and splits the log; the contest needs a validation part.
fn prepare(observer: &dyn Observer, base: &RunConfig) -> Result<Prepared> {
    let prepared = Prepared::new(observer, base)?;
    check_validation(&prepared)?;
    Ok(prepared)
}

fn check_validation(prepared: &Prepared) -> Result<()> {
    if prepared.split.validation.n_pairs() > 0 {
        return Ok(());
    }
    Err(Usage(
        "models are compared on the validation part, and there is none: give it a share, such as \
         `--set split.validation_fraction=0.1`, or name a model with `--model`"
            .to_owned(),
    )
    .into())
}

fn asked(given: &Given, effort: Effort, field: &Field, prepared: &Prepared) -> Result<Asked> {
    let limit = field.candidates.first();
    let limit = limit.and_then(|one| one.config.run.memory_limit);
    let terms = Terms {
        settings: given.to_toml()?,
        effort,
        memory_limit: limit.map_or(MEMORY_LIMIT, |limit| limit.bytes()),
        candidates: names(field),
    };
    let record = &prepared.record;
    Ok(Asked::new(
        terms,
        record.sources.clone(),
        record.vectors.clone(),
    ))
}

fn names(field: &Field) -> Vec<String> {
    let candidates = field.candidates.iter();
    candidates.map(|one| one.name.to_owned()).collect()
}

/// What is compared: what is given, or what is usual.
fn metric(given: &Given, field: &Field) -> String {
    given.metric().unwrap_or_else(|| {
        let candidate = field.candidates.first();
        candidate.map_or_else(String::new, |one| one.config.training.metric.clone())
    })
}

/// Keeps the record in the run and trains the winner.
fn finish(
    observer: &dyn Observer,
    won: Option<Won>,
    prepared: &Prepared,
    run: &mut RunWriter,
) -> Result<Contested> {
    let Some(Won {
        config,
        record,
        checkpoint,
    }) = won
    else {
        let path = run.path().display();
        let how = format!("interrupted; resume the contest with `sagebrush train --resume {path}`");
        observer.event(Event::Stopped(&how));
        return Ok(Contested::Interrupted);
    };
    run.write_contest(&record)?;
    let resumed = train::train_begun(observer, config, prepared, run, checkpoint)?;
    run.remove_contest()?;
    Ok(Contested::Over(Box::new(record), Box::new(resumed)))
}

/// The candidates of a contest with their own settings, and who cannot take part, as comments of a file of settings.
pub(crate) fn described(given: &Given) -> Result<String, Error> {
    let field = Field::new(given)?;
    let mut text = String::from(
        "# `sagebrush train` holds a contest of these candidates on the validation part, and trains the winner:\n",
    );
    for candidate in &field.candidates {
        let own: Vec<String> = candidate
            .own
            .iter()
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
        text.push_str(&format!(
            "#   {}: {} {}\n",
            candidate.name,
            candidate.config.model.name,
            own.join(" ")
        ));
    }
    for (name, why) in &field.left {
        text.push_str(&format!(
            "#   {name} does not take part: {}\n",
            why.replace('\n', " ")
        ));
    }
    text.push_str("# What they share:\n");
    Ok(text + &given.to_annotated_toml())
}
