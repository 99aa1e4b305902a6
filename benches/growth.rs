//! How time and memory grow with the graph: LightGCN on synthetic power-law graphs of 1, 10 and 100
//! million interactions, and how far the memory of the graph alone goes. Run by
//! `cargo bench --bench growth`, or with some sizes as `-- 1000000 10000000`.
//!
//! Each size has a process of its own, so that peaks are separate. There are 20 interactions a node and
//! four users an item; an epoch is 400 steps at dimension 64 with 3 layers, whatever the size: a step passes messages over
//! the whole graph, so batches grow with it. The first of 5 steps warms up, and the median of the others times the steps
//! of an epoch is what an epoch takes.
//!
//! `cargo bench --bench growth -- pinsage` asks the same of PinSAGE by its defaults. A step has a batch of the same size
//! on each graph: its cost is its receptive field, which is smaller only where the catalogue itself is hardly larger. A
//! second line has one other item in a user's place, as in the paper.
#![allow(clippy::unwrap_used)]

use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use burn::tensor::Device;
use rand::seq::index::sample;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use sagebrush::config::{ModelName, RunConfig, SplitConfig, SplitDraw, SplitMethod};
use sagebrush::data::Dataset;
use sagebrush::graph::{InteractionGraph, Walks};
use sagebrush::inference::{ScoreHead, Tables, model_config, top_k};
use sagebrush::sampling::EpochSampler;
use sagebrush::split::{Split, TrainSet, split};
use sagebrush::synth::{PowerLaw, SyntheticGraph};
use sagebrush::training::{self, Job, time_steps};
use sagebrush_model::{Graph, ItemBatches, ItemGraph, Mode, NetworkConfig, Query, SparseMatrix};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What a child process is asked for.
const ASKED: &str = "GROWTH_CASE";
/// The case of the graph alone.
const GRAPH: &str = "graph";
/// Before the size, the cases of PinSAGE.
const PINSAGE: &str = "pinsage-";
const EDGES: [u64; 3] = [1_000_000, 10_000_000, 100_000_000];
const EDGES_PER_NODE: u64 = 20;
const USERS_PER_ITEM: u64 = 4;
const STEPS: usize = 5;
const PINSAGE_STEPS: usize = 21;
const PINSAGE_BATCH: usize = 256;
const STEPS_PER_EPOCH: usize = 400;
const DIM: usize = 64;
/// Users whose lists the case of the graph ranks, and how many at once.
const RANKED_USERS: u32 = 20_000;
const BLOCK_USERS: usize = 4096;

fn main() {
    match std::env::var(ASKED) {
        Ok(case) if case == GRAPH => graph_alone(),
        Ok(case) => match case.strip_prefix(PINSAGE) {
            Some(edges) => grown_pinsage(edges.parse().unwrap()),
            None => grown(case.parse().unwrap()),
        },
        Err(_) => parent(),
    }
}

fn parent() {
    let numbers = std::env::args().filter_map(|argument| argument.parse().ok());
    let mut sizes: Vec<u64> = numbers.collect();
    if sizes.is_empty() {
        sizes = EDGES.to_vec();
    }
    let kind = match std::env::args().any(|argument| argument == "pinsage") {
        true => PINSAGE,
        false => "",
    };
    if kind.is_empty() {
        println!("{}\n", child(GRAPH).trim_end());
    }
    println!("interactions | s a step | s an epoch | peak, MB | bytes an interaction");
    let mut points = Vec::new();
    for edges in sizes {
        for (at, line) in child(&format!("{kind}{edges}")).lines().enumerate() {
            let numbers: Vec<f64> = line
                .split_whitespace()
                .filter_map(|number| number.parse().ok())
                .collect();
            let [step, epoch, peak] = numbers[..] else {
                println!("{edges} | failed: {line}");
                continue;
            };
            let bytes = peak / edges as f64;
            println!(
                "{edges} | {step:.3} | {epoch:.0} | {:.0} | {bytes:.0}",
                peak / 1e6
            );
            if at == 0 {
                points.push([edges as f64, step, epoch, peak].map(f64::ln));
            }
        }
    }
    for (at, what) in [(1, "a step"), (2, "an epoch"), (3, "peak memory")] {
        println!("{what} grows as interactions^{:.2}", slope(&points, at));
    }
}

