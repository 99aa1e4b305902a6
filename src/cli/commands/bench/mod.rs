//! `bench`: measures the limits of this machine, and how near the hot paths come to them.

mod batch_loss;

use std::hint::black_box;
use std::time::Instant;

use burn::tensor::{Device, Tensor, TensorData};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use sagebrush_model::{
    Adjacency, BatchIndices, L2, LossConfig, Mode, ModelConfig, NetworkConfig, RankingLoss,
    ScoreConfig, cpu_instruction_set, limits,
};
use serde::Serialize;

use crate::cli::session::Session;
use crate::cli::terminal::{Align, Style, Table, count, percent};
use crate::config::{ModelName, RunConfig, SplitConfig, SplitDraw, SplitMethod};
use crate::data::Dataset;
use crate::error::{Result, Unexpected};
use crate::graph::{InteractionGraph, NodeOrder};
use crate::inference::{ScoreHead, Tables, top_k};
use crate::sampling::EpochSampler;
use crate::split::{self, TrainSet};
use crate::synth::{PowerLaw, SyntheticGraph};
use crate::training;
use batch_loss::{BatchLoss, batch_losses};

/// The synthetic graph is about the size of Gowalla.
const N_USERS: u32 = 30_000;
const N_ITEMS: u32 = 40_000;
const N_EDGES: u64 = 800_000;
const DIM: usize = 64;
const LAYERS: usize = 3;
const BATCH: usize = 2048;
const K: usize = 20;
/// Users ranked: enough for seconds of work on a slow core.
const RANKED_USERS: u32 = 8_000;
/// Repetitions of what takes milliseconds.
const ROUNDS: usize = 31;
/// A buffer that no cache holds, and one that a last-level cache does.
const MEMORY_BYTES: usize = 256 << 20;
const CACHE_BYTES: usize = 8 << 20;

/// The result of `bench`.
#[derive(Debug, Serialize)]
struct Findings {
    version: &'static str,
    threads: usize,
    instruction_set: &'static str,
    memory_bytes_per_second: f64,
    cache_bytes_per_second: f64,
    float_operations_per_second: f64,
    /// One pass over the edges at width 64.
    propagation: Propagation,
    /// Loss and gradients of LightGCN's batch of 2,048, without the optimizer.
    step_milliseconds: f64,
    batch_losses: Vec<BatchLoss>,
    ranking: Ranking,
    /// Positive and negative of one user, on one thread.
    triples_per_second: f64,
}

#[derive(Debug, Serialize)]
struct Propagation {
    /// Both ways.
    edges: usize,
    milliseconds: f64,
    gathered_bytes: u64,
    gathered_bytes_per_second: f64,
    share_of_cache_rate: f64,
    /// Every table and edge touched once, at the memory's rate.
    least_milliseconds: f64,
}

#[derive(Debug, Serialize)]
struct Ranking {
    users_per_second: f64,
    float_operations_per_second: f64,
    share_of_peak: f64,
}

/// Runs `bench`.
pub(super) fn bench(session: &Session) -> Result<()> {
    let started = Instant::now();
    session.say("measuring this machine and the hot paths on synthetic data; some seconds");
    let memory = limits::read_rate(MEMORY_BYTES, 5);
    let cache = limits::read_rate(CACHE_BYTES, 40);
    let peak = limits::multiply_add_rate(10);
    let train = made_up()?;
    let adjacency = adjacency(&train)?;
    let findings = Findings {
        version: env!("CARGO_PKG_VERSION"),
        threads: rayon::current_num_threads(),
        instruction_set: cpu_instruction_set(),
        memory_bytes_per_second: memory,
        cache_bytes_per_second: cache,
        float_operations_per_second: peak,
        propagation: propagation(&adjacency, memory, cache),
        step_milliseconds: step(&adjacency, &train)?,
        batch_losses: batch_losses(),
        ranking: ranking(peak)?,
        triples_per_second: sampling(&train),
    };
    if session.json {
        return session.print_json(&findings);
    }
    session.print(&findings.to_text())?;
    session.say(&format!("{:.0} s in all", started.elapsed().as_secs_f64()));
    Ok(())
}

