//! Errors of writing, each with its place and a remedy.

use crate::failure::{Fails, Failure};
use std::io;

/// Why a file was not written; a file that was there before is untouched.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The file cannot be started.
    #[error("cannot create {path}: {source}; check that the folder exists and is writable")]
    Create {
        /// The destination.
        path: String,
        /// The system's word.
        source: io::Error,
    },
    /// Writing stopped half-way.
    #[error("cannot write {path}: {source}; check the free space of its disk")]
    Write {
        /// The destination.
        path: String,
        /// The system's word.
        source: io::Error,
    },
    /// A Parquet file could not be encoded.
    #[cfg(feature = "parquet")]
    #[error("cannot write {path} as Parquet: {source}")]
    Parquet {
        /// The destination.
        path: String,
        /// The encoder's word.
        source: parquet::errors::ParquetError,
    },
    /// No format goes by the file's name.
    #[error(
        "cannot tell a format from the name {path}; name it .csv, .jsonl or .parquet, or give the format with `--to FORMAT`"
    )]
    UnknownFormat {
        /// The destination.
        path: String,
    },
    /// No format of logs goes by the file's name.
    #[error(
        "cannot tell a format from the name {path}; name it .csv, .txt (adjacency lists) or .parquet"
    )]
    UnknownLogFormat {
        /// The destination.
        path: String,
    },
    /// No format of embeddings goes by the file's name.
    #[error(
        "cannot tell a format from the name {path}; name it .parquet, .npy, .safetensors, .csv or .jsonl"
    )]
    UnknownVectorFormat {
        /// The destination.
        path: String,
    },
    /// Parquet was asked of a build without it.
    #[error(
        "this build cannot write Parquet; build it with the feature `parquet`, or choose csv or jsonl"
    )]
    NoParquet,
    /// A table whose size does not fit its ids.
    #[error("the table for {path} holds {found} numbers where {expected} are expected")]
    Shape {
        /// The destination.
        path: String,
        /// Numbers there are.
        found: usize,
        /// Numbers there should be.
        expected: usize,
    },
}

impl Fails for ExportError {
    fn failure(&self) -> Failure {
        Failure::CannotWrite
    }
}