fn child(case: &str) -> String {
    let itself = std::env::current_exe().unwrap();
    let output = Command::new(itself).env(ASKED, case).output().unwrap();
    eprint!("{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Least squares of the logarithms.
fn slope(points: &[[f64; 4]], at: usize) -> f64 {
    let n = points.len() as f64;
    let mean = |at: usize| points.iter().map(|point| point[at]).sum::<f64>() / n;
    let (x, y) = (mean(0), mean(at));
    let along = |a: usize, b: usize, of_a: f64, of_b: f64| -> f64 {
        points.iter().map(|p| (p[a] - of_a) * (p[b] - of_b)).sum()
    };
    along(0, at, x, y) / along(0, 0, x, x)
}

/// Prints seconds a step, seconds an epoch and the peak in bytes.
fn grown(edges: u64) {
    let nodes = edges / EDGES_PER_NODE;
    let items = nodes / (USERS_PER_ITEM + 1);
    let split = made_up(nodes - items, items, edges);
    let mut config = RunConfig::defaults_for(ModelName::LightGcn);
    config.model.dim = DIM;
    config.sampling.batch_size = split.train.n_interactions().div_ceil(STEPS_PER_EPOCH);
    let device = Device::flex().autodiff();
    let adjacency = training::adjacency(&config, &split.train, &device).unwrap();
    print_step(&config, &split, adjacency.as_ref().into(), &device, STEPS);
}

/// The same of PinSAGE by its defaults, on items of a dozen words each, then with one other item for a user.
fn grown_pinsage(edges: u64) {
    let nodes = edges / EDGES_PER_NODE;
    let items = nodes / (USERS_PER_ITEM + 1);
    let split = made_up(nodes - items, items, edges);
    let train = &split.train;
    let mut config = RunConfig::defaults_for(ModelName::PinSage);
    config.sampling.batch_size = PINSAGE_BATCH;
    let started = Instant::now();
    let walks = Walks::new(config.walks.as_ref().unwrap(), config.seed);
    let visits = walks.visits(&InteractionGraph::new(train).unwrap(), || ());
    let walked = started.elapsed();
    let positives = train.positives();
    let vocabulary = config.features.as_ref().unwrap().n_words();
    let mut graph = ItemGraph::new(
        Arc::new(words(items as usize, vocabulary)),
        visits.into(),
        positives.row_ptr().to_vec(),
        positives.items().to_vec(),
    );
    let device = Device::flex().autodiff();
    eprintln!(
        "{edges}: walks from {items} items in {:.1} s",
        walked.as_secs_f64()
    );
    for others in [config.pinsage.as_ref().unwrap().query_items, 1] {
        graph = graph.with_query(Query::Others(others));
        eprintln!(
            "{others} others for a user: {} items in the receptive field of the first batch",
            n_within_reach(&config, &graph, train)
        );
        let graph = Graph::Items(&graph);
        print_step(&config, &split, graph, &device, PINSAGE_STEPS);
    }
}

/// Items whose features the first batch needs.
fn n_within_reach(config: &RunConfig, graph: &ItemGraph, train: &TrainSet) -> usize {
    let NetworkConfig::PinSage(network) = model_config(config, graph.n_features()).network else {
        unreachable!("PinSAGE's settings")
    };
    let batch = EpochSampler::new(train, config.sampling.clone(), None)
        .epoch(config.seed, 1)
        .next()
        .unwrap();
    let mode = Mode::Train { seed: config.seed };
    ItemBatches::new(&network, graph)
        .of(&batch.users, &batch.items(), mode)
        .n_inputs()
}

/// Times steps and prints the median of all but the first, what that makes an epoch, and the peak.
fn print_step(config: &RunConfig, split: &Split, graph: Graph<'_>, device: &Device, steps: usize) {
    sagebrush::cli::allocator::keep_freed_memory();
    let job = Job {
        config,
        split,
        graph,
        start: None,
        tables: None,
        near: None,
        prior: None,
        device,
        checkpoints: std::env::temp_dir(),
        save_every: std::time::Duration::ZERO,
        observer: &(),
        after_epoch: None,
        refit_epochs: None,
        pause: None,
    };
    let mut times = time_steps(&job, steps).unwrap();
    let timed = &mut times[1..];
    timed.sort_unstable();
    let step = timed[timed.len() / 2].as_secs_f64();
    let steps = config.sampling.n_batches(split.train.n_interactions());
    println!("{step} {} {}", step * steps as f64, peak_bytes());
}

/// A dozen of `vocabulary` words an item, `[n_items, vocabulary]`.
fn words(n_items: usize, vocabulary: usize) -> SparseMatrix {
    const WORDS: usize = 12;
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let row_ptr = (0..=n_items).map(|item| (item * WORDS) as u32).collect();
    let mut columns = Vec::with_capacity(n_items * WORDS);
    for _ in 0..n_items {
        let mut words: Vec<u32> = sample(&mut rng, vocabulary, WORDS)
            .into_iter()
            .map(|word| word as u32)
            .collect();
        words.sort_unstable();
        columns.extend(words);
    }
    let values = vec![1.0 / (WORDS as f32).sqrt(); columns.len()];
    SparseMatrix::new(vocabulary, row_ptr, columns, values)
}

/// A million users, 300,000 items and 42 million interactions: builds the graph as training does, then
/// ranks some users' top 20 in blocks.
fn graph_alone() {
    let split = made_up(1_000_000, 300_000, 42_000_000);
    let pairs = peak_bytes();
    let config = RunConfig::defaults_for(ModelName::LightGcn);
    let started = Instant::now();
    let adjacency = training::adjacency(&config, &split.train, &Device::flex()).unwrap();
    let (built, took) = (peak_bytes(), started.elapsed());
    let edges = adjacency.map_or(0, |adjacency| adjacency.n_edges());
    let (n_users, n_items) = (split.train.n_users(), split.train.n_items());
    let table = |rows: usize| -> Vec<f32> {
        let mut rng = ChaCha8Rng::seed_from_u64(2);
        (0..rows * DIM).map(|_| rng.random::<f32>() - 0.5).collect()
    };
    let (users, items) = (table(n_users), table(n_items));
    let tables = Tables::new(n_users, n_items, DIM, users, items, ScoreHead::Dot).unwrap();
    let started = Instant::now();
    let ranked: Vec<u32> = (0..RANKED_USERS).collect();
    for users in ranked.chunks(BLOCK_USERS) {
        top_k(&tables, users, 20, Some(split.train.positives())).unwrap();
    }
    let ranking: Duration = started.elapsed();
    println!(
        "{n_users} users, {n_items} items, {edges} directed edges: peak {:.0} MB with the pairs in memory, {:.0} MB \
         when the graph is built ({:.1} s), {:.0} MB after the top 20 of {RANKED_USERS} users at dimension {DIM} \
         ({:.1} s)",
        pairs as f64 / 1e6,
        built as f64 / 1e6,
        took.as_secs_f64(),
        peak_bytes() as f64 / 1e6,
        ranking.as_secs_f64(),
    );
}

/// A split that leaves all but a thousandth for training.
fn made_up(users: u64, items: u64, edges: u64) -> Split {
    let spec = PowerLaw {
        n_users: users as u32,
        n_items: items as u32,
        n_edges: edges,
        user_exponent: 2.5,
        item_exponent: 2.2,
        seed: 1,
    };
    let graph = SyntheticGraph::new(spec).unwrap();
    let (mut of_edges, mut on_edges) = (Vec::new(), Vec::new());
    of_edges.reserve_exact(edges as usize);
    on_edges.reserve_exact(edges as usize);
    for (user, item) in graph.edges() {
        of_edges.push(user);
        on_edges.push(item);
    }
    let dataset = Dataset::numbered(users as u32, items as u32, of_edges, on_edges);
    let config = SplitConfig {
        method: Some(SplitMethod::Random),
        test_fraction: 0.001,
        validation_fraction: 0.02,
        draw: SplitDraw::PerInteraction,
        refit: false,
    };
    split(&dataset, &config, 1).unwrap()
}

/// The most memory this process held so far.
fn peak_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes = line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse().ok());
    kibibytes.unwrap_or(0) * 1024
}
