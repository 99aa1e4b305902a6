//! What lists may hold, from Python's keyword arguments.

use pyo3::prelude::*;
use sagebrush::{ListOptions, Reranking};

use crate::keys::{Key, texts};

/// The keyword arguments that all lists have.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Options {
    k: usize,
    include_seen: bool,
    exclude: Vec<Key>,
    only: Option<Vec<Key>>,
    category: Option<String>,
    diversity: f64,
    popularity_damping: f64,
    category_cap: Option<usize>,
}

impl From<Options> for ListOptions {
    fn from(given: Options) -> Self {
        Self {
            k: given.k,
            include_seen: given.include_seen,
            exclude: texts(given.exclude),
            only: given.only.map(texts),
            category: given.category,
            rerank: Reranking {
                diversity: given.diversity,
                popularity_damping: given.popularity_damping,
                category_cap: given.category_cap,
            },
            ..ListOptions::of(given.k)
        }
    }
}
