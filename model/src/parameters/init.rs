//! Initial parameters from a host generator keyed by the run's seed and the parameter's name: the
//! same numbers on every backend, and no parameter's numbers depend on another's shape.

use std::f64::consts::TAU;

use burn::module::{Param, ParamId};
use burn::tensor::{Device, Tensor, TensorData};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::checks::{ConfigError, positive};

/// Distribution of the initial embedding tables.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "distribution", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Init {
    /// Uniform on `±sqrt(6 / (rows + columns))` (Glorot and Bengio, 2010).
    XavierUniform,
    /// Normal with mean zero.
    Normal {
        /// Standard deviation.
        std: f64,
    },
}

impl Init {
    pub(crate) fn validate(self) -> Result<(), ConfigError> {
        match self {
            Self::XavierUniform => Ok(()),
            Self::Normal { std } => positive("init.std", std),
        }
    }
}

/// 64-bit FNV-1a.
pub(crate) fn hash_name(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// Makes named parameters on a device.
pub(crate) struct Initializer<'a> {
    seed: u64,
    device: &'a Device,
}

impl<'a> Initializer<'a> {
    pub(crate) fn new(seed: u64, device: &'a Device) -> Self {
        Self { seed, device }
    }

    /// `[rows, columns]` from `init`.
    pub(crate) fn table(
        &self,
        name: &str,
        rows: usize,
        columns: usize,
        init: Init,
    ) -> Param<Tensor<2>> {
        let mut rng = self.rng(name);
        let values = match init {
            Init::XavierUniform => {
                let bound = xavier_bound(rows, columns);
                uniform(&mut rng, rows * columns, bound)
            }
            Init::Normal { std } => normal(&mut rng, rows * columns, std),
        };
        self.matrix(name, rows, columns, values)
    }

    /// `[fan_in_rows, columns]`, Xavier uniform with a fan-in that may exceed the rows: the
    /// weight of a concatenation is stored as one matrix per part.
    pub(crate) fn weight(
        &self,
        name: &str,
        rows: usize,
        columns: usize,
        fan_in: usize,
    ) -> Param<Tensor<2>> {
        let bound = xavier_bound(fan_in, columns);
        let values = uniform(&mut self.rng(name), rows * columns, bound);
        self.matrix(name, rows, columns, values)
    }

    /// `[n, n]`, the identity.
    pub(crate) fn identity(&self, name: &str, n: usize) -> Param<Tensor<2>> {
        let values = (0..n * n).map(|i| f32::from(i % (n + 1) == 0)).collect();
        self.matrix(name, n, n, values)
    }

    /// `[n]`, zeros.
    pub(crate) fn zeros(&self, name: &str, n: usize) -> Param<Tensor<1>> {
        self.vector(name, vec![0.0; n])
    }

    /// `[n]`, Xavier uniform as the weight of `n` inputs and one output.
    pub(crate) fn output_weight(&self, name: &str, n: usize) -> Param<Tensor<1>> {
        let bound = xavier_bound(n, 1);
        self.vector(name, uniform(&mut self.rng(name), n, bound))
    }

    /// `[n]`, Xavier uniform as a matrix of one row.
    pub(crate) fn bias(&self, name: &str, n: usize) -> Param<Tensor<1>> {
        let bound = xavier_bound(1, n);
        self.vector(name, uniform(&mut self.rng(name), n, bound))
    }

    fn rng(&self, name: &str) -> ChaCha8Rng {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&self.seed.to_le_bytes());
        key[8..16].copy_from_slice(&hash_name(name).to_le_bytes());
        ChaCha8Rng::from_seed(key)
    }

    fn matrix(&self, name: &str, rows: usize, columns: usize, v: Vec<f32>) -> Param<Tensor<2>> {
        parameter(
            name,
            Tensor::from_data(TensorData::new(v, [rows, columns]), self.device),
        )
    }

    fn vector(&self, name: &str, v: Vec<f32>) -> Param<Tensor<1>> {
        let n = v.len();
        parameter(
            name,
            Tensor::from_data(TensorData::new(v, [n]), self.device),
        )
    }
}

/// A parameter whose id is a function of its name, so that an optimizer's saved state finds its
/// parameter again in another process.
fn parameter<const D: usize>(name: &str, value: Tensor<D>) -> Param<Tensor<D>> {
    let (_, value, mapper) = Param::from_tensor(value).consume();
    Param::from_mapped_value(ParamId::from(hash_name(name)), value, mapper)
}

fn xavier_bound(fan_in: usize, fan_out: usize) -> f64 {
    (6.0 / (fan_in + fan_out).max(1) as f64).sqrt()
}

fn uniform(rng: &mut impl Rng, n: usize, bound: f64) -> Vec<f32> {
    (0..n)
        .map(|_| ((2.0 * rng.random::<f64>() - 1.0) * bound) as f32)
        .collect()
}

/// Box-Muller, both values of each pair.
fn normal(rng: &mut impl Rng, n: usize, std: f64) -> Vec<f32> {
    let mut values = Vec::with_capacity(n + 1);
    while values.len() < n {
        let radius = std * (-2.0 * (1.0 - rng.random::<f64>()).ln()).sqrt();
        let (sin, cos) = (TAU * rng.random::<f64>()).sin_cos();
        values.extend([(radius * cos) as f32, (radius * sin) as f32]);
    }
    values.truncate(n);
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_and_bounds_are_those_of_the_distribution() {
        let mut rng = ChaCha8Rng::from_seed([3; 32]);
        let values = normal(&mut rng, 100_001, 0.1);
        assert_eq!(values.len(), 100_001);
        let mean = values.iter().map(|&v| f64::from(v)).sum::<f64>() / 100_001.0;
        let square = values.iter().map(|&v| f64::from(v).powi(2)).sum::<f64>() / 100_001.0;
        // Four standard errors: 0.1 / sqrt(1e5) and 0.01 * sqrt(2 / 1e5).
        assert!(mean.abs() < 1.3e-3 && (square - 0.01).abs() < 1.8e-4);

        let bound = xavier_bound(100, 50);
        assert!((bound - 0.2).abs() < 1e-12);
        let values = uniform(&mut rng, 10_000, bound);
        assert!(values.iter().all(|v| v.abs() <= 0.2));
        assert!(values.iter().any(|v| *v > 0.199) && values.iter().any(|v| *v < -0.199));
    }

    #[test]
    fn a_parameter_depends_on_seed_and_name_alone() {
        let device = Device::flex();
        let read = |seed, name, rows| {
            let init = Initializer::new(seed, &device);
            let table = init.table(name, rows, 4, Init::Normal { std: 1.0 });
            table
                .val()
                .into_data()
                .try_to_vec::<f32>()
                .unwrap_or_default()
        };
        assert_eq!(read(1, "users", 3), read(1, "users", 5)[..12]);
        assert_ne!(read(1, "users", 3), read(2, "users", 3));
        assert_ne!(read(1, "users", 3), read(1, "items", 3));
    }
}
