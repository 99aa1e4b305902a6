//! The state of a training: all that changes while it runs, and its conversion to and from a checkpoint.

use std::collections::BTreeMap;

use burn::module::Module;
use sagebrush_model::Model;

use super::adam::ModuleAdam;
use super::temperatures::UserTemperatures;
use super::{Chosen, Job, Trained, TrainingError, host_tables};
use crate::config::TrainingConfig;
use crate::inference::model_config;
use crate::run::{Best, Checkpoint, EpochRecord, NamedTensors, Totals};

pub(super) struct State {
    /// `None` only while a step holds it.
    model: Option<Model>,
    pub(super) adam: ModuleAdam,
    /// Where the loss has a temperature a user.
    pub(super) temperatures: Option<UserTemperatures>,
    /// Whole epochs done.
    pub(super) epoch: u32,
    /// Steps done in the epoch at hand.
    pub(super) step: u64,
    pub(super) totals: Totals,
    pub(super) history: Vec<EpochRecord>,
    best: Option<Best>,
    best_parameters: Option<NamedTensors>,
    validations_without_improvement: u32,
}

/// Whether training is over after so many epochs and steps of the next: by the last epoch, or by early stopping.
pub(super) fn is_over(
    training: &TrainingConfig,
    (epoch, step): (u32, u64),
    validations_without_improvement: u32,
) -> bool {
    let stale =
        training.patience > 0 && validations_without_improvement >= training.patience && step == 0;
    epoch >= training.epochs || stale
}

impl State {
    /// The parameters that training begins with.
    pub(super) fn new(job: &Job<'_>) -> Result<Self, TrainingError> {
        let mut state = Self::fresh(job);
        if let Some(start) = job.start {
            let model = state.take_model().with_lsa_start(start)?;
            state.put_model(model);
        }
        if let Some(tables) = job.tables {
            let mut parameters = to_host(state.model())?;
            parameters.extend(tables.clone());
            let model = load(state.take_model(), &parameters)?;
            state.put_model(model);
        }
        Ok(state)
    }

    fn fresh(job: &Job<'_>) -> Self {
        let train = &job.split.train;
        let model = model_config(job.config, job.n_features()).init(
            train.n_users(),
            train.n_items(),
            job.config.seed,
            job.device,
        );
        Self {
            model: Some(model),
            adam: ModuleAdam::new().with_rates(rates(job)),
            temperatures: temperatures(job),
            epoch: 0,
            step: 0,
            totals: Totals::default(),
            history: Vec::new(),
            best: None,
            best_parameters: None,
            validations_without_improvement: 0,
        }
    }

    pub(super) fn from_checkpoint(
        job: &Job<'_>,
        checkpoint: Checkpoint,
    ) -> Result<Self, TrainingError> {
        let mut fresh = Self::fresh(job);
        let temperatures = fresh.temperatures.take().map(|new| {
            let missing = || TrainingError::CheckpointMismatch("a user's costs are missing".into());
            new.restored(&checkpoint.user_costs).ok_or_else(missing)
        });
        let model = load(fresh.take_initial(), &checkpoint.parameters)?;
        let device = job.device.clone().inner();
        let adam =
            ModuleAdam::from_host(&checkpoint.optimizer, &checkpoint.optimizer_steps, &device)
                .ok_or_else(|| {
                    TrainingError::CheckpointMismatch("a moment of Adam is missing".into())
                })?;
        Ok(Self {
            model: Some(model),
            adam: adam.with_rates(rates(job)),
            temperatures: temperatures.transpose()?,
            epoch: checkpoint.epoch,
            step: checkpoint.step,
            totals: checkpoint.totals,
            history: checkpoint.history,
            best: checkpoint.best,
            best_parameters: checkpoint.best_parameters,
            validations_without_improvement: checkpoint.validations_without_improvement,
        })
    }

    fn take_initial(self) -> Model {
        self.model
            .unwrap_or_else(|| unreachable!("a new state holds its model"))
    }

    pub(super) fn take_model(&mut self) -> Model {
        self.model
            .take()
            .unwrap_or_else(|| unreachable!("the model is back after every step"))
    }

