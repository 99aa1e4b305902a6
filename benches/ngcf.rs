//! NGCF's training step (loss and gradients, without the optimizer) on a graph of Gowalla's size, or on
//! Gowalla itself where `SAGEBRUSH_DATA` holds `gowalla/train.txt`: `Model::loss`, which knows the batch,
//! against the whole embedding and a selection of its rows. Run by `cargo bench --bench ngcf`.
#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::time::Instant;

use burn::optim::GradientsParams;
use burn::tensor::{Device, Int, Tensor};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use sagebrush::config::{SplitConfig, SplitDraw, SplitMethod};
use sagebrush::data::Dataset;
use sagebrush::graph::{Normalization, normalized_adjacency};
use sagebrush::split::{TrainSet, split};
use sagebrush_model::BatchScores;
use sagebrush_model::{
    Adjacency, BatchIndices, LossConfig, Mode, Model, ModelConfig, NetworkConfig,
    NgcfLectureConfig, NgcfOfficialConfig, NgcfPaperConfig, Propagation, RankingLoss, ScoreConfig,
};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const N_USERS: u32 = 29_858;
const N_ITEMS: u32 = 40_981;
const N_INTERACTIONS: usize = 830_000;
const STEPS: usize = 9;

fn main() {
    let batch_size = std::env::var("SAGEBRUSH_BATCH").map_or(1024, |size| size.parse().unwrap());
    let train = train_set();
    println!("batch {batch_size}, medians (least) of {STEPS} steps in ms");
    for network in [
        NetworkConfig::NgcfOfficial(NgcfOfficialConfig::default()),
        NetworkConfig::NgcfPaper(NgcfPaperConfig::default()),
        NetworkConfig::NgcfLecture(NgcfLectureConfig::default()),
    ] {
        compare(network, &train, batch_size);
    }
}

/// Alternates the two ways, so that both meet the same machine.
fn compare(network: NetworkConfig, train: &TrainSet, batch_size: usize) {
    let name = network.name();
    let device = Device::flex().autodiff();
    let adjacency = adjacency(train, network.propagation(), &device);
    let loss = LossConfig {
        ranking: RankingLoss::Bpr,
        cosine: false,
        l2: network.default_l2(),
        weight_decay: 1e-5,
    };
    let config = ModelConfig {
        network,
        score: ScoreConfig::Dot,
    };
    let model = config.init(adjacency.n_users(), adjacency.n_items(), 1, &device);
    let [mut whole, mut of_batch] = [Vec::new(), Vec::new()];
    for step in 0..=STEPS as u64 {
        let mode = Mode::Train { seed: step };
        let [users, positives, negatives] = batch(train, batch_size, step);
        let time = |make: &dyn Fn() -> Tensor<1>| {
            let started = Instant::now();
            let loss = make();
            let gradients = GradientsParams::from_grads(loss.backward(), &model);
            let seconds = started.elapsed().as_secs_f64();
            drop(gradients);
            1e3 * seconds
        };
        whole.push(time(&|| {
            let n_users = adjacency.n_users() as u32;
            let items = [positives.clone(), negatives.clone()].concat();
            let items: Vec<u32> = items.iter().map(|item| item + n_users).collect();
            embedded_loss(&model, &adjacency, &users, &items, mode)
        }));
        of_batch.push(time(&|| {
            let batch = BatchIndices::new(&users, &positives, &negatives, &device);
            model.loss(Some(&adjacency), &batch, &loss, mode).total()
        }));
    }
    let (whole, of_batch) = (summary(whole), summary(of_batch));
    let ratio = whole.0 / of_batch.0;
    println!(
        "{name:14} whole embedding {:6.1} ({:6.1})   batch's rows {:6.1} ({:6.1})   {ratio:.1} times",
        whole.0, whole.1, of_batch.0, of_batch.1
    );
}

/// Median and least, the first step left out.
fn summary(mut times_ms: Vec<f64>) -> (f64, f64) {
    times_ms.remove(0);
    times_ms.sort_by(f64::total_cmp);
    (times_ms[times_ms.len() / 2], times_ms[0])
}

