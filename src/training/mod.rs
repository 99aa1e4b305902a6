//! The training loop, top to bottom: the only home of autodiff and optimizers.

mod adam;
mod error;
mod prefetch;
mod prepare;
mod schedule;
mod setup;
mod state;
mod step;
mod temperatures;
mod validation;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use burn::tensor::Device;
use sagebrush_model::{Graph, LossConfig, LsaStart, Model, ServingTables};

pub use error::TrainingError;
pub use setup::{ModelInputs, adjacency, model_inputs};

use crate::config::{RunConfig, TrainingConfig};
use crate::data::ItemLists;
use crate::inference::{ItemPrior, RankError, ScoreSource, Tables};
use crate::observer::{Event, Observer};
use crate::run::{Checkpoint, EpochRecord, MetricsLog, NamedTensors, Totals};
use crate::sampling::EpochSampler;
use crate::split::Split;
use prepare::Preparer;
use schedule::learning_rate;
use state::State;
use step::{PendingLosses, step};
use validation::{source, validate};

/// Everything one training run needs.
pub struct Job<'a> {
    /// The complete settings.
    pub config: &'a RunConfig,
    /// The data; the loop touches its training and validation parts only.
    pub split: &'a Split,
    /// What the model computes over, from the training interactions; an adjacency is on the device with
    /// gradients.
    pub graph: Graph<'a>,
    /// What embeddings begin with, instead of random weights.
    pub start: Option<&'a LsaStart>,
    /// Parameters that training begins with, by name, instead of random ones.
    pub tables: Option<&'a NamedTensors>,
    /// The items hard negatives are drawn from; `None` where none are wanted.
    pub near: Option<&'a ItemLists>,
    /// The prior that scores are measured with on the validation part, where there is one: an epoch is the best one by
    /// the lists that are served.
    pub prior: Option<&'a PriorCallback<'a>>,
    /// The device, with gradients on.
    pub device: &'a Device,
    /// Where checkpoints go.
    pub checkpoints: PathBuf,
    /// Time between two checkpoints at least, zero for one an epoch: what was killed goes on from the newest, or starts
    /// over, to the same bits. A stop saves one at once.
    pub save_every: Duration,
    /// Is told of the progress, and may ask for a stop.
    pub observer: &'a dyn Observer,
    /// Called after each epoch; changes nothing.
    pub after_epoch: Option<&'a EpochCallback<'a>>,
    /// In a refit the number of epochs, whatever the settings say; the learning rate of each is the one it had when they
    /// were chosen.
    pub refit_epochs: Option<u32>,
    /// Asked before each epoch, by the number done, whether to leave it at that for now.
    pub pause: Option<&'a dyn Fn(u32) -> bool>,
}

impl Job<'_> {
    /// Floats of an item's features; 0 where the model reads none.
    fn n_features(&self) -> usize {
        match self.graph {
            Graph::Items(items) => items.n_features(),
            Graph::None | Graph::Adjacency(_) => 0,
        }
    }

    /// Where tables are kept that inference needs between layers; memory where there is none.
    fn temp_dir(&self) -> Option<&Path> {
        self.config.run.temp_dir.as_deref()
    }
}

/// Is given the data and the model's scores after an epoch.
pub type EpochCallback<'a> = dyn Fn(&Split, &dyn ScoreSource) -> Result<(), RankError> + 'a;

/// Is given the model's scores before they are measured on the validation part.
pub type PriorCallback<'a> = dyn Fn(&dyn ScoreSource) -> Result<Option<ItemPrior>, RankError> + 'a;

/// How training ended.
pub enum Outcome<T = Trained> {
    /// All epochs are done, or early stopping ended them.
    Finished(Box<T>),
    /// A stop was asked for; the checkpoint continues from here.
    Interrupted {
        /// Whole epochs done.
        epoch: u32,
        /// Steps done in the epoch after.
        step: u64,
    },
    /// [`Job::pause`] said so; the checkpoint continues from here.
    Paused(Vec<EpochRecord>),
}

/// What training leaves: the parameters of the best epoch by the validation metric.
pub struct Trained {
    /// Parameters by name.
    pub parameters: NamedTensors,
    /// Final tables for inference.
    pub tables: Tables,
    /// The epoch they are from.
    pub best_epoch: u32,
    /// Every epoch's record.
    pub history: Vec<EpochRecord>,
}

