//! From scores to ranked lists: host embeddings, exact top-K, and the recommender that answers in outside keys.

mod embeddings;
mod mlp;
mod recommender;
mod score_source;
mod selection;
mod similar;
mod top_k;

pub use embeddings::{Embeddings, EmbeddingsError};
pub use mlp::{MlpHead, ScoreHead};
pub use recommender::{Listed, Recommender, RecommenderError, UserList};
pub use score_source::ScoreSource;
pub use selection::Ranked;
pub use similar::similar_items;
pub use top_k::{RankError, top_k};

pub(crate) use selection::best_first;
