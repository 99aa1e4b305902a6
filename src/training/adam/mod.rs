//! Adam over every parameter of a module, with its state in the open so that a checkpoint can hold it.

mod flex;
mod rows;

use std::collections::BTreeMap;

use burn::module::{Module, ModuleMapper, Param};
use burn::optim::{Adam, AdamConfig, AdamState, AdaptiveMomentumState, GradientsParams, Optimizer};
use burn::tensor::{Device, Tensor, TensorData};

use crate::run::{HostTensor, NamedTensors};

pub(super) use rows::TableRows;

const BETA_1: f32 = 0.9;
const BETA_2: f32 = 0.999;
/// PyTorch's default; Burn's own is 1e-5.
const EPSILON: f32 = 1e-8;

/// Adam (Kingma & Ba 2015) with PyTorch's defaults: in one pass on the host, by Burn's operations on
/// any other device.
pub(super) struct ModuleAdam {
    adam: Adam,
    states: BTreeMap<String, AdamState<2>>,
    /// Factors of the learning rate of the parameters named by the last part of their path.
    rates: BTreeMap<&'static str, f64>,
}

impl ModuleAdam {
    pub(super) fn new() -> Self {
        let adam = AdamConfig::new()
            .with_beta_1(BETA_1)
            .with_beta_2(BETA_2)
            .with_epsilon(EPSILON)
            .build();
        Self {
            adam,
            states: BTreeMap::new(),
            rates: BTreeMap::new(),
        }
    }

    /// With factors of the learning rate of some parameters, named by the last part of their path.
    pub(super) fn with_rates(mut self, rates: BTreeMap<&'static str, f64>) -> Self {
        self.rates = rates;
        self
    }

    /// One update of every parameter that has a gradient.
    pub(super) fn step<M: Module>(
        &mut self,
        module: M,
        gradients: GradientsParams,
        learning_rate: f64,
    ) -> M {
        self.step_with_rows(module, gradients, BTreeMap::new(), learning_rate)
    }

    /// [`ModuleAdam::step`], and one update of the given rows of the parameters named by the last part
    /// of their path.
    pub(super) fn step_with_rows<M: Module>(
        &mut self,
        module: M,
        gradients: GradientsParams,
        rows: BTreeMap<&'static str, TableRows>,
        learning_rate: f64,
    ) -> M {
        let mut update = Update {
            optimizer: self,
            gradients,
            rows,
            learning_rate,
            path: Vec::new(),
        };
        module.map(&mut update)
    }

    /// The moments as `NAME.moment_1` and `NAME.moment_2`, and the steps taken by parameter.
    pub(super) fn to_host(&self) -> (NamedTensors, BTreeMap<String, u64>) {
        let mut tensors = NamedTensors::new();
        let mut steps = BTreeMap::new();
        for (name, state) in &self.states {
            let momentum = &state.momentum;
            for (suffix, moment) in [
                ("moment_1", &momentum.moment_1),
                ("moment_2", &momentum.moment_2),
            ] {
                let shape = moment.dims().to_vec();
                let values = moment.to_data().try_into_vec::<f32>().unwrap_or_default();
                tensors.insert(format!("{name}.{suffix}"), HostTensor { shape, values });
            }
            steps.insert(name.clone(), momentum.time as u64);
        }
        (tensors, steps)
    }

    /// Rebuilds the optimizer from what [`to_host`](Self::to_host) gave; `None` when a moment is
    /// missing or misshapen.
    pub(super) fn from_host(
        tensors: &NamedTensors,
        steps: &BTreeMap<String, u64>,
        device: &Device,
    ) -> Option<Self> {
        let moment = |name: String| -> Option<Tensor<2>> {
            let host = tensors.get(&name)?;
            let [rows, columns] = host.shape[..] else {
                return None;
            };
            let data = TensorData::new(host.values.clone(), [rows, columns]);
            (host.values.len() == rows * columns).then(|| Tensor::from_data(data, device))
        };
        let mut optimizer = Self::new();
        for (name, &time) in steps {
            let first = moment(format!("{name}.moment_1"))?;
            let second = moment(format!("{name}.moment_2"))?;
            let momentum = AdaptiveMomentumState::new(usize::try_from(time).ok()?, first, second);
            optimizer
                .states
                .insert(name.clone(), AdamState::new(momentum));
        }
        Some(optimizer)
    }
}

struct Update<'a> {
    optimizer: &'a mut ModuleAdam,
    gradients: GradientsParams,
    rows: BTreeMap<&'static str, TableRows>,
    learning_rate: f64,
    path: Vec<String>,
}

