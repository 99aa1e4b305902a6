//! Tests of reading as a whole: each format, each fault, hostile input, properties, known data sets.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod bad_rows;
mod data_sets;
mod faults;
mod filters;
mod hostile;
mod item_files;
mod json;
mod layouts;
#[cfg(feature = "parquet")]
mod parquet;
mod parts;
mod properties;
mod readers;
mod times;
mod titles;

use std::io::Write;
use std::path::PathBuf;

use super::*;

/// Reads a text whose format is to be recognized.
fn read(text: &str) -> (Dataset, Cleaning) {
    read_bytes(None, "log", text.as_bytes()).unwrap()
}

/// The message of the error that reading ends in.
fn fault(format: Option<Format>, text: impl AsRef<[u8]>) -> String {
    read_bytes(format, "log", text.as_ref())
        .unwrap_err()
        .to_string()
}

/// The interactions in keys.
fn pairs(dataset: &Dataset, rows: &Interactions) -> Vec<(String, String)> {
    let key = |map: &IdMap, id: &u32| map.key(*id).to_owned();
    let pair = |(user, item)| (key(&dataset.users, user), key(&dataset.items, item));
    rows.users.iter().zip(&rows.items).map(pair).collect()
}

fn owned(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs
        .iter()
        .map(|&(user, item)| (user.to_owned(), item.to_owned()))
        .collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    ::zstd::stream::encode_all(bytes, 1).unwrap()
}

/// A folder that goes away with the test, and a way to put files in it.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn file(&self, name: &str, content: impl AsRef<[u8]>) -> Input {
        std::fs::write(self.path(name), content).unwrap();
        Input::Path(self.path(name))
    }
}
