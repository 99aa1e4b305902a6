//! Whole-crate checks, each on every device of the build.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod batch_loss;
mod gather;
mod gradients;
mod layers;
mod linear;
mod losses;
mod ngcf;
mod pinsage;
mod propagate;
mod roundtrip;
#[cfg(feature = "gpu")]
mod top_k;
mod training;

use std::collections::BTreeMap;

use burn::tensor::{Device, Tensor, TensorData};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::{
    Adjacency, CsrMatrix, HostTensor, Init, LightGcnConfig, MfConfig, Model, ModelConfig,
    NetworkConfig, NgcfLectureConfig, NgcfOfficialConfig, NgcfPaperConfig, Propagation,
    ScoreConfig,
};

/// Every device this build can compute on. Without a GPU its tests are skipped with a sentence,
/// unless `SAGEBRUSH_REQUIRE_GPU=1`.
#[allow(deprecated)]
fn devices() -> Vec<Device> {
    #[allow(unused_mut)]
    let mut devices = vec![Device::flex()];
    #[cfg(feature = "ndarray")]
    devices.push(Device::ndarray());
    #[cfg(feature = "gpu")]
    devices.extend(gpu());
    devices
}

#[cfg(feature = "gpu")]
fn gpu() -> Option<Device> {
    let found = Device::enumerate(burn::tensor::DeviceType::Wgpu).into_vec();
    let required = std::env::var("SAGEBRUSH_REQUIRE_GPU").is_ok_and(|value| value == "1");
    match found.into_iter().next() {
        Some(device) => Some(device),
        None if required => panic!("SAGEBRUSH_REQUIRE_GPU=1, but no GPU adapter was found"),
        None => {
            println!("no GPU adapter was found: this test ran on the CPU devices only");
            None
        }
    }
}

fn is_gpu(device: &Device) -> bool {
    crate::kernels::buffers::buffer_limit_bytes(device).is_some()
}

/// A bipartite graph with values on the host, as CSR over users then items.
#[derive(Clone, Debug)]
struct Graph {
    n_users: usize,
    n_items: usize,
    row_ptr: Vec<u32>,
    columns: Vec<u32>,
    values: Vec<f32>,
    transposed: Option<Vec<f32>>,
}

impl Graph {
    fn n(&self) -> usize {
        self.n_users + self.n_items
    }

    /// From user-item pairs (and the diagonal, if asked); `value(row, column)` of each entry.
    fn new(
        n_users: usize,
        n_items: usize,
        pairs: &[(usize, usize)],
        self_loops: bool,
        symmetric: bool,
        mut value: impl FnMut(usize, usize) -> f32,
    ) -> Self {
        let n = n_users + n_items;
        let mut entries = BTreeMap::new();
        for &(user, item) in pairs {
            entries.insert((user, n_users + item), 0.0);
            entries.insert((n_users + item, user), 0.0);
        }
        if self_loops {
            entries.extend((0..n).map(|node| ((node, node), 0.0)));
        }
        for (&(row, column), entry) in &mut entries {
            *entry = value(row, column);
        }
        let mut row_ptr = vec![0u32; n + 1];
        for &(row, _) in entries.keys() {
            row_ptr[row + 1] += 1;
        }
        for row in 0..n {
            row_ptr[row + 1] += row_ptr[row];
        }
        let transposed = entries.keys().map(|&(r, c)| entries[&(c, r)]).collect();
        Self {
            n_users,
            n_items,
            row_ptr,
            columns: entries.keys().map(|&(_, column)| column as u32).collect(),
            transposed: (!symmetric).then_some(transposed),
            values: entries.into_values().collect(),
        }
    }

    /// Random pairs and random, non-symmetric values.
    fn random(n_users: usize, n_items: usize, density: f64, seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let pairs: Vec<_> = (0..n_users)
            .flat_map(|user| (0..n_items).map(move |item| (user, item)))
            .filter(|_| rng.random::<f64>() < density)
            .collect();
        Self::new(n_users, n_items, &pairs, false, false, |_, _| {
            rng.random::<f32>() * 2.0 - 1.0
        })
    }

