//! Trains a model into a run directory, from the beginning or from a checkpoint.

use std::path::Path;

use burn::tensor::Device;

use super::fit::{self, FitReport};
use super::located::Located;
use super::needs;
use super::phases::train_into;
use super::prepared::Prepared;
use super::refit;
use super::same_data::{Files, check_same_settings, record_of};
use crate::config::RunConfig;
use crate::device;
use crate::error::{Result, Usage};
use crate::observer::{Observer, remark};
use crate::run::{Checkpoint, File, LockedRun, Replace, RunWriter};
use crate::training::{self, EpochCallback};

pub(crate) use super::phases::{Callbacks, TrainedRun, latest_checkpoint, train_in};

/// Trains `config` into a new run directory for `command` and calls `after_epoch` after each epoch; `None` when
/// interrupted.
pub(crate) fn train_new(
    observer: &dyn Observer,
    config: &RunConfig,
    out: &Path,
    replace: Replace,
    command: &'static str,
    after_epoch: Option<&EpochCallback<'_>>,
) -> Result<Option<TrainedRun>> {
    let locked = LockedRun::to_create(out, replace, command)?;
    let device = device::open(config.run.device)?;
    let prepared = Prepared::new(observer, config)?;
    let mut run = locked.begin()?;
    train_into(
        observer,
        config,
        &prepared,
        &device,
        &mut run,
        None,
        after_epoch,
    )
}

/// Trains or fits the model of the settings on prepared data into a run that has begun, from a checkpoint of the same
/// settings where there is one.
pub(crate) fn train_begun(
    observer: &dyn Observer,
    config: RunConfig,
    prepared: &Prepared,
    run: &mut RunWriter,
    checkpoint: Option<Checkpoint>,
) -> Result<Resumed> {
    if !config.model.name.is_trained() {
        let fitted = fit::fit_into(observer, &config, prepared, run)?;
        return Ok(Resumed::Fitted(config, fitted));
    }
    let device = device::open(config.run.device)?;
    let trained = train_into(observer, &config, prepared, &device, run, checkpoint, None)?;
    Ok(Resumed::Model(config, trained.map(Box::new)))
}

/// Trains on prepared data into a new run directory.
pub(crate) fn train_prepared(
    observer: &dyn Observer,
    config: &RunConfig,
    prepared: &Prepared,
    out: &Path,
    command: &'static str,
) -> Result<Option<TrainedRun>> {
    let locked = LockedRun::to_create(out, Replace::Nothing, command)?;
    needs::check(config, &prepared.split.train)?;
    let device = device::open(config.run.device)?;
    let mut run = locked.begin()?;
    train_into(observer, config, prepared, &device, &mut run, None, None)
}

/// The result of resuming a run.
pub(crate) enum Resumed {
    /// The run is finished and nothing is left to do: it stays as it is.
    Nothing(RunConfig),
    /// A model was fitted at once; `None` when interrupted.
    Fitted(RunConfig, Option<FitReport>),
    /// A model was trained; `None` when interrupted.
    Model(RunConfig, Option<Box<TrainedRun>>),
}

/// Resumes a run of any model, for `command`.
pub(crate) fn resume(
    observer: &dyn Observer,
    path: &Path,
    command: &'static str,
) -> Result<Resumed> {
    let checked = CheckedRun::open(path, command)?;
    if checked.is_over() {
        checked.run.leave()?;
        let done = match checked.config.model.name.is_trained() {
            false => "the model is fitted",
            true => "training is over; `training.epochs` in its config.toml says how long it is",
        };
        let path = path.display();
        remark(observer, &format!("{path} stays as it is: {done}"));
        return Ok(Resumed::Nothing(checked.config));
    }
    let mut resumable = checked.begin(observer)?;
    if !resumable.config.model.name.is_trained() {
        let ResumableRun {
            config,
            prepared,
            run,
            ..
        } = &mut resumable;
        let fitted = fit::fit_into(observer, config, prepared, run)?;
        return Ok(Resumed::Fitted(resumable.config, fitted));
    }
    let trained = resumable.resume(observer)?;
    Ok(Resumed::Model(resumable.config, trained.map(Box::new)))
}

/// Resumes the training of a model with epochs, for `command`; `None` when interrupted.
pub(crate) fn train_on(
    observer: &dyn Observer,
    path: &Path,
    command: &'static str,
) -> Result<Option<TrainedRun>> {
    CheckedRun::open(path, command)?
        .begin(observer)?
        .resume(observer)
}

/// A locked run with the settings and files that it began with, and not changed yet.
struct CheckedRun {
    run: LockedRun,
    config: RunConfig,
    located: Located,
    checkpoint: Option<Checkpoint>,
}

/// A locked run whose training can resume.
struct ResumableRun {
    config: RunConfig,
    device: Device,
    prepared: Prepared,
    run: RunWriter,
    checkpoint: Option<Checkpoint>,
}

impl CheckedRun {
    fn open(path: &Path, command: &'static str) -> Result<Self> {
        let run = LockedRun::to_resume(path, command)?;
        if run.has(File::Refreshed) {
            return Err(Usage(format!(
                "{}: refreshed with what came after its training, which cannot be resumed: train anew on the whole log",
                path.display()
            ))
            .into());
        }
        if run.has(File::Forgotten) {
            return Err(Usage(format!(
                "{}: users or items were taken out of it by `sagebrush forget`, so its training cannot be resumed: train anew",
                path.display()
            ))
            .into());
        }
        let name = path.join("config.toml").display().to_string();
        let config = RunConfig::from_toml(&name, &run.config_now()?)?;
        let checkpoint = match config.model.name.is_trained() {
            true => latest_checkpoint(&run.checkpoint_dir())?,
            false => None,
        };
        check_same_settings(&run, &config, checkpoint.as_ref())?;
        let began = record_of(&run)?;
        refit::refuse_to_resume(&run, &began)?;
        let located = Files::of(&began).located(path, &config, run.began_in()?.as_deref())?;
        Ok(Self {
            run,
            config,
            located,
            checkpoint,
        })
    }

    /// Whether the run is finished, and its settings ask for no more than was done.
    fn is_over(&self) -> bool {
        let training = &self.config.training;
        let is_over = |checkpoint| training::is_over(training, checkpoint);
        let asks_for_no_more = !self.config.model.name.is_trained()
            || !self.run.is_edited()
            || self.checkpoint.as_ref().is_some_and(is_over);
        asks_for_no_more && self.run.is_whole()
    }

    /// Checks the rest of what may refuse the run before it changes anything in it.
    fn begin(self, observer: &dyn Observer) -> Result<ResumableRun> {
        let Self {
            run,
            config,
            located,
            checkpoint,
        } = self;
        if checkpoint.is_none() && config.model.name.is_trained() {
            remark(
                observer,
                "there is no checkpoint yet: training starts at epoch 1",
            );
        }
        let device = device::open(config.run.device)?;
        let mut prepared = Prepared::new(observer, &located.config)?;
        prepared.check_same_data(&run)?;
        prepared.name_as_given(&located, &config);
        Ok(ResumableRun {
            config,
            device,
            prepared,
            run: run.begin()?,
            checkpoint,
        })
    }
}

impl ResumableRun {
    fn resume(&mut self, observer: &dyn Observer) -> Result<Option<TrainedRun>> {
        let checkpoint = self.checkpoint.take();
        train_into(
            observer,
            &self.config,
            &self.prepared,
            &self.device,
            &mut self.run,
            checkpoint,
            None,
        )
    }
}
