//! Graph recommender models on Burn: tensors in, tensors out.
//!
//! A model is one function, `(parameters, Adjacency) -> Embeddings`, and a score is taken from
//! embeddings. This crate knows Burn and nothing else: no file, no outside id, no sampler, no
//! optimizer, no command line. With the feature `train` off it holds neither autodiff nor
//! optimizers.

mod adjacency;
mod batch;
mod dense;
// Backward passes are dead in a build that does not train.
#[cfg_attr(not(feature = "train"), allow(dead_code))]
mod dense_layer;
// Backward passes are dead in a build that does not train.
#[cfg_attr(not(feature = "train"), allow(dead_code))]
mod dropout;
mod embedding;
mod flex;
mod init;
mod lightgcn;
pub mod limits;
pub mod loss;
mod mf;
mod model;
mod network;
mod ngcf;
mod numeric;
// Backward passes are dead in a build that does not train.
#[cfg_attr(not(feature = "train"), allow(dead_code))]
mod objective;
mod parameters;
mod pinsage;
mod ranking;
// Backward passes are dead in a build that does not train.
#[cfg_attr(not(feature = "train"), allow(dead_code))]
mod rows;
mod score;
mod serving;
mod spmm;
#[cfg(all(test, feature = "train"))]
mod tests;

pub use adjacency::{Adjacency, AdjacencyError, CsrMatrix, check_table_fits};
pub use batch::{BatchIndices, LogQ, SharedNegatives};
pub use dense::{MatrixView, multiply};
pub use dropout::{Mode, mix};
pub use embedding::{EmbeddingTables, Embeddings};
pub use init::Init;
pub use lightgcn::{LightGcn, LightGcnConfig};
pub use loss::{L2, LossConfig, LossParts, RankingLoss};
pub use mf::{Mf, MfConfig};
pub use model::{ConfigError, Model, ModelConfig};
pub use network::{Graph, Network, NetworkConfig, Propagation};
pub use ngcf::{
    NgcfLecture, NgcfLectureConfig, NgcfOfficial, NgcfOfficialConfig, NgcfPaper, NgcfPaperConfig,
};
pub use parameters::{HostTensor, ParameterError};
pub use pinsage::{
    ContentStart, Directions, EdgeFeatures, InferenceError, ItemBatch, ItemBatches, ItemGraph,
    Neighbourhoods, PinSage, PinSageConfig, PinSageNetwork, Pooling, Query, mean_vectors,
};
pub use ranking::{DeviceTables, RankingError};
pub use score::{Score, ScoreConfig};
pub use serving::{ScoreHead, ServingTables};
pub use spmm::{SparseMatrix, SparseRows, cpu_instruction_set};
