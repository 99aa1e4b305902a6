//! The trainings of a run: the one that the validation part stops, and the refit on training and validation after it.
//!
//! Nothing records in which of the two a run was stopped. A checkpoint that early stopping or the last epoch has ended
//! says that the first is over; the checkpoints of the refit lie in a folder of their own; and the files that both make
//! say which of them did.

use std::path::Path;
use std::time::Duration;

use burn::tensor::Device;

use super::needs;
use super::prepared::Prepared;
use super::prior;
use super::run_files;
use super::spectral_start::spectral_start;
use super::training_inputs::{content_start, item_graph, neighbours};
use crate::config::RunConfig;
use crate::error::Result;
use crate::inference::ScoreSource;
use crate::observer::{Event, Observer};
use crate::run::{
    Checkpoint, EpochRecord, MetricsLog, RunError, RunWriter, StoredPrior, load_latest,
};
use crate::split::{Refit, RefitOn};
use crate::training::{self, Chosen, EpochCallback, Job, Outcome, Trained, TrainingError};

/// A run whose training came to its end.
pub(crate) struct TrainedRun {
    /// The best epoch by the validation metric.
    pub(crate) best_epoch: u32,
    /// Every epoch's record, but for those of the refit.
    pub(crate) history: Vec<EpochRecord>,
    /// The refit, where there was one: its model is the one that is kept.
    pub(crate) refit: Option<Refitted>,
}

/// A refit that came to its end.
pub(crate) struct Refitted {
    /// What the model was trained on.
    pub(crate) refit: Refit,
    /// Wall time of training it.
    pub(crate) seconds: f64,
}

/// What is called while a model is trained: after each epoch, and to ask whether to pause.
#[derive(Clone, Copy, Default)]
pub(crate) struct Callbacks<'a> {
    pub(crate) after_epoch: Option<&'a EpochCallback<'a>>,
    pub(crate) pause: Option<&'a dyn Fn(u32) -> bool>,
    /// Time between two checkpoints at least; zero for one an epoch.
    pub(crate) save_every: Duration,
    /// The epoch that progress counts to, where it is not the last one of the settings.
    pub(crate) until: Option<u32>,
}

/// Trains into a run that has begun, with the refit where the settings want one, and finishes it; `None` when
/// interrupted. `checkpoint` is the newest one of the first training.
pub(super) fn train_into(
    observer: &dyn Observer,
    config: &RunConfig,
    prepared: &Prepared,
    device: &Device,
    run: &mut RunWriter,
    checkpoint: Option<Checkpoint>,
    after_epoch: Option<&EpochCallback<'_>>,
) -> Result<Option<TrainedRun>> {
    run_files::write_inputs(run, config, prepared)?;
    let again = format!("sagebrush train --resume {}", run.path().display());
    let phase = Phase {
        observer,
        config,
        device,
        again: &again,
    };
    let on = Callbacks {
        after_epoch,
        ..Callbacks::default()
    };
    if prepared.refits(config) {
        let Some((chosen, prior)) = phase.choose(prepared, run, checkpoint, on)? else {
            return Ok(None);
        };
        let mut refit =
            prepared.refit_on(observer, config, RefitOn::TrainingAndValidation, None)?;
        return phase.refit(&mut refit, run, chosen, prior);
    }
    let outcome = phase.train(prepared, run, checkpoint, on, training::train)?;
    let Some(trained) = phase.finished(outcome, "") else {
        return Ok(None);
    };
    let prior = prior::choose(observer, config, &prepared.split, &trained.tables)?;
    let trained = run_files::write_outputs(run, config, prepared, *trained, prior.as_ref())?;
    let Trained {
        best_epoch,
        history,
        ..
    } = trained;
    Ok(Some(TrainedRun {
        best_epoch,
        history,
        refit: None,
    }))
}