/// BPR and the L2 of the final rows from the embedding of all nodes.
fn embedded_loss(
    model: &Model,
    adjacency: &Adjacency,
    users: &[u32],
    items: &[u32],
    mode: Mode,
) -> Tensor<1> {
    let nodes = model.embed(Some(adjacency), mode).nodes;
    let ids: Vec<i32> = users.iter().chain(items).map(|&id| id as i32).collect();
    let n = users.len();
    let ids = Tensor::<1, Int>::from_data(ids.as_slice(), &nodes.device().without_autodiff());
    let rows = nodes.select(0, ids);
    let part = |at: usize| rows.clone().narrow(0, at * n, n);
    let scores = |at| (part(0) * part(at)).sum_dim(1);
    let ranking = RankingLoss::Bpr.forward(BatchScores {
        positives: scores(1).squeeze_dim(1),
        negatives: scores(2),
        valid: None,
        log_q: None,
        inverse_temperatures: None,
    });
    ranking + (rows.clone() * rows).sum() * (0.5e-5 / n as f64)
}

/// Interactions drawn evenly, each with one item drawn evenly.
fn batch(train: &TrainSet, size: usize, step: u64) -> [Vec<u32>; 3] {
    let mut rng = ChaCha8Rng::seed_from_u64(step);
    let (row_ptr, items) = (train.positives().row_ptr(), train.positives().items());
    let mut ids = [Vec::new(), Vec::new(), Vec::new()];
    for _ in 0..size {
        let edge = rng.random_range(0..items.len());
        let user = row_ptr.partition_point(|&start| start <= edge) - 1;
        ids[0].push(user as u32);
        ids[1].push(items[edge]);
        ids[2].push(rng.random_range(0..N_ITEMS));
    }
    ids
}

fn adjacency(train: &TrainSet, propagation: Propagation, device: &Device) -> Adjacency {
    let (normalization, self_loops) = match propagation {
        Propagation::RowMean { self_loops } => (Normalization::RowMean, self_loops),
        Propagation::Symmetric { self_loops } => (Normalization::Symmetric, self_loops),
        Propagation::None => (Normalization::Symmetric, false),
    };
    let matrix = normalized_adjacency(train, normalization, self_loops, &[]).unwrap();
    Adjacency::new(N_USERS as usize, N_ITEMS as usize, matrix, device).unwrap()
}

fn train_set() -> TrainSet {
    let gowalla = std::env::var("SAGEBRUSH_DATA")
        .ok()
        .and_then(|data| std::fs::read_to_string(Path::new(&data).join("gowalla/train.txt")).ok());
    let pairs = match &gowalla {
        Some(lists) => read_lists(lists),
        None => made_up(),
    };
    let (users, items) = pairs.into_iter().unzip();
    let dataset = Dataset::numbered(N_USERS, N_ITEMS, users, items);
    let config = SplitConfig {
        method: Some(SplitMethod::Random),
        test_fraction: 1e-3,
        validation_fraction: 1e-3,
        draw: SplitDraw::PerInteraction,
        refit: false,
    };
    split(&dataset, &config, 1).unwrap().train
}

/// A user and that user's items a line.
fn read_lists(lists: &str) -> Vec<(u32, u32)> {
    let ids = |line: &str| -> Vec<u32> {
        line.split_whitespace()
            .map(|id| id.parse().unwrap())
            .collect()
    };
    let of_user = |ids: Vec<u32>| -> Vec<(u32, u32)> {
        let user = ids.first().copied();
        ids[1..]
            .iter()
            .filter_map(|&item| Some((user?, item)))
            .collect()
    };
    let lines = lists.lines().map(ids).filter(|ids| !ids.is_empty());
    lines.flat_map(of_user).collect()
}

/// Items are drawn with a density that falls as the square root of their id.
fn made_up() -> Vec<(u32, u32)> {
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
    pairs
}