fn made_up() -> Result<TrainSet> {
    let graph = SyntheticGraph::new(PowerLaw {
        n_users: N_USERS,
        n_items: N_ITEMS,
        n_edges: N_EDGES,
        user_exponent: 2.5,
        item_exponent: 2.2,
        seed: 1,
    })?;
    let (users, items) = graph.edges().unzip();
    let dataset = Dataset::numbered(N_USERS, N_ITEMS, users, items);
    let config = SplitConfig {
        method: Some(SplitMethod::Random),
        test_fraction: 1e-3,
        validation_fraction: 1e-3,
        draw: SplitDraw::PerInteraction,
        refit: false,
    };
    let split = split::split(&dataset, &config, 1)?;
    let order = NodeOrder::by_locality(&InteractionGraph::new(&split.train)?);
    Ok(split.reordered(&order.users, &order.items).train)
}

fn adjacency(train: &TrainSet) -> Result<Adjacency> {
    let config = RunConfig::defaults_for(ModelName::LightGcn);
    let adjacency = training::adjacency(&config, train, &Device::flex().autodiff())?;
    adjacency.ok_or(Unexpected("LightGCN does not propagate").into())
}

fn random(n: usize, seed: u64) -> Vec<f32> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    (0..n).map(|_| rng.random::<f32>() - 0.5).collect()
}

/// The median time of a few rounds, the first left out.
fn median_seconds(mut work: impl FnMut()) -> f64 {
    work();
    let mut times: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let started = Instant::now();
            work();
            started.elapsed().as_secs_f64()
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[ROUNDS / 2]
}

fn propagation(adjacency: &Adjacency, memory: f64, cache: f64) -> Propagation {
    let n = adjacency.n_nodes();
    let data = TensorData::new(random(n * DIM, 1), [n, DIM]);
    let x = Tensor::<2>::from_data(data, &Device::flex());
    let seconds = median_seconds(|| {
        black_box(adjacency.propagate(x.clone()));
    });
    let gathered = adjacency.n_edges() * (DIM * size_of::<f32>() + 8);
    let touched = 2 * n * DIM * size_of::<f32>() + adjacency.n_edges() * 8;
    let rate = gathered as f64 / seconds;
    Propagation {
        edges: adjacency.n_edges(),
        milliseconds: 1e3 * seconds,
        gathered_bytes: gathered as u64,
        gathered_bytes_per_second: rate,
        share_of_cache_rate: rate / cache,
        least_milliseconds: 1e3 * touched as f64 / memory,
    }
}

fn step(adjacency: &Adjacency, train: &TrainSet) -> Result<f64> {
    let device = Device::flex().autodiff();
    let config = ModelConfig {
        network: NetworkConfig::LightGcn(Default::default()),
        score: ScoreConfig::Dot,
    };
    let model = config.init(train.n_users(), train.n_items(), 1, &device);
    let loss = LossConfig {
        ranking: RankingLoss::Bpr,
        cosine: false,
        l2: L2::LayerZeroRows,
        weight_decay: 1e-4,
    };
    let batch = EpochSampler::new(train, sampling_config(), None)
        .epoch(1, 1)
        .next()
        .ok_or(Unexpected("the synthetic graph has no batch"))?;
    let ids = BatchIndices::new(&batch.users, &batch.positives, &batch.negatives, &device);
    let mode = Mode::Train { seed: 1 };
    let seconds = median_seconds(|| {
        let total = model.loss(Some(adjacency), &ids, &loss, mode).total();
        black_box(total.backward());
    });
    Ok(1e3 * seconds)
}

fn sampling_config() -> crate::config::SamplingConfig {
    crate::config::SamplingConfig {
        negatives: 1,
        batch_shared: 0,
        in_batch: false,
        hard: 0,
        batch_size: BATCH,
        ..RunConfig::default().sampling
    }
}