impl Update<'_> {
    fn update(
        &self,
        learning_rate: f64,
        tensor: Tensor<2>,
        gradient: Gradient,
        state: Option<AdamState<2>>,
    ) -> (Tensor<2>, AdamState<2>) {
        match gradient {
            Gradient::Rows(rows) => rows.step(learning_rate, tensor, state),
            Gradient::Dense(gradient) if flex::is_on_host(&tensor) => {
                flex::step(learning_rate, tensor, gradient, state)
            }
            Gradient::Dense(gradient) => {
                let adam = &self.optimizer.adam;
                let (tensor, state) = adam.step(learning_rate, tensor, gradient, state);
                (
                    tensor,
                    state.unwrap_or_else(|| unreachable!("Adam keeps moments")),
                )
            }
        }
    }
}

// One lives at a time, so the width of the largest variant costs nothing.
#[allow(clippy::large_enum_variant)]
enum Gradient {
    Dense(Tensor<2>),
    Rows(TableRows),
}

impl ModuleMapper for Update<'_> {
    fn enter_module(&mut self, name: &str, _container: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.pop();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let (id, tensor, mapper) = param.consume();
        let shape = tensor.dims();
        let matrix = [shape[..D - 1].iter().product(), shape[D - 1]];
        let last = self.path.last().map_or("", String::as_str);
        let factor = self.optimizer.rates.get(last).copied().unwrap_or(1.0);
        let gradient = match (self.gradients.remove::<D>(id), self.rows.remove(last)) {
            (Some(gradient), _) => Gradient::Dense(gradient.reshape(matrix)),
            (None, Some(rows)) => Gradient::Rows(rows),
            (None, None) => return Param::from_mapped_value(id, tensor, mapper),
        };
        let name = self.path.join(".");
        let state = self.optimizer.states.remove(&name);
        let rate = factor * self.learning_rate;
        let (updated, state) = self.update(rate, tensor.inner().reshape(matrix), gradient, state);
        self.optimizer.states.insert(name, state);
        let updated = Tensor::from_inner(updated.reshape(shape)).require_grad();
        Param::from_mapped_value(id, updated, mapper)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[derive(Module, Debug)]
    struct Line {
        weight: Param<Tensor<1>>,
    }

    /// The first two steps of Adam by hand: with a constant gradient every step is -lr.
    #[test]
    fn a_constant_gradient_moves_by_the_learning_rate() {
        let device = Device::flex().autodiff();
        let mut line = Line {
            weight: Param::from_tensor(Tensor::from_floats([1.0, -2.0], &device)),
        };
        let mut adam = ModuleAdam::new();
        for _ in 0..2 {
            let loss = (line.weight.val() * Tensor::from_floats([3.0, -0.5], &device)).sum();
            let gradients = GradientsParams::from_grads(loss.backward(), &line);
            line = adam.step(line, gradients, 0.1);
        }
        let weight = line.weight.val().into_data().try_to_vec::<f32>().unwrap();
        assert!(
            (weight[0] - 0.8).abs() < 1e-5 && (weight[1] + 1.8).abs() < 1e-5,
            "{weight:?}"
        );
        let (moments, steps) = adam.to_host();
        assert_eq!(steps["weight"], 2);
        assert!((moments["weight.moment_1"].values[0] - 0.57).abs() < 1e-5);
    }

    /// Five steps of one pass against five of Burn's own Adam.
    #[test]
    fn the_pass_on_the_host_is_burns_adam() {
        let device = Device::flex();
        let wave = |seed: f32| {
            let values: Vec<f32> = (0..900).map(|i| (i as f32 * seed).sin()).collect();
            Tensor::<2>::from_data(TensorData::new(values, [30, 30]), &device)
        };
        let burn = ModuleAdam::new().adam;
        let (mut ours, mut theirs) = (wave(0.3), wave(0.3));
        let (mut our_state, mut their_state) = (None, None);
        for step in 1..=5 {
            let gradient = wave(step as f32) * 0.1;
            let (updated, state) = flex::step(0.01, ours, gradient.clone(), our_state);
            (ours, our_state) = (updated, Some(state));
            (theirs, their_state) = burn.step(0.01, theirs, gradient, their_state);
        }
        let values = |t: Tensor<2>| t.into_data().try_to_vec::<f32>().unwrap();
        let (ours, theirs) = (values(ours), values(theirs));
        let largest = ours.iter().zip(&theirs).map(|(a, b)| (a - b).abs());
        assert!(largest.fold(0.0, f32::max) < 1e-6);
        assert!(
            ours.iter()
                .zip(&values(wave(0.3)))
                .any(|(a, b)| (a - b).abs() > 0.01)
        );
    }
}