/// Trains from the beginning or a checkpoint; checkpoints and the log of epochs go into the run directory.
pub(crate) fn train_in(
    observer: &dyn Observer,
    config: &RunConfig,
    prepared: &Prepared,
    device: &Device,
    run: &mut RunWriter,
    checkpoint: Option<Checkpoint>,
    on: Callbacks<'_>,
) -> Result<Outcome> {
    needs::check(config, &prepared.split.train)?;
    let phase = Phase {
        observer,
        config,
        device,
        again: "",
    };
    phase.train(prepared, run, checkpoint, on, training::train)
}

/// The newest checkpoint in a folder that is whole, if there is any.
pub(crate) fn latest_checkpoint(folder: &Path) -> Result<Option<Checkpoint>> {
    let loaded = match load_latest(folder) {
        Err(RunError::Missing { .. }) => return Ok(None),
        loaded => loaded?,
    };
    for warning in &loaded.warnings {
        tracing::warn!("{warning}");
    }
    Ok(Some(loaded.checkpoint))
}

/// What the trainings of a run have in common.
#[derive(Clone, Copy)]
pub(super) struct Phase<'a> {
    pub(super) observer: &'a dyn Observer,
    pub(super) config: &'a RunConfig,
    pub(super) device: &'a Device,
    /// The command that resumes.
    pub(super) again: &'a str,
}

