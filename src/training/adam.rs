//! Adam over every parameter of a module, with its state in the open so that a checkpoint can hold it.

use std::collections::BTreeMap;

use burn::module::{Module, ModuleMapper, Param};
use burn::optim::{Adam, AdamConfig, AdamState, AdaptiveMomentumState, GradientsParams, Optimizer};
use burn::tensor::{Device, Tensor, TensorData};

use crate::run::{HostTensor, NamedTensors};

/// Adam (Kingma & Ba 2015) with beta 0.9 and 0.999 and epsilon 1e-8, PyTorch's defaults
/// (Burn's own epsilon is 1e-5).
pub(super) struct ModuleAdam {
    adam: Adam,
    states: BTreeMap<String, AdamState<2>>,
}

impl ModuleAdam {
    pub(super) fn new() -> Self {
        let adam = AdamConfig::new().with_epsilon(1e-8).build();
        Self {
            adam,
            states: BTreeMap::new(),
        }
    }

    /// One update of every parameter that has a gradient.
    pub(super) fn step<M: Module>(
        &mut self,
        module: M,
        gradients: GradientsParams,
        learning_rate: f64,
    ) -> M {
        let mut update = Update {
            optimizer: self,
            gradients,
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
                let values = moment.to_data().try_to_vec::<f32>().unwrap_or_default();
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
    learning_rate: f64,
    path: Vec<String>,
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
        let Some(gradient) = self.gradients.remove::<D>(id) else {
            return Param::from_mapped_value(id, tensor, mapper);
        };
        let shape = tensor.dims();
        let columns = shape[D - 1];
        let rows = shape[..D - 1].iter().product();
        let name = self.path.join(".");
        let state = self.optimizer.states.remove(&name);
        let (updated, state) = self.optimizer.adam.step(
            self.learning_rate,
            tensor.inner().reshape([rows, columns]),
            gradient.reshape([rows, columns]),
            state,
        );
        if let Some(state) = state {
            self.optimizer.states.insert(name, state);
        }
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
}