/// What a training that is followed by a refit leaves.
pub struct Chosen {
    /// The number of epochs to the best one by the validation metric.
    pub epochs: u32,
    /// Every epoch's record.
    pub history: Vec<EpochRecord>,
}

impl From<Checkpoint> for Chosen {
    /// Of a training that is over.
    fn from(checkpoint: Checkpoint) -> Self {
        let best = checkpoint.best.map(|best| best.epoch);
        Self {
            epochs: best.unwrap_or(checkpoint.epoch),
            history: checkpoint.history,
        }
    }
}

impl From<Trained> for Chosen {
    fn from(trained: Trained) -> Self {
        Self {
            epochs: trained.best_epoch,
            history: trained.history,
        }
    }
}

/// Trains until the last epoch, early stopping or an interrupt, from the beginning or a checkpoint.
///
/// An epoch's samples and dropout masks are functions of (seed, epoch, step), so that resuming from a
/// checkpoint gives the same bits as never having stopped.
///
/// # Errors
/// A loss that is not finite (with epoch, step and learning rate), a checkpoint that does not fit the
/// configuration, a file that cannot be written.
pub fn train(
    job: &Job<'_>,
    log: &mut MetricsLog,
    resume: Option<Checkpoint>,
) -> Result<Outcome, TrainingError> {
    Ok(match run(job, log, resume)? {
        Outcome::Finished(state) => Outcome::Finished(Box::new(state.into_trained(job)?)),
        Outcome::Interrupted { epoch, step } => Outcome::Interrupted { epoch, step },
        Outcome::Paused(history) => Outcome::Paused(history),
    })
}

/// Trains as [`train`] does, for the number of epochs alone: no parameters are kept but those of checkpoints.
///
/// # Errors
/// As [`train`].
pub fn choose_epochs(
    job: &Job<'_>,
    log: &mut MetricsLog,
    resume: Option<Checkpoint>,
) -> Result<Outcome<Chosen>, TrainingError> {
    Ok(match run(job, log, resume)? {
        Outcome::Finished(state) => Outcome::Finished(Box::new(state.into_chosen())),
        Outcome::Interrupted { epoch, step } => Outcome::Interrupted { epoch, step },
        Outcome::Paused(history) => Outcome::Paused(history),
    })
}

fn run(
    job: &Job<'_>,
    log: &mut MetricsLog,
    resume: Option<Checkpoint>,
) -> Result<Outcome<State>, TrainingError> {
    let sampler = EpochSampler::new(&job.split.train, job.config.sampling.clone(), job.near);
    let loss = setup::loss_config(job.config, &job.split.train);
    let mut state = match resume {
        Some(checkpoint) => State::from_checkpoint(job, checkpoint)?,
        None => State::new(job)?,
    };
    let mut saved = Instant::now();
    while !state.is_done(job) {
        if job.pause.is_some_and(|pause| pause(state.epoch)) {
            job.observer.event(Event::TrainingEnds);
            return Ok(Outcome::Paused(state.history));
        }
        let epoch = state.epoch + 1;
        job.observer.event(Event::EpochBegins(epoch));
        if !run_epoch(job, &sampler, &loss, &mut state)? {
            state.save(job)?;
            job.observer.event(Event::TrainingEnds);
            return Ok(Outcome::Interrupted {
                epoch: state.epoch,
                step: state.step,
            });
        }
        job.observer.event(Event::MemoryFreed);
        finish_epoch(job, log, &mut state)?;
        if saved.elapsed() >= job.save_every {
            state.save(job)?;
            saved = Instant::now();
        }
    }
    job.observer.event(Event::TrainingEnds);
    Ok(Outcome::Finished(Box::new(state)))
}

/// Whether a training that has come to this checkpoint is over.
#[must_use]
pub fn is_over(training: &TrainingConfig, checkpoint: &Checkpoint) -> bool {
    let position = (checkpoint.epoch, checkpoint.step);
    state::is_over(
        training,
        position,
        checkpoint.validations_without_improvement,
    )
}

