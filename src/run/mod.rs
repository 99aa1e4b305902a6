//! The run directory: what training writes, and what everything else reads. It is the model
//! directory too. No format in it can execute code, and nothing in it is trusted unchecked.

mod atomic;
mod checkpoint;
mod checkpoint_store;
mod contents;
mod directory;
#[cfg(test)]
mod directory_tests;
mod error;
mod files;
mod fold_in;
mod item_graph;
mod manifest;
mod model_card;
mod records;
mod tensors;

pub use atomic::{FileDigest, remove_leftovers, write_atomically};
pub use checkpoint::{Best, Checkpoint};
pub use checkpoint_store::{KEPT_CHECKPOINTS, LoadedCheckpoint, load_latest};
pub use contents::{EmbeddingTables, FilterTables, SeenLists};
pub use directory::RunDir;
pub use error::{Fault, RunError};
pub use files::File;
pub use fold_in::StoredFoldIn;
pub use item_graph::StoredItemGraph;
pub use manifest::{FORMAT_VERSION, MANIFEST_NAME, Manifest};
pub use model_card::{CardScore, ModelCard};
pub use records::{EpochRecord, MetricsLog, Totals};
pub use sagebrush_model::HostTensor;
pub use tensors::{HEADER_BYTES_MAX, NamedTensors};
