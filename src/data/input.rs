//! Where logs and item files come from, and the files that one of them stands for.

use std::path::PathBuf;

use super::bundled::{Bundled, BundledFile};
use super::encoding::Encoding;
use super::error::DataError;
use super::part_files::part_files;
use super::source::Origin;

/// Where a log or item metadata comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A file, possibly compressed with gzip or zstd; a folder of part files, or a pattern with `*`, `?` or `[…]` that
    /// matches some.
    Path(PathBuf),
    /// The same in another encoding than UTF-8.
    Encoded(PathBuf, Encoding),
    /// Data inside the binary: its ratings where a log is read, its titles where metadata is.
    Bundled(Bundled),
}

impl Input {
    pub(super) fn interactions(&self) -> Origin<'_> {
        self.origin(Bundled::interactions)
    }

    pub(super) fn items(&self) -> Origin<'_> {
        self.origin(Bundled::items)
    }

    /// The file, or one of those of the bundled data.
    fn origin(&self, of_bundled: fn(Bundled) -> BundledFile) -> Origin<'_> {
        match self {
            Self::Path(path) => Origin::File(path, None),
            Self::Encoded(path, encoding) => Origin::File(path, Some(*encoding)),
            Self::Bundled(bundled) => {
                let BundledFile { name, bytes } = of_bundled(*bundled);
                Origin::Memory { name, bytes }
            }
        }
    }
}

/// The inputs one by one: part files in place of their folder or pattern.
pub(super) fn parts(inputs: &[Input]) -> Result<Vec<Input>, DataError> {
    let mut parts = Vec::new();
    for input in inputs {
        match input {
            Input::Path(path) => parts.extend(part_files(path)?.into_iter().map(Input::Path)),
            Input::Encoded(path, encoding) => {
                let files = part_files(path)?.into_iter();
                parts.extend(files.map(|file| Input::Encoded(file, *encoding)));
            }
            Input::Bundled(_) => parts.push(input.clone()),
        }
    }
    Ok(parts)
}

/// The files of an item file one by one: those of a folder or a pattern.
pub(super) fn item_parts(input: &Input) -> Result<Vec<Input>, DataError> {
    parts(std::slice::from_ref(input))
}

pub(super) fn origins(parts: &[Input]) -> Vec<Origin<'_>> {
    parts.iter().map(Input::items).collect()
}