/// Runs the first steps of an epoch and forgets them: how long each takes, with what it waits for its batch. Benches ask
/// for this where an epoch would take days.
///
/// # Errors
/// As [`train`].
pub fn time_steps(job: &Job<'_>, n: usize) -> Result<Vec<Duration>, TrainingError> {
    let sampler = EpochSampler::new(&job.split.train, job.config.sampling.clone(), job.near);
    let loss = setup::loss_config(job.config, &job.split.train);
    let rate = job.config.training.learning_rate;
    let mut state = State::new(job)?;
    let mut losses = PendingLosses::new(job);
    let numbered = (0..).zip(sampler.epoch(job.config.seed, 1)).take(n);
    let ready = Preparer::new(job, 1).over(numbered);
    prefetch::ahead(job.config.training.prefetch, ready, |batches| {
        let mut times = Vec::new();
        let mut started = Instant::now();
        for ready in batches {
            let loss = step(job, &loss, &mut state, ready, rate);
            losses.push(loss, &mut state)?;
            state.step += 1;
            times.push(started.elapsed());
            started = Instant::now();
        }
        Ok(times)
    })
}

/// Runs the rest of an epoch; `false` when a stop was asked for.
fn run_epoch(
    job: &Job<'_>,
    sampler: &EpochSampler<'_>,
    loss: &LossConfig,
    state: &mut State,
) -> Result<bool, TrainingError> {
    let epoch = state.epoch + 1;
    let batches = sampler.epoch(job.config.seed, epoch);
    let n_steps = batches.len();
    let numbered = (0..).zip(batches).skip(state.step as usize);
    let ready = Preparer::new(job, epoch).over(numbered);
    prefetch::ahead(job.config.training.prefetch, ready, |batches| {
        let started = Instant::now();
        let mut losses = PendingLosses::new(job);
        loop {
            let asked = Instant::now();
            let Some(ready) = batches.next() else {
                break;
            };
            state.totals.waited_seconds += asked.elapsed().as_secs_f64();
            if job.observer.should_stop() {
                losses.read(state)?;
                state.totals.seconds += started.elapsed().as_secs_f64();
                return Ok(false);
            }
            state.totals.skipped_negatives += ready.batch.skipped;
            state.totals.replaced_hard_negatives += ready.batch.hard_replaced;
            if !ready.batch.users.is_empty() {
                let training = &job.config.training;
                let rate = learning_rate(training, epoch, state.step, n_steps);
                let loss = step(job, loss, state, ready, rate);
                losses.push(loss, state)?;
            }
            state.step += 1;
            job.observer.event(Event::StepDone);
        }
        losses.read(state)?;
        state.totals.seconds += started.elapsed().as_secs_f64();
        Ok(true)
    })
}

/// Validates, remembers the best parameters, records the epoch.
fn finish_epoch(
    job: &Job<'_>,
    log: &mut MetricsLog,
    state: &mut State,
) -> Result<(), TrainingError> {
    let epoch = state.epoch + 1;
    let training = &job.config.training;
    if let Some(temperatures) = &mut state.temperatures {
        temperatures.end_epoch();
    }
    let due = epoch.is_multiple_of(training.evaluate_every) || epoch == training.epochs;
    let due = due && job.split.validation.n_pairs() > 0;
    let validation = if due {
        validate(job, state.model())?
    } else {
        BTreeMap::new()
    };
    if let Some(after_epoch) = job.after_epoch {
        after_epoch(job.split, &*source(job, state.model())?)?;
    }
    let is_best = state.note_validation(epoch, validation.get(&training.metric).copied())?;
    let n_steps = state.step.max(1);
    let rate = learning_rate(training, epoch, n_steps - 1, n_steps as usize);
    let mut record = state.totals.record(epoch, rate, validation, is_best);
    record.refit = job.refit_epochs.is_some();
    record.hard_negatives = job.config.sampling.hard_in_epoch(epoch) as u32;
    log.append(&record)?;
    job.observer.event(Event::EpochDone(&record));
    state.history.push(record);
    state.epoch = epoch;
    state.step = 0;
    state.totals = Totals::default();
    Ok(())
}

/// The model's final tables, on the host.
fn host_tables(
    model: &Model,
    embeddings: sagebrush_model::Embeddings,
) -> Result<Tables, TrainingError> {
    let ServingTables {
        dim,
        users,
        items,
        head,
    } = model.serving_tables(embeddings)?;
    let (n_users, n_items) = (model.n_users(), model.n_items());
    Ok(Tables::new(n_users, n_items, dim, users, items, head)?)
}
