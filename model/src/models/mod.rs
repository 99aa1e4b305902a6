//! Models: a network makes one embedding per user and item, a score compares two of them.
//!
//! One file or folder a network; `network` is the closed choice of them, `model` a network with a score.

mod config;
mod forward;
mod lightgcn;
mod mf;
mod model;
mod network;
mod ngcf;
mod objective;
mod pinsage;
mod serving;
mod tables;

pub use config::ModelConfig;
#[cfg(all(test, feature = "train"))]
pub(crate) use forward::NodeRows;
pub use lightgcn::{LightGcn, LightGcnConfig};
pub use mf::{Mf, MfConfig};
pub use model::Model;
pub use network::{Graph, Network, NetworkConfig, Propagation};
pub use ngcf::{
    NgcfLecture, NgcfLectureConfig, NgcfOfficial, NgcfOfficialConfig, NgcfPaper, NgcfPaperConfig,
};
pub use pinsage::{
    EdgeFeatures, InferenceError, ItemBatches, ItemGraph, LsaStart, Neighbourhoods, PinSage,
    PinSageConfig, PinSageNetwork, Pooling, PrincipalComponents, Query, mean_vectors,
};
pub use serving::ServingTables;
pub use tables::{EmbeddingTables, Embeddings};