/// How a training runs, given its log of epochs and the checkpoint it begins with.
type Run<T> =
    fn(&Job<'_>, &mut MetricsLog, Option<Checkpoint>) -> Result<Outcome<T>, TrainingError>;

impl Phase<'_> {
    /// The first training of a run that is refitted: its epochs count, and the prior that its model is given. One that a
    /// checkpoint shows to be over is not trained any further; `None` when interrupted.
    fn choose(
        self,
        prepared: &Prepared,
        run: &mut RunWriter,
        checkpoint: Option<Checkpoint>,
        on: Callbacks<'_>,
    ) -> Result<Option<(Chosen, Option<StoredPrior>)>> {
        let is_over = |checkpoint| training::is_over(&self.config.training, checkpoint);
        let is_over = checkpoint.as_ref().is_some_and(is_over);
        if !is_over {
            // Their epochs were chosen by a training that goes on now.
            run.remove_refit_checkpoints()?;
        }
        if prior::is_wanted(self.config, &prepared.split) {
            let outcome = self.train(prepared, run, checkpoint, on, training::train)?;
            let Some(trained) = self.finished(outcome, "") else {
                return Ok(None);
            };
            let prior =
                prior::choose(self.observer, self.config, &prepared.split, &trained.tables)?;
            return Ok(Some(((*trained).into(), prior)));
        }
        match checkpoint {
            Some(over) if is_over => Ok(Some((over.into(), None))),
            checkpoint => {
                let outcome = self.train(prepared, run, checkpoint, on, training::choose_epochs)?;
                let chosen = self.finished(outcome, "");
                Ok(chosen.map(|chosen| (*chosen, None)))
            }
        }
    }

    /// Trains on the data of a refit for the epochs that were chosen, from the beginning or from the newest checkpoint
    /// of the refit, and finishes the run with the prior that was chosen before; `None` when interrupted.
    pub(super) fn refit(
        self,
        prepared: &mut Prepared,
        run: &mut RunWriter,
        chosen: Chosen,
        prior: Option<StoredPrior>,
    ) -> Result<Option<TrainedRun>> {
        if let Some(refit) = &mut prepared.record.refit {
            refit.epochs = Some(chosen.epochs);
        }
        let folder = run.make_refit_checkpoint_dir()?;
        // The learning rate may depend on the number of epochs in the settings.
        let of_these = |checkpoint: &Checkpoint| {
            let began = RunConfig::from_toml("a checkpoint", &checkpoint.config_toml);
            began.is_ok_and(|began| began.training.epochs == self.config.training.epochs)
        };
        let checkpoint = latest_checkpoint(&folder)?.filter(of_these);
        let outcome = self.begin(
            prepared,
            run,
            checkpoint,
            Callbacks::default(),
            Some(&chosen),
            training::train,
        )?;
        let Some(trained) = self.finished(outcome, " of the refit") else {
            return Ok(None);
        };
        run_files::write_refit_inputs(run, prepared)?;
        let prior = prior.and_then(|prior| prior::counted_anew(prior, &prepared.split));
        let trained =
            run_files::write_outputs(run, self.config, prepared, *trained, prior.as_ref())?;
        let seconds = trained.history.iter().map(|record| record.seconds).sum();
        let refit = prepared.record.refit.clone();
        Ok(Some(TrainedRun {
            best_epoch: chosen.epochs,
            history: chosen.history,
            refit: refit.map(|refit| Refitted { refit, seconds }),
        }))
    }

    fn train<T>(
        self,
        prepared: &Prepared,
        run: &mut RunWriter,
        checkpoint: Option<Checkpoint>,
        on: Callbacks<'_>,
        train: Run<T>,
    ) -> Result<Outcome<T>> {
        self.begin(prepared, run, checkpoint, on, None, train)
    }

    /// Makes what a training needs and runs it. `chosen` is what a refit follows.
    fn begin<T>(
        self,
        prepared: &Prepared,
        run: &mut RunWriter,
        checkpoint: Option<Checkpoint>,
        on: Callbacks<'_>,
        chosen: Option<&Chosen>,
        train: Run<T>,
    ) -> Result<Outcome<T>> {
        let Self {
            observer, config, ..
        } = self;
        let near = neighbours(observer, config, prepared, run)?;
        let device = self.device.clone().autodiff();
        let items = item_graph(observer, config, prepared, run)?;
        let start = match checkpoint {
            None => content_start(observer, config, prepared),
            Some(_) => None,
        };
        let tables = match checkpoint {
            None => spectral_start(observer, config, prepared)?,
            Some(_) => None,
        };
        let inputs = training::model_inputs(config, &prepared.split.train, items, &device)?;
        let done = checkpoint
            .as_ref()
            .map_or(&[][..], |checkpoint| &checkpoint.history);
        let before = chosen.map_or(&[][..], |chosen| &chosen.history);
        let mut log = run.start_metrics(&[before, done].concat())?;
        let refit_epochs = chosen.map(|chosen| chosen.epochs);
        let n_interactions = prepared.split.train.n_interactions();
        let refit = prepared.record.refit.as_ref();
        observer.event(Event::TrainingBegins {
            n_epochs: on.until.or(refit_epochs).unwrap_or(config.training.epochs),
            steps_per_epoch: config.sampling.n_batches(n_interactions) as u64,
            n_done: done.len() as u32,
            refit_on: refit.map(|refit| refit.on.words()),
        });
        let prior =
            |scores: &dyn ScoreSource| prior::choose_to_validate(config, &prepared.split, scores);
        let job = Job {
            config,
            split: &prepared.split,
            graph: inputs.graph(),
            start: start.as_ref(),
            tables: tables.as_ref(),
            near: near.as_ref(),
            prior: Some(&prior),
            device: &device,
            checkpoints: match chosen {
                None => run.checkpoint_dir(),
                Some(_) => run.refit_checkpoint_dir(),
            },
            save_every: on.save_every,
            observer,
            after_epoch: on.after_epoch,
            refit_epochs,
            pause: on.pause,
        };
        Ok(train(&job, &mut log, checkpoint)?)
    }

    /// What a training left, unless it was interrupted: then the observer hears how to resume it.
    fn finished<T>(self, outcome: Outcome<T>, of_what: &str) -> Option<Box<T>> {
        match outcome {
            Outcome::Finished(left) => Some(left),
            Outcome::Interrupted { epoch, step } => {
                let how = format!(
                    "interrupted after {epoch} epochs and {step} steps{of_what}; resume with `{}`",
                    self.again
                );
                self.observer.event(Event::Stopped(&how));
                None
            }
            Outcome::Paused(_) => unreachable!("nobody asked for a pause"),
        }
    }
}
