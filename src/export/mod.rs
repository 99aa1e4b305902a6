//! Results to files other tools read: lists as CSV, JSON lines or Parquet, TREC files, embeddings, synthetic logs.
//!
//! Files appear whole or not at all; `-` is standard output, whose early closing by the reader is no error.

mod columns;
mod csv;
mod destination;
#[cfg(feature = "parquet")]
mod embeddings;
mod error;
mod json_lines;
mod key_types;
mod log;
mod npy;
#[cfg(feature = "parquet")]
mod parquet;
mod recommendations;
mod row_count;
mod safetensors;
mod trec;
mod vectors;
mod why;

pub use destination::{Destination, write_with};
#[cfg(feature = "parquet")]
pub use embeddings::write_embeddings;
pub use error::ExportError;
pub(crate) use key_types::JsonKey;
pub use key_types::KeyTypes;
pub use log::{LogBlock, LogFormat, LogWriter};
#[cfg(feature = "cloud")]
pub(crate) use npy::keys_beside;
pub(crate) use npy::write_keys_beside;
pub use npy::write_npy;
pub use recommendations::{ListFormat, RecommendationWriter};
pub(crate) use row_count::count_rows;
pub use trec::TrecWriter;
pub use vectors::{VectorFormat, write_vectors};
#[cfg(feature = "cli")]
pub(crate) use why::JsonWhy;
