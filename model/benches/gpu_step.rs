//! What one training step of LightGCN asks of a GPU: kernels launched, by name, and the bytes that its products move.
//! Run by `cargo bench -p sagebrush-model --features gpu --bench gpu_step`.
//!
//! Launches are those issued by this process while the step runs, after steps that compile and tune; a kernel of several
//! fused operations is one. Bytes are counted as `src/kernels/gpu/spmm/kernels.rs` states them, every gathered row counted whole.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use burn::optim::{AdamConfig, GradientsParams, ModuleOptimizer};
use burn::tensor::{Device, DeviceType};
use burn_cubecl::cubecl::logging::{LaunchObservation, LaunchObserver};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use sagebrush_model::{
    Adjacency, BatchIndices, CsrMatrix, Init, L2, LightGcnConfig, LossConfig, Mode, Model,
    ModelConfig, NetworkConfig, RankingLoss, ScoreConfig,
};

const N_USERS: usize = 6_000;
const N_ITEMS: usize = 8_000;
const PAIRS: usize = 160_000;
const DIM: usize = 64;
const LAYERS: usize = 3;
const BATCH: usize = 2_048;
const WARM_UP: usize = 3;

/// Launches by the kernel's name.
#[derive(Default)]
struct Launches(Mutex<BTreeMap<&'static str, usize>>);

impl LaunchObserver for Launches {
    fn launched(&self, kernel: &'static str) {
        *self.0.lock().unwrap().entry(kernel).or_default() += 1;
    }
}

fn observe(phase: &str, device: &Device, run: impl FnOnce()) -> usize {
    let launches = Arc::new(Launches::default());
    let started = Instant::now();
    {
        let _watching = LaunchObservation::new(launches.clone());
        run();
        device.sync().unwrap();
    }
    let seconds = started.elapsed().as_secs_f64();
    let launches = launches.0.lock().unwrap();
    let total = launches.values().sum();
    println!("{phase}: {total} launches, {:.1} ms", seconds * 1e3);
    for (name, n) in launches.iter() {
        let short = name.split('<').next().unwrap_or(name);
        println!("  {n:>3} x {}", short.rsplit("::").next().unwrap_or(short));
    }
    total
}

/// Pairs with items as popular as one over their rank.
fn pairs(rng: &mut ChaCha8Rng) -> Vec<(u32, u32)> {
    let mut pairs: Vec<(u32, u32)> = (0..PAIRS)
        .map(|_| {
            let item = (N_ITEMS as f64).powf(rng.random::<f64>()) as u32 - 1;
            (rng.random_range(0..N_USERS as u32), item)
        })
        .collect();
    pairs.sort_unstable();
    pairs.dedup();
    pairs
}

/// `D^-1/2 A D^-1/2`
fn csr(pairs: &[(u32, u32)]) -> CsrMatrix {
    let n = N_USERS + N_ITEMS;
    let mut rows: Vec<Vec<u32>> = vec![Vec::new(); n];
    for &(user, item) in pairs {
        let item = N_USERS as u32 + item;
        rows[user as usize].push(item);
        rows[item as usize].push(user);
    }
    let degree: Vec<f32> = rows.iter().map(|row| row.len() as f32).collect();
    let mut row_ptr = vec![0];
    let (mut columns, mut values) = (Vec::new(), Vec::new());
    for (row, neighbours) in rows.iter().enumerate() {
        for &column in neighbours {
            columns.push(column);
            values.push((degree[row] * degree[column as usize]).sqrt().recip());
        }
        row_ptr.push(columns.len() as u32);
    }
    CsrMatrix {
        row_ptr,
        columns,
        values,
        transposed_values: None,
    }
}

fn batch(pairs: &[(u32, u32)], rng: &mut ChaCha8Rng, device: &Device) -> BatchIndices {
    let drawn: Vec<(u32, u32)> = (0..BATCH)
        .map(|_| pairs[rng.random_range(0..pairs.len())])
        .collect();
    let (users, positives): (Vec<u32>, Vec<u32>) = drawn.into_iter().unzip();
    let negatives: Vec<u32> = (0..BATCH)
        .map(|_| rng.random_range(0..N_ITEMS as u32))
        .collect();
    BatchIndices::new(&users, &positives, &negatives, device)
}

/// Bytes of a product over all rows with an addition: each edge's column, value and row, each row's ends, base and
/// result.
fn product_bytes(n_nodes: usize, n_edges: usize) -> usize {
    n_edges * (8 + 4 * DIM) + n_nodes * (8 + 8 * DIM)
}

fn main() {
    let Some(plain) = Device::enumerate(DeviceType::Wgpu)
        .into_vec()
        .into_iter()
        .next()
    else {
        println!("no GPU adapter was found");
        return;
    };
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let pairs = pairs(&mut rng);
    let matrix = csr(&pairs);
    let longest = matrix
        .row_ptr
        .windows(2)
        .map(|ends| ends[1] - ends[0])
        .max();
    let device = plain.clone().autodiff();
    let adjacency = Adjacency::new(N_USERS, N_ITEMS, matrix, &device).unwrap();
    println!(
        "{N_USERS} users, {N_ITEMS} items, {} edges, longest row {}; LightGCN-{LAYERS}, dim {DIM}, batch {BATCH}",
        adjacency.n_edges(),
        longest.unwrap_or(0),
    );
    let config = ModelConfig {
        network: NetworkConfig::LightGcn(LightGcnConfig {
            dim: DIM,
            layers: LAYERS,
            init: Init::Normal { std: 0.1 },
        }),
        score: ScoreConfig::Dot,
    };
    let loss = LossConfig {
        ranking: RankingLoss::Bpr,
        cosine: false,
        l2: L2::LayerZeroRows,
        weight_decay: 1e-4,
    };
    let mut optimizer = ModuleOptimizer::from(AdamConfig::new().with_epsilon(1e-8).build());
    let mut model: Model = config.init(N_USERS, N_ITEMS, 2, &device);
    for _ in 0..WARM_UP {
        let batch = batch(&pairs, &mut rng, &device);
        let parts = model.loss(Some(&adjacency), &batch, &loss, Mode::Train { seed: 3 });
        let gradients = GradientsParams::from_grads(parts.total().backward(), &model);
        model = optimizer.step(1e-3, model, gradients);
        plain.sync().unwrap();
    }
    let batch = batch(&pairs, &mut rng, &device);
    let mut total = 0;
    let (mut parts, mut gradients) = (None, None);
    total += observe("forward pass and loss", &plain, || {
        parts = Some(model.loss(Some(&adjacency), &batch, &loss, Mode::Train { seed: 3 }));
    });
    total += observe("backward pass", &plain, || {
        let loss = parts.take().unwrap().total();
        gradients = Some(GradientsParams::from_grads(loss.backward(), &model));
    });
    total += observe("Adam", &plain, || {
        let model = optimizer.step(1e-3, model.clone(), gradients.take().unwrap());
        drop(model);
    });
    let n_nodes = N_USERS + N_ITEMS;
    println!("step: {total} launches");
    println!(
        "a product over all rows moves {:.1} MB; a step has {} of them at most",
        product_bytes(n_nodes, adjacency.n_edges()) as f64 / 1e6,
        2 * LAYERS
    );
    println!(
        "Adam moves {:.1} MB: a parameter and two moments read and written, a gradient read",
        (7 * n_nodes * DIM * size_of::<f32>()) as f64 / 1e6
    );
}
