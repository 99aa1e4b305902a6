//! What the order of users and items does to the sparse product, on Gowalla. Run by
//! `SAGEBRUSH_DATA=DIR cargo bench --bench order`.
//!
//! The orders that were tried from random keys. Rows missed are of this bench (1,455,738 edges). The
//! seconds of ordering and the time of one product against that of the published keys were taken on
//! the whole train.txt (1,620,256 edges) with single-threaded prototypes of the orders and of the
//! kernel, on a quiet machine with 2 MiB of L2 a core and 480 MiB of L3.
//!
//! | order | s | missed in 2 MiB | 1 MiB | product |
//! |---|---|---|---|---|
//! | published keys | | 643,576 | 866,307 | 1 |
//! | random keys | | 833,514 | 1,074,739 | 1.13 |
//! | by degree | .001 | 782,702 | 1,037,297 | 1.07 |
//! | min-hash of items, then first touch | .006 | 582,595 | 756,700 | .88 |
//! | breadth first from the busiest node | .004 | 489,004 | 694,280 | .80 |
//! | Cuthill-McKee | .006 | 472,973 | 680,834 | .75 |
//! | label propagation, at most 2,000 a label | .10 | 218,593 | 347,204 | .60 |
//! | 10 rounds of means, breadth first | .05 | 187,460 | 401,108 | .60 |
//! | 8 vectors by power iteration, cut like a k-d tree | .42 | 199,363 | 311,237 | .53 |
//! | recursive bisection by log-gaps | .77 | 165,026 | 275,554 | .52 |
//! | 8 rounds of medians, keys | .10 | 212,573 | 344,656 | .56 |
//! | **8 rounds of medians, breadth first** | .11 | 155,938 | 266,242 | .54 |
#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use burn::tensor::{Device, Tensor, TensorData};
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use sagebrush::config::{SplitConfig, SplitDraw, SplitMethod};
use sagebrush::data::{Input, ReadOptions, read_dataset};
use sagebrush::graph::{InteractionGraph, NodeOrder, Normalization, normalized_adjacency};
use sagebrush::split::{Split, split};
use sagebrush_model::Adjacency;

const DIM: usize = 64;
const LAYERS: usize = 3;
/// Rounds in which every order is timed once, one after the other.
const ROUNDS: usize = 21;
const ROW_BYTES: usize = DIM * size_of::<f32>();

fn main() {
    let Some(root) = std::env::var_os("SAGEBRUSH_DATA").map(PathBuf::from) else {
        println!("skipped: SAGEBRUSH_DATA does not name the folder that holds gowalla");
        return;
    };
    let published = gowalla(&root.join("gowalla"));
    let random = shuffled(&published);
    let started = Instant::now();
    let order = NodeOrder::by_locality(&InteractionGraph::new(&random.train).unwrap());
    let local = random.clone().reordered(&order.users, &order.items);
    let took = started.elapsed();
    let mut orders = [
        Timed::new("published keys", &published),
        Timed::new("random keys", &random),
        Timed::new("by locality, from random keys", &local),
    ];
    for _ in 0..ROUNDS {
        orders.iter_mut().for_each(Timed::run);
    }
    println!(
        "{} edges; ordering took {took:.3?}",
        orders[0].gathered.len()
    );
    println!("order | {LAYERS} layers: fastest | median | rows missed in 2 MiB | 1 MiB | 512 KiB");
    orders.iter_mut().for_each(Timed::print);
}

/// The training part as `train` cuts it.
fn gowalla(folder: &Path) -> Split {
    let file = |name| [Input::Path(folder.join(name))];
    let (train, test) = (file("train.txt"), file("test.txt"));
    let (dataset, _) = read_dataset(&train, &test, None, &ReadOptions::default()).unwrap();
    let config = SplitConfig {
        method: Some(SplitMethod::Given),
        test_fraction: 0.2,
        validation_fraction: 0.1,
        draw: SplitDraw::PerInteraction,
        refit: false,
    };
    split(&dataset, &config, 42).unwrap()
}

fn shuffled(split: &Split) -> Split {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let mut order = |n: usize| {
        let mut ids: Vec<u32> = (0..n as u32).collect();
        ids.shuffle(&mut rng);
        ids
    };
    let (users, items) = (order(split.train.n_users()), order(split.train.n_items()));
    split.clone().reordered(&users, &items)
}

/// A graph in some order, and the times of its propagation.
struct Timed {
    name: &'static str,
    /// The row each entry of the matrix gathers.
    gathered: Vec<u32>,
    adjacency: Adjacency,
    table: Tensor<2>,
    times: Vec<Duration>,
}

impl Timed {
    fn new(name: &'static str, split: &Split) -> Self {
        let train = &split.train;
        let matrix = normalized_adjacency(train, Normalization::Symmetric, false, &[]).unwrap();
        let device = Device::flex();
        let gathered = matrix.columns.clone();
        let adjacency = Adjacency::new(train.n_users(), train.n_items(), matrix, &device);
        let n_nodes = train.n_users() + train.n_items();
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let table = (0..n_nodes * DIM).map(|_| rng.random::<f32>()).collect();
        Self {
            name,
            gathered,
            adjacency: adjacency.unwrap(),
            table: Tensor::from_data(TensorData::new::<f32, _>(table, [n_nodes, DIM]), &device),
            times: Vec::new(),
        }
    }

    fn run(&mut self) {
        let started = Instant::now();
        let result = self.adjacency.propagate_mean(self.table.clone(), LAYERS);
        self.times.push(started.elapsed());
        drop(result);
    }

    fn print(&mut self) {
        self.times.sort_unstable();
        let (fastest, median) = (self.times[0], self.times[ROUNDS / 2]);
        let [two, one, half] = misses(
            &self.gathered,
            self.adjacency.n_nodes(),
            [2048, 1024, 512].map(|kib| kib * 1024),
        );
        println!(
            "{} | {fastest:.2?} | {median:.2?} | {two} | {one} | {half}",
            self.name
        );
    }
}

/// Gathered rows that a cache of so many bytes, least recently used out first, does not hold: those
/// with at least that many other rows since their last use, or none before. A Fenwick tree over
/// time counts the rows by their last use.
fn misses<const N: usize>(gathered: &[u32], n_rows: usize, bytes: [usize; N]) -> [usize; N] {
    let mut tree = vec![0i32; gathered.len() + 1];
    let add = |tree: &mut Vec<i32>, mut at: usize, change: i32| {
        while at < tree.len() {
            tree[at] += change;
            at += at & at.wrapping_neg();
        }
    };
    let up_to = |tree: &[i32], mut at: usize| {
        let mut sum = 0;
        while at > 0 {
            sum += tree[at];
            at &= at - 1;
        }
        sum as usize
    };
    let (mut last_use, mut in_use, mut missed) = (vec![0; n_rows], 0, [0; N]);
    for (time, &row) in (1..).zip(gathered) {
        let last = std::mem::replace(&mut last_use[row as usize], time);
        let since = if last == 0 {
            in_use += 1;
            usize::MAX
        } else {
            let since = in_use - up_to(&tree, last);
            add(&mut tree, last, -1);
            since
        };
        add(&mut tree, time, 1);
        for (missed, bytes) in missed.iter_mut().zip(bytes) {
            *missed += usize::from(since >= bytes / ROW_BYTES);
        }
    }
    missed
}
