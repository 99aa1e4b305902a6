//! Graph recommender models on Burn: tensors in, tensors out.
//!
//! A model is one function, `(parameters, graph) -> Embeddings`, and a score is taken from
//! embeddings. This crate knows Burn and nothing else: no file formats, no raw ids, no sampler, no
//! optimizer, no command line. With the feature `train` off it holds neither autodiff nor
//! optimizers.
//!
//! EXAMPLE
//!
//! # Modules
//! From the lowest to the highest; a folder knows those above it in this list only (`tests/structure.rs` holds the
//! table):
//! - `kernels`: loops on slices, for each instruction set and for GPUs
//! - `parameters`: parameters by name, and their initial values
//! - [`losses`]: ranking losses and regularization
//! - `graph`: the sparse matrix and the adjacency
//! - `batch`: the ids of one mini-batch, its negatives and its sub-graph
//! - `ops`: operations with their gradients, on each backend
//! - `scores`: from two embeddings to a score
//! - `models`: networks, and the model that is trained, saved and served

mod batch;
mod graph;
mod kernels;
pub mod losses;
mod models;
mod ops;
mod parameters;
mod scores;
#[cfg(all(test, feature = "train"))]
mod tests;

pub use batch::{BatchIndices, ItemBatch, LogQ, SharedNegatives};
pub use graph::{Adjacency, AdjacencyError, CsrMatrix, SparseMatrix, SparseRows, check_table_fits};
pub use kernels::cpu::{MatrixView, cpu_instruction_set, limits, multiply};
pub use losses::{BatchScores, L2, LossConfig, LossParts, RankingLoss};
pub use models::{
    ConfigError, EdgeFeatures, EmbeddingTables, Embeddings, Graph, InferenceError, ItemBatches,
    ItemGraph, LightGcn, LightGcnConfig, LsaStart, Mf, MfConfig, Model, ModelConfig,
    Neighbourhoods, Network, NetworkConfig, NgcfLecture, NgcfLectureConfig, NgcfOfficial,
    NgcfOfficialConfig, NgcfPaper, NgcfPaperConfig, PinSage, PinSageConfig, PinSageNetwork,
    Pooling, PrincipalComponents, Propagation, Query, ServingTables, mean_vectors,
};
pub use ops::dropout::{Mode, mix};
pub use ops::top_k::{DeviceTables, RankingError};
pub use parameters::{HostTensor, Init, ParameterError};
pub use scores::{Score, ScoreConfig, ScoreHead};