    /// Normalized as `propagation` says, by the definition.
    fn normalized(
        n_users: usize,
        n_items: usize,
        pairs: &[(usize, usize)],
        propagation: Propagation,
    ) -> Self {
        let mut degree = vec![0.0f64; n_users + n_items];
        for &(user, item) in pairs {
            degree[user] += 1.0;
            degree[n_users + item] += 1.0;
        }
        let (self_loops, symmetric) = match propagation {
            Propagation::Symmetric { self_loops } => (self_loops, true),
            Propagation::RowMean { self_loops } => (self_loops, false),
            Propagation::None => (false, true),
        };
        if self_loops {
            degree.iter_mut().for_each(|d| *d += 1.0);
        }
        Self::new(n_users, n_items, pairs, self_loops, symmetric, |r, c| {
            if symmetric {
                (degree[r] * degree[c]).sqrt().recip() as f32
            } else {
                degree[r].recip() as f32
            }
        })
    }

    fn on(&self, device: &Device) -> Adjacency {
        Adjacency::new(self.n_users, self.n_items, self.matrix(), device).unwrap()
    }

    fn matrix(&self) -> CsrMatrix {
        CsrMatrix {
            row_ptr: self.row_ptr.clone(),
            columns: self.columns.clone(),
            values: self.values.clone(),
            transposed_values: self.transposed.clone(),
        }
    }

    /// The matrix in full, row-major.
    fn dense(&self) -> Vec<f64> {
        let n = self.n();
        let mut dense = vec![0.0; n * n];
        for row in 0..n {
            for edge in self.row_ptr[row] as usize..self.row_ptr[row + 1] as usize {
                dense[row * n + self.columns[edge] as usize] = f64::from(self.values[edge]);
            }
        }
        dense
    }
}

fn random_values(n: usize, seed: u64) -> Vec<f32> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    (0..n).map(|_| rng.random::<f32>() * 2.0 - 1.0).collect()
}

fn table(values: &[f32], rows: usize, device: &Device) -> Tensor<2> {
    let data = TensorData::new(values.to_vec(), [rows, values.len() / rows]);
    Tensor::from_data(data, device)
}

fn host<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().iter::<f32>().collect()
}

fn scalar(tensor: Tensor<1>) -> f64 {
    f64::from(host(tensor)[0])
}

fn assert_close(got: &[f32], want: &[f64], tolerance: f64, what: &str) {
    assert_eq!(got.len(), want.len(), "{what}");
    for (i, (got, want)) in got.iter().zip(want).enumerate() {
        let error = (f64::from(*got) - want).abs() / want.abs().max(1.0);
        assert!(error <= tolerance, "{what}: at {i}, {got} against {want}");
    }
}

/// Every network, small, with all dropout off.
fn networks(dim: usize) -> Vec<NetworkConfig> {
    let init = Init::Normal { std: 0.5 };
    let layers = vec![dim + 1, dim];
    vec![
        NetworkConfig::Mf(MfConfig { dim, init }),
        NetworkConfig::LightGcn(LightGcnConfig {
            dim,
            layers: 3,
            init,
        }),
        NetworkConfig::NgcfLecture(NgcfLectureConfig {
            dim,
            layers: layers.clone(),
            linear_output: true,
            dropout: 0.0,
            init,
        }),
        NetworkConfig::NgcfPaper(NgcfPaperConfig {
            dim,
            layers: layers.clone(),
            message_dropout: 0.0,
            node_dropout: 0.0,
            init,
        }),
        NetworkConfig::NgcfOfficial(NgcfOfficialConfig {
            dim,
            layers,
            message_dropout: 0.0,
            edge_dropout: 0.0,
            init,
        }),
    ]
}

fn model(network: &NetworkConfig, score: ScoreConfig) -> ModelConfig {
    ModelConfig {
        network: network.clone(),
        score,
    }
}

fn parameters(model: &Model) -> BTreeMap<String, HostTensor> {
    model.parameters().unwrap().into_iter().collect()
}