    pub(super) fn put_model(&mut self, model: Model) {
        self.model = Some(model);
    }

    pub(super) fn model(&self) -> &Model {
        self.model
            .as_ref()
            .unwrap_or_else(|| unreachable!("the model is back after every step"))
    }

    /// Whether the last epoch is done or early stopping says so.
    pub(super) fn is_done(&self, job: &Job<'_>) -> bool {
        if let Some(epochs) = job.refit_epochs {
            return self.epoch >= epochs;
        }
        let position = (self.epoch, self.step);
        is_over(
            &job.config.training,
            position,
            self.validations_without_improvement,
        )
    }

    /// Takes note of an epoch's validation metric and says whether it is the best so far.
    pub(super) fn note_validation(
        &mut self,
        epoch: u32,
        metric: Option<f64>,
    ) -> Result<bool, TrainingError> {
        let Some(value) = metric else {
            return Ok(false);
        };
        let better = self.best.as_ref().is_none_or(|best| value > best.value);
        if better {
            self.best = Some(Best { epoch, value });
            self.best_parameters = Some(to_host(self.model())?);
            self.validations_without_improvement = 0;
        } else {
            self.validations_without_improvement += 1;
        }
        Ok(better)
    }

    /// Writes a checkpoint. What is on the host already is lent to it, not copied.
    pub(super) fn save(&mut self, job: &Job<'_>) -> Result<(), TrainingError> {
        let parameters = to_host(self.model())?;
        let (optimizer, optimizer_steps) = self.adam.to_host();
        let checkpoint = Checkpoint {
            epoch: self.epoch,
            step: self.step,
            totals: self.totals.clone(),
            seed: job.config.seed,
            config_toml: job.config.to_toml(),
            best: self.best,
            validations_without_improvement: self.validations_without_improvement,
            parameters,
            best_parameters: self.best_parameters.take(),
            optimizer,
            optimizer_steps,
            user_costs: self
                .temperatures
                .as_ref()
                .map(UserTemperatures::to_host)
                .unwrap_or_default(),
            history: std::mem::take(&mut self.history),
        };
        let saved = checkpoint.save(&job.checkpoints);
        self.best_parameters = checkpoint.best_parameters;
        self.history = checkpoint.history;
        saved?;
        Ok(())
    }

    fn best_epoch(&self) -> u32 {
        self.best.as_ref().map_or(self.epoch, |best| best.epoch)
    }

    pub(super) fn into_chosen(self) -> Chosen {
        Chosen {
            epochs: self.best_epoch(),
            history: self.history,
        }
    }

    pub(super) fn into_trained(mut self, job: &Job<'_>) -> Result<Trained, TrainingError> {
        let best_epoch = self.best_epoch();
        let parameters = match self.best_parameters.take() {
            Some(best) => best,
            None => to_host(self.model())?,
        };
        let history = std::mem::take(&mut self.history);
        let model = load(self.take_initial(), &parameters)?.no_grad();
        let tables = host_tables(&model, model.embed_all(job.graph, job.temp_dir())?)?;
        Ok(Trained {
            parameters,
            tables,
            best_epoch,
            history,
        })
    }
}

/// Where the loss has a temperature a user.
fn temperatures(job: &Job<'_>) -> Option<UserTemperatures> {
    let loss = &job.config.loss;
    loss.adaptive_temperature
        .then(|| UserTemperatures::new(&job.split.train, loss.adaptive_spread))
}

/// Words' embeddings learn at a rate of their own.
fn rates(job: &Job<'_>) -> BTreeMap<&'static str, f64> {
    let features = job.config.features.iter();
    features
        .map(|features| ("words", features.learning_rate_multiplier))
        .collect()
}

fn load(model: Model, tensors: &NamedTensors) -> Result<Model, TrainingError> {
    Ok(model.with_parameters(tensors.clone())?)
}

/// The model's parameters by name, on the host.
fn to_host(model: &Model) -> Result<NamedTensors, TrainingError> {
    Ok(model.parameters()?.into_iter().collect())
}
