//! One sparse product and exact top-20 of every user on Gowalla, as one JSON line: what
//! `benches/beside_peers.py` sets beside other tools. Run by
//! `SAGEBRUSH_DATA=DIR cargo bench --bench gowalla`.
#![allow(clippy::unwrap_used)]

use std::hint::black_box;
use std::path::PathBuf;
use std::time::Instant;

use burn::tensor::{Device, Tensor, TensorData};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use sagebrush::config::{ModelName, RunConfig, SplitConfig, SplitDraw, SplitMethod};
use sagebrush::data::{Input, ReadOptions, read_dataset};
use sagebrush::graph::{InteractionGraph, NodeOrder};
use sagebrush::inference::{ScoreHead, Tables, top_k};
use sagebrush::split::{Split, split};
use sagebrush::training::adjacency;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const DIM: usize = 64;
const PRODUCTS: usize = 41;
const RANKINGS: usize = 3;

fn main() {
    let Some(root) = std::env::var_os("SAGEBRUSH_DATA").map(PathBuf::from) else {
        println!("skipped: SAGEBRUSH_DATA does not name the folder that holds gowalla");
        return;
    };
    let published = gowalla(&root);
    let order = NodeOrder::by_locality(&InteractionGraph::new(&published.train).unwrap());
    let (published_ms, _) = product_ms(&published);
    let local = published.reordered(&order.users, &order.items);
    let (local_ms, edges) = product_ms(&local);
    let (top_64, top_256) = (ranking_seconds(&local, 64), ranking_seconds(&local, 256));
    println!(
        "{{\"edges\": {edges}, \"product_published_order_ms\": {published_ms:.3}, \"product_ms\": {local_ms:.3}, \
         \"top_20_dim_64_s\": {top_64:.3}, \"top_20_dim_256_s\": {top_256:.3}}}"
    );
}

fn gowalla(root: &std::path::Path) -> Split {
    let file = |name| [Input::Path(root.join("gowalla").join(name))];
    let (train, test) = (file("train.txt"), file("test.txt"));
    let (dataset, _) = read_dataset(&train, &test, None, &ReadOptions::default()).unwrap();
    let config = SplitConfig {
        method: Some(SplitMethod::Given),
        test_fraction: 0.2,
        validation_fraction: 0.0,
        draw: SplitDraw::PerInteraction,
        refit: false,
    };
    split(&dataset, &config, 42).unwrap()
}

fn random(n: usize, seed: u64) -> Vec<f32> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    (0..n).map(|_| rng.random::<f32>() - 0.5).collect()
}

/// The median of one product at width 64, and the directed edges.
fn product_ms(split: &Split) -> (f64, usize) {
    let device = Device::flex();
    let config = RunConfig::defaults_for(ModelName::LightGcn);
    let adjacency = adjacency(&config, &split.train, &device).unwrap().unwrap();
    let n = adjacency.n_nodes();
    let x = Tensor::<2>::from_data(TensorData::new(random(n * DIM, 1), [n, DIM]), &device);
    let mut times: Vec<f64> = (0..PRODUCTS)
        .map(|_| {
            let started = Instant::now();
            black_box(adjacency.propagate(x.clone()));
            1e3 * started.elapsed().as_secs_f64()
        })
        .collect();
    times.sort_by(f64::total_cmp);
    (times[PRODUCTS / 2], adjacency.n_edges())
}

/// The median of exact top-20 of every user, seen items left out; vectors of about one length, so that
/// every score is computed.
fn ranking_seconds(split: &Split, dim: usize) -> f64 {
    let (n_users, n_items) = (split.train.n_users(), split.train.n_items());
    let tables = (random(n_users * dim, 2), random(n_items * dim, 3));
    let mut times: Vec<f64> = (0..RANKINGS)
        .map(|_| {
            let (users, items) = tables.clone();
            let head = ScoreHead::Dot;
            let tables = Tables::new(n_users, n_items, dim, users, items, head).unwrap();
            let ids: Vec<u32> = (0..n_users as u32).collect();
            let started = Instant::now();
            black_box(top_k(&tables, &ids, 20, Some(split.train.positives())).unwrap());
            started.elapsed().as_secs_f64()
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[RANKINGS / 2]
}
