//! From scores to ranked lists: host embeddings, exact top-K, and the recommender that answers in outside keys.

mod embeddings;
pub mod filter;
mod fold_in;
mod kernel;
mod mlp;
mod model_config;
mod panels;
mod plane;
mod recommender;
mod score_source;
mod scorer;
mod selection;
mod similar;
mod tables;
mod top_k;

pub use embeddings::{Embeddings, EmbeddingsError};
pub use fold_in::FoldInError;
pub use mlp::{MlpHead, ScoreHead};
pub use model_config::model_config;
pub use plane::{Plane, plane};
pub use recommender::{ForHistory, HISTORY, Listed, Recommender, RecommenderError, UserList};
pub use score_source::ScoreSource;
pub use scorer::Scorer;
pub use selection::{Ranked, Selection};
pub use similar::similar_items;
pub use tables::{from_tables, to_tables};
pub use top_k::{RankError, top_k, top_k_among};

pub(crate) use selection::best_first;
