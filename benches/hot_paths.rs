//! The hot paths on a synthetic power-law graph: propagation, top-K, sampling. Run by `cargo bench`.
#![allow(clippy::unwrap_used)]

use burn::tensor::{Device, Tensor, TensorData};
use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use sagebrush::config::{
    HardRoot, NegativeDistribution, PositiveSampling, RunConfig, SamplingConfig, SplitConfig,
    SplitDraw, SplitMethod,
};
use sagebrush::data::Dataset;
use sagebrush::graph::{Normalization, normalized_adjacency};
use sagebrush::inference::{ScoreHead, Tables, top_k};
use sagebrush::sampling::{EpochSampler, HardNegatives};
use sagebrush::split::{Split, split};
use sagebrush_model::Adjacency;

const N_USERS: u32 = 10_000;
const N_ITEMS: u32 = 8_000;
const N_INTERACTIONS: usize = 300_000;
const DIM: usize = 64;

fn main() {
    divan::main();
}

/// Items are drawn with a density that falls as the square root of their id.
fn made_up() -> Split {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut pairs: Vec<(u32, u32)> = (0..N_INTERACTIONS)
        .map(|_| {
            let uniform: f64 = rng.random();
            let item = (uniform * uniform * f64::from(N_ITEMS)) as u32;
            (rng.random_range(0..N_USERS), item)
        })
        .collect();
    pairs.sort_unstable();
    pairs.dedup();
    let (users, items) = pairs.into_iter().unzip();
    let dataset = Dataset::numbered(N_USERS, N_ITEMS, users, items);
    let method = Some(SplitMethod::Random);
    split(
        &dataset,
        &SplitConfig {
            method,
            test_fraction: 0.2,
            validation_fraction: 0.1,
            draw: SplitDraw::PerInteraction,
            refit: false,
        },
        1,
    )
    .unwrap()
}

fn table(rows: usize) -> Vec<f32> {
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    (0..rows * DIM).map(|_| rng.random::<f32>() - 0.5).collect()
}

/// Bytes counted are those gathered: one row an entry of the matrix.
#[divan::bench]
fn propagate(bencher: Bencher<'_, '_>) {
    let split = made_up();
    let matrix = normalized_adjacency(&split.train, Normalization::Symmetric, false, &[]).unwrap();
    let device = Device::flex();
    let (n_users, n_items) = (N_USERS as usize, N_ITEMS as usize);
    let n_entries = matrix.columns.len();
    let adjacency = Adjacency::new(n_users, n_items, matrix, &device).unwrap();
    let n_nodes = n_users + n_items;
    let x = Tensor::<2>::from_data(TensorData::new(table(n_nodes), [n_nodes, DIM]), &device);
    bencher
        .counter(BytesCount::new(n_entries * DIM * 4))
        .bench_local(|| black_box(adjacency.propagate(x.clone())));
}

#[divan::bench]
fn top_20_of_every_user(bencher: Bencher<'_, '_>) {
    let split = made_up();
    let (n_users, n_items) = (N_USERS as usize, N_ITEMS as usize);
    let tables = Tables::new(
        n_users,
        n_items,
        DIM,
        table(n_users),
        table(n_items),
        ScoreHead::Dot,
    )
    .unwrap();
    let users: Vec<u32> = (0..N_USERS).collect();
    let seen = split.train.positives();
    bencher
        .counter(ItemsCount::new(users.len()))
        .bench_local(|| black_box(top_k(&tables, &users, 20, Some(seen)).unwrap()));
}

/// Named settings of the sampler.
const SAMPLERS: [&str; 9] = [
    "uniform, by edge",
    "uniform, by user",
    "popularity",
    "in-batch",
    "shared 500",
    "hard by user",
    "hard by item",
    "mixed",
    "shared and hard",
];

fn sampler(name: &str) -> SamplingConfig {
    let uniform = SamplingConfig {
        positives: PositiveSampling::ByEdge,
        negatives: 1,
        curriculum: false,
        batch_size: 2048,
        ..RunConfig::default().sampling
    };
    let alone = SamplingConfig {
        negatives: 0,
        ..uniform.clone()
    };
    match name {
        "uniform, by edge" => uniform,
        "uniform, by user" => SamplingConfig {
            positives: PositiveSampling::ByUser,
            ..uniform
        },
        "popularity" => SamplingConfig {
            distribution: NegativeDistribution::Popularity,
            ..uniform
        },
        "in-batch" => SamplingConfig {
            in_batch: true,
            ..alone
        },
        "shared 500" => SamplingConfig {
            batch_shared: 500,
            ..alone
        },
        "hard by user" => SamplingConfig { hard: 1, ..alone },
        "hard by item" => SamplingConfig {
            hard: 1,
            hard_root: HardRoot::Item,
            ..alone
        },
        "mixed" => SamplingConfig { hard: 1, ..uniform },
        _ => SamplingConfig {
            batch_shared: 500,
            hard: 1,
            ..alone
        },
    }
}

/// An epoch on one thread; items counted are positives, each with its negatives. What hard negatives are
/// drawn from is ranked before.
#[divan::bench(args = SAMPLERS)]
fn sample_an_epoch(bencher: Bencher<'_, '_>, name: &str) {
    let split = made_up();
    let config = sampler(name);
    let near = HardNegatives::rank(&split.train, &config, || {}).unwrap();
    let sampler = EpochSampler::new(&split.train, config, near.as_ref());
    bencher
        .counter(ItemsCount::new(split.train.n_interactions()))
        .bench_local(|| {
            sampler
                .epoch(1, 1)
                .map(|batch| batch.users.len())
                .sum::<usize>()
        });
}
