//! Exact top-K on synthetic vectors, seen items left out. Run by `cargo bench --bench ranking`.
#![allow(clippy::unwrap_used)]

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use sagebrush::data::ItemLists;
use sagebrush::inference::{ScoreHead, Tables, top_k};

const N_USERS: usize = 4_000;
const N_ITEMS: usize = 40_000;
const SEEN: u32 = 27;

fn main() {
    divan::main();
}

/// Lengths fall with the row to the power of `-falling`. At 0 every item is scored for every user; popularity makes
/// those of a trained model fall by about 0.2 to 0.3, and few items are scored.
fn vectors(rows: usize, dim: usize, falling: f32, rng: &mut ChaCha8Rng) -> Vec<f32> {
    let mut number = |at: usize| {
        let scale = ((at / dim + 1) as f32).powf(-falling);
        rng.random_range(-0.5f32..0.5) * scale
    };
    (0..rows * dim).map(&mut number).collect()
}

/// Scores counted: users times items, whether computed or ruled out.
#[divan::bench(
    args = [
        (64, 20, 0.0), (64, 20, 0.25), (64, 1000, 0.0), (64, 1000, 0.25), (256, 20, 0.0), (256, 1000, 0.0),
    ],
    sample_count = 10,
    sample_size = 1
)]
fn top_k_of_every_user(bencher: Bencher<'_, '_>, (dim, k, falling): (usize, usize, f32)) {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let users = vectors(N_USERS, dim, 0.0, &mut rng);
    let items = vectors(N_ITEMS, dim, falling, &mut rng);
    let tables = Tables::new(N_USERS, N_ITEMS, dim, users, items, ScoreHead::Dot).unwrap();
    let ids: Vec<u32> = (0..N_USERS as u32).collect();
    let pairs: Vec<(u32, u32)> = ids
        .iter()
        .flat_map(|&user| (0..SEEN).map(move |at| (user, at)))
        .map(|(user, _)| (user, rng.random_range(0..N_ITEMS as u32)))
        .collect();
    let seen = ItemLists::from_pairs(N_USERS, pairs.into_iter());
    bencher
        .counter(ItemsCount::new(N_USERS * N_ITEMS))
        .bench_local(|| black_box(top_k(&tables, &ids, k, Some(&seen)).unwrap()));
}

/// One user at a time, as a server answers.
#[divan::bench(args = [20, 1000])]
fn top_k_of_one_user(bencher: Bencher<'_, '_>, k: usize) {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let users = vectors(1, 64, 0.0, &mut rng);
    let items = vectors(N_ITEMS, 64, 0.25, &mut rng);
    let tables = Tables::new(1, N_ITEMS, 64, users, items, ScoreHead::Dot).unwrap();
    bencher.bench_local(|| black_box(top_k(&tables, &[0], k, None).unwrap()));
}
