//! Runs one trial from its checkpoint to its next rung.

use std::cell::Cell;
use std::time::{Duration, Instant};

use burn::tensor::Device;

use crate::cli::session::Session;
use crate::config::{self, RunConfig, SettingError};
use crate::error::{Error, Result, Unexpected, Usage};
use crate::fitting::fit::validate;
use crate::fitting::fitted::fitted;
use crate::fitting::train::{self, Callbacks};
use crate::fitting::{OverLimit, Prepared, memory_limit};
use crate::forecast::Counts;
use crate::run::{EpochRecord, LockedRun, Replace, RunError, RunWriter};
use crate::training::{Outcome, TrainingError};
use crate::tuning::{self, Drawn, Journal, Ladder, Space, Trial, TrialRecord};

const COMMAND: &str = "tune";

/// The data and settings that all trials share.
pub(super) struct Trials<'a> {
    pub(super) session: &'a Session,
    pub(super) base: &'a RunConfig,
    pub(super) space: &'a Space,
    pub(super) prepared: &'a Prepared,
    pub(super) device: Device,
    pub(super) ladder: Ladder,
    pub(super) deadline: Option<Instant>,
}

/// How a trial's next step ended.
pub(super) enum Measured {
    Record(TrialRecord),
    OutOfTime,
    Interrupted,
}

/// The settings of a trial: those of all trials, as far as they were given, and its own.
pub(super) fn with_drawn(shared: &str, drawn: &Drawn) -> Result<RunConfig, SettingError> {
    let (file, flags) = (Some(("search.json", shared)), tuning::as_flags(drawn));
    Ok(config::resolve(file, std::iter::empty(), flags)?.config)
}

