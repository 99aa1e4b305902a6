//! From scores to ranked lists: host tables, exact top-K, and the recommender that answers for keys and internal ids.

mod byte_kernel;
mod byte_vectors;
mod ease;
mod fallback;
pub mod filter;
mod fold_in;
mod history;
mod ials;
mod item_knn;
mod item_pairs;
mod item_side;
mod kernel;
mod mlp;
mod model_config;
mod packing;
mod panels;
mod plane;
mod popularity;
mod prior;
mod rank_error;
mod recommender;
mod rerank;
mod scan;
mod score_source;
mod scorer;
mod selection;
mod shares;
mod similar;
mod stored;
mod tables;
mod top_k;
#[cfg(test)]
mod top_k_tests;

pub use ease::Ease;
pub use fallback::ServedScores;
pub use fold_in::{FoldIn, FoldInError, FoldInMap};
pub use ials::{IalsConfig, IalsError, factorize};
pub use item_knn::{ItemKnn, ItemKnnConfig};
pub use model_config::model_config;
pub use plane::{Plane, plane};
pub use popularity::Popularity;
pub use prior::{ItemPrior, PriorSettings};
pub use rank_error::RankError;
pub use recommender::{
    ForHistory, HISTORY, How, ListOptions, ListSource, Listed, Reason, Recommender,
    RecommenderError, UserList, Why,
};
pub(crate) use rerank::{Reranker, mean_likeness};
pub use rerank::{Reranking, RerankingError};
pub use sagebrush_model::ScoreHead;
pub use score_source::{ManyLists, ScoreSource};
pub use scorer::Scorer;
pub use selection::{Ranked, Selection};
pub use similar::similar_items;
pub use stored::{from_stored, to_stored};
pub use tables::{Tables, TablesError};
pub use top_k::{top_k, top_k_among, top_k_without};

pub(crate) use fold_in::RIDGE;
pub(crate) use score_source::rows_of_tile;
#[cfg(test)]
pub(crate) use selection::best_first;
