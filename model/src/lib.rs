//! Graph recommender models on Burn: tensors in, tensors out.
#![doc = include_str!("../README.md")]

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
pub use kernels::cpu::{
    MatrixView, SOLVE_LANES, add_gram, cpu_instruction_set, limits, multiply, solve_positive,
};
pub use losses::{BatchScores, L2, LossConfig, LossParts, RankingLoss};
pub use models::{
    EdgeFeatures, EmbeddingTables, Embeddings, Graph, InferenceError, ItemBatches, ItemGraph,
    LightGcn, LightGcnConfig, LsaStart, Mf, MfConfig, Model, ModelConfig, Neighbourhoods, Network,
    NetworkConfig, NgcfLecture, NgcfLectureConfig, NgcfOfficial, NgcfOfficialConfig, NgcfPaper,
    NgcfPaperConfig, PinSage, PinSageConfig, PinSageNetwork, Pooling, PrincipalComponents,
    Propagation, Query, ServingTables, mean_vectors,
};
pub use ops::dropout::{Mode, mix};
pub use ops::top_k::{DeviceTables, RankingError};
pub use parameters::{ConfigError, HostTensor, Init, ParameterError};
pub use scores::{Score, ScoreConfig, ScoreHead};