/// Vectors of one length, so that every score is computed.
fn ranking(peak: f64) -> Result<Ranking> {
    let (n_users, n_items) = (RANKED_USERS as usize, N_ITEMS as usize);
    let (users, items) = (random(n_users * DIM, 2), random(n_items * DIM, 3));
    let tables = Tables::new(n_users, n_items, DIM, users, items, ScoreHead::Dot)?;
    let ids: Vec<u32> = (0..RANKED_USERS).collect();
    let mut seconds = f64::INFINITY;
    for _ in 0..3 {
        let started = Instant::now();
        black_box(top_k(&tables, &ids, K, None)?);
        seconds = seconds.min(started.elapsed().as_secs_f64());
    }
    let operations = 2.0 * (n_users * n_items * DIM) as f64;
    Ok(Ranking {
        users_per_second: f64::from(RANKED_USERS) / seconds,
        float_operations_per_second: operations / seconds,
        share_of_peak: operations / seconds / peak,
    })
}

fn sampling(train: &TrainSet) -> f64 {
    let sampler = EpochSampler::new(train, sampling_config(), None);
    let started = Instant::now();
    let drawn: usize = sampler.epoch(1, 2).map(|batch| batch.users.len()).sum();
    drawn as f64 / started.elapsed().as_secs_f64()
}

impl Findings {
    fn to_text(&self) -> String {
        let gigabytes = |rate: f64| format!("{:.1} GB/s", rate / 1e9);
        let operations = |rate: f64| format!("{:.0} GFLOP/s", rate / 1e9);
        let mut table = Table::new([
            ("what", Align::Left),
            ("reached", Align::Right),
            ("of", Align::Left),
        ]);
        let machine = format!("{} threads, {}", self.threads, self.instruction_set);
        table.row([
            "reading memory".to_owned(),
            gigabytes(self.memory_bytes_per_second),
            machine,
        ]);
        table.row([
            "reading a cache of 8 MiB".to_owned(),
            gigabytes(self.cache_bytes_per_second),
        ]);
        table.row([
            "multiply-adds".to_owned(),
            operations(self.float_operations_per_second),
        ]);
        let p = &self.propagation;
        table.row([
            format!(
                "propagation, {} directed edges, width {DIM}",
                count(p.edges as u64)
            ),
            format!("{:.1} ms", p.milliseconds),
            format!(
                "{} gathered, {} of the cache's rate; {:.1} ms if memory were read once",
                gigabytes(p.gathered_bytes_per_second),
                percent(p.share_of_cache_rate),
                p.least_milliseconds
            ),
        ]);
        table.row([
            format!("LightGCN, {LAYERS} layers: loss and gradients of {BATCH} positives"),
            format!("{:.1} ms", self.step_milliseconds),
            format!(
                "{:.1} propagations, where {LAYERS} forwards and {LAYERS} backwards would be {}",
                self.step_milliseconds / p.milliseconds,
                2 * LAYERS
            ),
        ]);
        for loss in &self.batch_losses {
            table.row([
                format!(
                    "softmax of {} users against {} negatives, width {DIM}",
                    count(loss.users as u64),
                    count(loss.negatives as u64)
                ),
                format!("{:.1} ms", loss.milliseconds),
                format!(
                    "{}, {} of multiply-adds",
                    operations(loss.float_operations_per_second),
                    percent(loss.share_of_peak)
                ),
            ]);
        }
        let r = &self.ranking;
        table.row([
            format!(
                "exact top-{K} of {} items, width {DIM}",
                count(N_ITEMS.into())
            ),
            format!("{} users/s", count(r.users_per_second as u64)),
            format!(
                "{}, {} of multiply-adds",
                operations(r.float_operations_per_second),
                percent(r.share_of_peak)
            ),
        ]);
        table.row([
            "samples, one thread".to_owned(),
            format!("{:.0} million/s", self.triples_per_second / 1e6),
        ]);
        table.render(Style::of_stdout())
    }
}
