//! One step of training, and the reading of its loss.

use std::collections::BTreeMap;

use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor};
use sagebrush_model::{BatchIndices, LogQ, LossConfig, LossParts, Mode, Model, SharedNegatives};

use super::adam::TableRows;
use super::prepare::Ready;
use super::state::State;
use super::{Job, TrainingError};
use crate::config::{DeviceName, Optimizer};

/// Steps whose losses a GPU keeps before the host reads them: waiting for each would leave it idle.
const STEPS_A_READ: usize = 64;

/// The loss of one step, still on the device.
pub(super) struct StepLoss {
    epoch: u32,
    step: u64,
    learning_rate: f64,
    samples: usize,
    parts: LossParts,
    /// Whose positives the costs of the loss are; empty where it has none.
    users: Vec<u32>,
}

/// One step: loss, gradient, Adam.
pub(super) fn step(
    job: &Job<'_>,
    loss: &LossConfig,
    state: &mut State,
    ready: Ready,
    learning_rate: f64,
) -> StepLoss {
    let samples = ready.batch.users.len();
    let seed = ready.seed;
    let mut ids = indices(ready, job.device);
    if let Some(temperatures) = &state.temperatures {
        let of_users = temperatures.of(ids.users());
        ids = ids.with_inverse_temperatures(of_users);
    }
    let model = state.take_model();
    let (updated, parts) = match job.config.training.optimizer {
        Optimizer::Adam => dense_step(job, loss, state, model, &ids, (seed, learning_rate)),
        Optimizer::LazyAdam => lazy_step(loss, state, model, &ids, learning_rate),
    };
    state.put_model(updated);
    StepLoss {
        epoch: state.epoch + 1,
        step: state.step + 1,
        learning_rate,
        samples,
        users: match parts.costs {
            Some(_) => ids.users().to_vec(),
            None => Vec::new(),
        },
        parts,
    }
}

fn indices(ready: Ready, device: &Device) -> BatchIndices {
    let Ready { batch, items, .. } = ready;
    let mut ids = BatchIndices::new(&batch.users, &batch.positives, &batch.negatives, device);
    if let Some(shared) = batch.shared {
        ids = ids.with_shared(SharedNegatives {
            items: shared.items,
            in_batch: shared.in_batch,
            known_ptr: shared.known_ptr,
            known: shared.known,
        });
    }
    if let Some(log_q) = batch.log_q {
        ids = ids.with_log_q(LogQ {
            positives: log_q.positives,
            negatives: log_q.negatives,
            shared: log_q.shared,
        });
    }
    match items {
        None => ids,
        Some(items) => ids.with_item_batch(items),
    }
}

fn dense_step(
    job: &Job<'_>,
    loss: &LossConfig,
    state: &mut State,
    model: Model,
    ids: &BatchIndices,
    (seed, learning_rate): (u64, f64),
) -> (Model, LossParts) {
    let mode = Mode::Train { seed };
    let parts = model.loss(job.graph, ids, loss, mode);
    let gradients = GradientsParams::from_grads(parts.total().backward(), &model);
    (state.adam.step(model, gradients, learning_rate), parts)
}

/// The same for a model whose rows outside of the batch have no gradient: the batch's rows are the
/// leaves, and no table of gradients is made.
fn lazy_step(
    loss: &LossConfig,
    state: &mut State,
    model: Model,
    ids: &BatchIndices,
    learning_rate: f64,
) -> (Model, LossParts) {
    let rows = model.table_rows(ids).require_grad();
    let parts = model.loss_of_rows(rows.clone(), ids, loss);
    let mut gradients = parts.total().backward();
    let by_table = rows
        .grad_remove(&mut gradients)
        .map(|gradient| split_by_table(&model, ids, gradient))
        .unwrap_or_default();
    let gradients = GradientsParams::from_grads(gradients, &model);
    let adam = &mut state.adam;
    (
        adam.step_with_rows(model, gradients, by_table, learning_rate),
        parts,
    )
}

/// The gradients of the tables' rows from those of the batch's: users, then items.
fn split_by_table(
    model: &Model,
    ids: &BatchIndices,
    gradient: Tensor<2>,
) -> BTreeMap<&'static str, TableRows> {
    let [_, width] = gradient.dims();
    let values = host_values(gradient);
    let (users, items) = values.split_at(ids.len() * width);
    let users = ids.users().iter().copied().zip(users.chunks_exact(width));
    let items = ids.items().iter().copied().zip(items.chunks_exact(width));
    BTreeMap::from([
        ("users", TableRows::new(users, model.n_users())),
        ("items", TableRows::new(items, model.n_items())),
    ])
}

/// The elements of a tensor; none where the device cannot be read.
fn host_values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    let data = tensor.detach().try_into_data().ok();
    data.and_then(|data| data.try_into_vec::<f32>().ok())
        .unwrap_or_default()
}

/// Losses that the host has not read yet. A CPU's are read at once, so that a loss that is not finite
/// stops training at its step.
pub(super) struct PendingLosses {
    steps_a_read: usize,
    pending: Vec<StepLoss>,
}

impl PendingLosses {
    pub(super) fn new(job: &Job<'_>) -> Self {
        Self {
            steps_a_read: match job.config.run.device {
                DeviceName::Gpu => STEPS_A_READ,
                DeviceName::Cpu | DeviceName::Ndarray => 1,
            },
            pending: Vec::new(),
        }
    }

    /// Takes a step's loss, and reads all that are there when it is time.
    pub(super) fn push(&mut self, loss: StepLoss, state: &mut State) -> Result<(), TrainingError> {
        self.pending.push(loss);
        if self.pending.len() >= self.steps_a_read {
            self.read(state)?;
        }
        Ok(())
    }

    /// Adds every pending loss to the totals, and its costs to those of the users, in the order of steps, with one
    /// transfer.
    ///
    /// # Errors
    /// The first loss that is not finite.
    pub(super) fn read(&mut self, state: &mut State) -> Result<(), TrainingError> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let all = |loss: &StepLoss| {
            let parts = [Some(&loss.parts.ranking), Some(&loss.parts.regularization)];
            let parts = parts.into_iter().chain([loss.parts.costs.as_ref()]);
            let parts: Vec<_> = parts.flatten().map(|part| part.clone().detach()).collect();
            parts
        };
        let parts = self.pending.iter().flat_map(all).collect();
        let values = host_values(Tensor::cat(parts, 0));
        let mut rest = &values[..];
        for loss in self.pending.drain(..) {
            let mut next = |n: usize| {
                let (these, others) = rest.split_at(n.min(rest.len()));
                rest = others;
                these
            };
            let value = |one: &[f32]| one.first().copied().map_or(f64::NAN, f64::from);
            let (ranking, regularization) = (value(next(1)), value(next(1)));
            if !(ranking + regularization).is_finite() {
                return Err(TrainingError::NotFinite {
                    epoch: loss.epoch,
                    step: loss.step,
                    learning_rate: loss.learning_rate,
                });
            }
            state.totals.add(loss.samples, ranking, regularization);
            let costs = next(loss.users.len());
            if let Some(temperatures) = &mut state.temperatures {
                temperatures.note(&loss.users, costs);
            }
        }
        Ok(())
    }
}
