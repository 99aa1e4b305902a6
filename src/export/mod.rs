//! Results to files other tools read: lists as CSV, JSON lines or Parquet, TREC files, embeddings.
//!
//! Files appear whole or not at all; `-` is standard output, whose early closing by the reader is no error.

mod csv;
mod destination;
#[cfg(feature = "parquet")]
mod embeddings;
mod error;
mod json_lines;
#[cfg(feature = "parquet")]
mod parquet;
mod recommendations;
mod trec;

pub use destination::Destination;
#[cfg(feature = "parquet")]
pub use embeddings::write_embeddings;
pub use error::ExportError;
pub use recommendations::{ListFormat, RecommendationWriter};
pub use trec::TrecWriter;
