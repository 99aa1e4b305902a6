//! One list for a history, as a server answers: a vector, and the best of the catalogue. Run by
//! `cargo bench --bench fold_in`.
#![allow(clippy::unwrap_used)]

use divan::{Bencher, black_box};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use sagebrush::data::{IdMap, ItemLists};
use sagebrush::inference::{
    FoldIn, FoldInMap, ListOptions, Recommender, ScoreHead, Scorer, Tables,
};

const DIM: usize = 64;
const HISTORY: usize = 20;
const K: usize = 20;

fn main() {
    divan::main();
}

/// A model whose item vectors fall in length as a trained one's do, and whose fold-in map is known.
fn recommender(n_items: usize, rng: &mut ChaCha8Rng) -> Recommender {
    let mut number = |at: usize| {
        let scale = ((at / DIM + 1) as f32).powf(-0.25);
        rng.random_range(-0.5f32..0.5) * scale
    };
    let items: Vec<f32> = (0..n_items * DIM).map(&mut number).collect();
    let tables = Tables::new(1, n_items, DIM, vec![1.0; DIM], items, ScoreHead::Dot).unwrap();
    let map = (0..DIM * DIM).map(|_| rng.random_range(-0.5f64..0.5));
    let map = FoldInMap::from_values(&tables, map.collect()).unwrap();
    let keys = |n: usize| {
        let keys = (0..n).map(|at| at.to_string().into()).collect();
        IdMap::from_ordered_keys(keys).unwrap()
    };
    let seen = ItemLists::from_pairs(1, std::iter::empty());
    let scorer = Scorer::Embeddings(tables, FoldIn::known(map));
    Recommender::new(scorer, keys(1), keys(n_items), None, seen).unwrap()
}

#[divan::bench(args = [41_000, 1_000_000], sample_count = 100, sample_size = 1)]
fn list_for_a_history(bencher: Bencher<'_, '_>, n_items: usize) {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let recommender = recommender(n_items, &mut rng);
    let history: Vec<String> = (0..HISTORY)
        .map(|_| rng.random_range(0..n_items).to_string())
        .collect();
    let options = ListOptions::of(K);
    // The first call makes what all others use.
    recommender.recommend_for(&history, &options).unwrap();
    bencher.bench_local(|| black_box(recommender.recommend_for(&history, &options).unwrap()));
}
