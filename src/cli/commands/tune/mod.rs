//! `tune`: a search for settings on the validation part; the test part is not read.

mod outcome;
mod trial;

use std::path::Path;
use std::time::{Duration, Instant};

use super::settings;
use crate::cli::args::TuneArgs;
use crate::cli::output;
use crate::cli::session::Session;
use crate::cli::terminal::duration;
use crate::config::{self, READING_WEIGHTS, RunConfig};
use crate::device;
use crate::error::{Result, Unexpected, Usage};
use crate::failure::Failure;
use crate::fitting::{Files, Prepared, needs};
use crate::tuning::{self, Journal, Ladder, Move, Search, Space, Standing};
use trial::{Measured, Trials};

const COMMAND: &str = "tune";
/// Trials where neither trials nor minutes are given: three rungs of thirds.
const USUAL_TRIALS: usize = 27;

/// Runs `tune`; an interrupt is a failure with its own exit code.
pub(super) fn tune(session: &Session, args: &TuneArgs) -> Result<Option<Failure>> {
    let deadline = deadline(args.minutes)?;
    let (mut journal, base, prepared) = match &args.resume {
        Some(path) => resume(session, path, args)?,
        None => begin(session, args)?,
    };
    let space = Space::parse(&journal.search().vary)?;
    let trials = Trials {
        session,
        base: &base,
        space: &space,
        prepared: &prepared,
        device: device::open(base.run.device)?,
        ladder: ladder(&base),
        deadline,
    };
    if !search(session, &trials, &mut journal)? {
        output::say(&format_args!(
            "interrupted; resume with `sagebrush tune --resume {}`",
            journal.path().display()
        ));
        return Ok(Some(Failure::Interrupted));
    }
    outcome::conclude(session, &trials, &journal)?;
    Ok(None)
}

fn deadline(minutes: Option<f64>) -> Result<Option<Instant>> {
    let Some(minutes) = minutes else {
        return Ok(None);
    };
    let time = Duration::try_from_secs_f64(60.0 * minutes).ok();
    let deadline = time
        .filter(|time| !time.is_zero())
        .and_then(|time| Instant::now().checked_add(time));
    match deadline {
        Some(deadline) => Ok(Some(deadline)),
        None => Err(Usage(format!(
            "`--minutes {minutes}` is no time to search for: give a number above 0"
        ))
        .into()),
    }
}

/// How many trials there are to be; any number where only time ends the search.
fn budget(args: &TuneArgs, earlier: Option<usize>) -> Option<usize> {
    match (args.trials, args.minutes) {
        (Some(trials), _) => Some(trials as usize),
        (None, Some(_)) => None,
        (None, None) => earlier.or(Some(USUAL_TRIALS)),
    }
}

fn begin(session: &Session, args: &TuneArgs) -> Result<(Journal, RunConfig, Prepared)> {
    let resolved = settings::of_one_model(session, &args.settings, COMMAND)?;
    let out = args
        .out
        .as_deref()
        .ok_or(Unexpected("`--out` is missing"))?;
    let vary: Vec<String> = match args.vary.is_empty() {
        false => args.vary.clone(),
        true => Space::usual(&resolved.config),
    };
    // What is wrong is said before the log is read and anything is written.
    let space = Space::parse(&vary)?;
    let place = Journal::reserve(out, args.overwrite)?;
    let prepared = prepare(session, &resolved.config, &space)?;
    let given = resolved.given_toml()?;
    // Settings that do not stand together are a result of the search; what the log does not tell is none.
    if let Ok(first) = trial::with_drawn(&given, &space.draw(resolved.config.seed, 0)) {
        needs::check(&first, &prepared.split.train)?;
    }
    let search = Search::new(
        given,
        vary,
        budget(args, None),
        prepared.record.sources.clone(),
        prepared.record.vectors.clone(),
    );
    let journal = place.begin(search)?;
    Ok((journal, resolved.config, prepared))
}

fn resume(
    session: &Session,
    path: &Path,
    args: &TuneArgs,
) -> Result<(Journal, RunConfig, Prepared)> {
    let mut journal = Journal::open(path)?;
    let search = journal.search();
    let base = config::resolve(
        Some(("search.json", &search.settings)),
        std::iter::empty(),
        toml::Table::new(),
    )?
    .config;
    let began = Files {
        sources: &search.sources,
        vectors: search.vectors.as_deref(),
    };
    let folder = search.folder.as_deref().map(Path::new);
    let located = began.located(path, &base, folder)?;
    let prepared = prepare(session, &located.config, &Space::parse(&search.vary)?)?;
    began.check_read(path, Files::of(&prepared.record))?;
    journal.set_budget(budget(args, search.trials))?;
    Ok((journal, base, prepared))
}

/// Reads and splits the log for all trials: its weights are kept where some of them read weights.
fn prepare(session: &Session, base: &RunConfig, space: &Space) -> Result<Prepared> {
    let mut config = base.clone();
    let mut keys = space.dimensions().iter().map(|varied| varied.key());
    config.evaluation.weighted_popularity |= keys.any(|key| READING_WEIGHTS.contains(&key));
    let prepared = Prepared::new(session, &config)?;
    if prepared.split.validation.n_pairs() == 0 {
        return Err(Usage(
            "there is no validation part to compare settings on: give it a share, such as `--set split.validation_fraction=0.1`".into()
        ).into());
    }
    Ok(prepared)
}

fn ladder(base: &RunConfig) -> Ladder {
    match base.model.name.is_trained() {
        true => Ladder::new(base.training.epochs, base.training.evaluate_every),
        false => Ladder::without_epochs(),
    }
}

/// Makes moves until none is left or time is up; `false` when interrupted.
fn search(session: &Session, trials: &Trials<'_>, journal: &mut Journal) -> Result<bool> {
    session.say(&said_before(trials, journal));
    let (n_rungs, budget) = (trials.ladder.rungs().len(), journal.search().trials);
    while !trials.is_late() {
        let standings: Vec<Standing> = journal.trials().iter().map(|t| t.standing()).collect();
        let trial = match tuning::next(&standings, n_rungs, budget) {
            Move::Done => return Ok(true),
            Move::Start => standings.len(),
            Move::Climb(trial) => trial,
        };
        match trials.measure(journal, trial)? {
            Measured::Record(record) => {
                journal.add(record)?;
                trials.tidy(journal)?;
                session.say(&outcome::line(journal, trial, trials.metric()));
            }
            Measured::OutOfTime => break,
            Measured::Interrupted => return Ok(false),
        }
    }
    session.say("time is up");
    Ok(true)
}

fn said_before(trials: &Trials<'_>, journal: &Journal) -> String {
    let keys: Vec<&str> = trials.space.dimensions().iter().map(|d| d.key()).collect();
    let rungs: Vec<String> = trials.ladder.rungs().iter().map(u32::to_string).collect();
    let mut text = format!("searching {}", keys.join(", "));
    if trials.ladder.rungs() != [0] {
        text.push_str(&format!(
            "; one in {} is promoted after {} epochs",
            tuning::ETA,
            rungs.join(", ")
        ));
    }
    if let Some(left) = trials.time_left() {
        text.push_str(&format!("; {} left", duration(left)));
    }
    if !journal.trials().is_empty() {
        text.push_str(&format!(
            "; {} trials are on record",
            journal.trials().len()
        ));
    }
    text
}