impl Trials<'_> {
    pub(super) fn is_late(&self) -> bool {
        self.deadline
            .is_some_and(|deadline| Instant::now() >= deadline)
    }

    pub(super) fn time_left(&self) -> Option<Duration> {
        let deadline = self.deadline?;
        Some(deadline.saturating_duration_since(Instant::now()))
    }

    pub(super) fn metric(&self) -> &str {
        &self.base.training.metric
    }

    /// The settings drawn for a trial, and all of its settings.
    pub(super) fn settings(
        &self,
        journal: &Journal,
        trial: usize,
    ) -> (Drawn, Result<RunConfig, SettingError>) {
        let drawn = self.space.draw(self.base.seed, trial);
        let config = with_drawn(&journal.search().settings, &drawn);
        (drawn, config)
    }

    /// Brings a trial to its next rung. Settings that cannot be trained are a result, too: a failure.
    pub(super) fn measure(&self, journal: &Journal, trial: usize) -> Result<Measured> {
        let (drawn, config) = self.settings(journal, trial);
        let blank = TrialRecord {
            trial,
            settings: tuning::by_name(&drawn),
            epochs: 0,
            value: None,
            best_epoch: 0,
            seconds: 0.0,
            is_over: true,
            error: None,
        };
        let measured = match config {
            Err(error) => Err(error.into()),
            Ok(config) if config.model.name.is_trained() => self.train(journal, &config, &blank),
            Ok(config) => self.fit(&config, &blank),
        };
        match measured {
            Err(error) if is_of_the_settings(&error) => Ok(Measured::Record(TrialRecord {
                error: Some(format!("{error}")),
                ..blank
            })),
            other => other,
        }
    }

    fn train(
        &self,
        journal: &Journal,
        config: &RunConfig,
        blank: &TrialRecord,
    ) -> Result<Measured> {
        memory_limit::check(config, Counts::from(&self.prepared.record))?;
        let rung = journal
            .trials()
            .get(blank.trial)
            .map_or(0, |trial| trial.records.len());
        let until = *self
            .ladder
            .rungs()
            .get(rung)
            .ok_or(Unexpected("a trial is beyond the last rung"))?;
        let path = journal.run_of(blank.trial);
        let mut run = match RunWriter::create(&path, Replace::Nothing, COMMAND) {
            Err(RunError::Occupied { .. }) => LockedRun::to_resume(&path, COMMAND)?.begin()?,
            created => created?,
        };
        run.write_config(&config.to_toml())?;
        // One from beyond the rung is of a line that was lost: the rung is trained again, to the same bits.
        let checkpoint =
            train::latest_checkpoint(&run.checkpoint_dir())?.filter(|there| there.epoch <= until);
        let is_late = Cell::new(false);
        let pause = |epoch: u32| {
            is_late.set(epoch < until && self.is_late());
            epoch >= until || is_late.get()
        };
        let on = Callbacks {
            pause: Some(&pause),
            until: Some(until),
            ..Callbacks::default()
        };
        let outcome = train::train_in(
            &self.session.bars_alone(),
            config,
            self.prepared,
            &self.device,
            &mut run,
            checkpoint,
            on,
        )?;
        Ok(match outcome {
            Outcome::Interrupted { .. } => Measured::Interrupted,
            Outcome::Paused(_) if is_late.get() => Measured::OutOfTime,
            Outcome::Paused(history) => {
                Measured::Record(record_of(blank, &history, self.metric(), false)?)
            }
            Outcome::Finished(trained) => {
                Measured::Record(record_of(blank, &trained.history, self.metric(), true)?)
            }
        })
    }

    fn fit(&self, config: &RunConfig, blank: &TrialRecord) -> Result<Measured> {
        let started = Instant::now();
        memory_limit::check(config, Counts::from(&self.prepared.record))?;
        let split = &self.prepared.split;
        let Some(fitted) = fitted(&Session::silent(), config, &split.train)? else {
            return Ok(Measured::Interrupted);
        };
        let validation = validate(split, &fitted)?;
        let value = validation.get(self.metric()).ok_or_else(|| {
            Usage(format!(
                "{} is not measured by {}",
                config.model.name,
                self.metric()
            ))
        })?;
        Ok(Measured::Record(TrialRecord {
            value: Some(*value),
            seconds: started.elapsed().as_secs_f64(),
            ..blank.clone()
        }))
    }

    /// Removes the checkpoints of trials that are not in the best third of their rung: should one of them go
    /// on later, it starts over, to the same bits.
    pub(super) fn tidy(&self, journal: &Journal) -> Result<()> {
        let n_rungs = self.ladder.rungs().len();
        for rung in 0..n_rungs {
            let here = |(at, trial): (usize, &Trial)| {
                let value = trial.last()?.value?;
                (trial.records.len() == rung + 1).then_some((value, at))
            };
            let here = tuning::ranked(journal.trials().iter().enumerate().filter_map(here));
            let kept = match rung + 1 == n_rungs {
                true => 0,
                false => here.len().div_ceil(tuning::ETA),
            };
            for &trial in &here[kept..] {
                let path = journal.run_of(trial);
                if path.is_dir() {
                    let locked = LockedRun::to_resume(&path, COMMAND)?;
                    locked.begin()?.remove_checkpoints()?;
                }
            }
        }
        Ok(())
    }
}

/// The best validation of the epochs so far.
fn record_of(
    blank: &TrialRecord,
    history: &[EpochRecord],
    metric: &str,
    is_over: bool,
) -> Result<TrialRecord> {
    let measured = |record: &EpochRecord| Some((*record.validation.get(metric)?, record.epoch));
    let best = history
        .iter()
        .filter_map(measured)
        .reduce(|best, next| if next.0 > best.0 { next } else { best });
    let (value, best_epoch) = best.ok_or(Unexpected("no epoch was validated"))?;
    Ok(TrialRecord {
        epochs: history.len() as u32,
        value: Some(value),
        best_epoch,
        seconds: history.iter().map(|record| record.seconds).sum(),
        is_over,
        ..blank.clone()
    })
}

/// Whether a trial fails by its own settings, so that others may do better.
fn is_of_the_settings(error: &Error) -> bool {
    let training = error.cause::<TrainingError>();
    error.cause::<SettingError>().is_some()
        || error.cause::<OverLimit>().is_some()
        || matches!(
            training,
            Some(TrainingError::NotFinite { .. } | TrainingError::Ranking(_))
        )
}
