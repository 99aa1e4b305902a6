//! Objects as streams of bytes, and the objects that a prefix or a pattern stands for.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use bytes::{Buf, Bytes};
use futures_util::stream::{BoxStream, StreamExt, TryStreamExt};
use glob::{MatchOptions, Pattern};
use object_store::path::Path as Key;
use object_store::{Error, ObjectStoreExt};
use tokio::runtime::{Builder, Runtime};

use super::fault::{fault, last_cause};
use super::store::{Located, locate};
use crate::data::error::{DataError, unreadable};

/// Within the name of an object no `/` is matched by `*`.
const MATCHES: MatchOptions = MatchOptions {
    case_sensitive: true,
    require_literal_separator: true,
    require_literal_leading_dot: false,
};

/// The bytes of an object as they come; no more than a piece of them is in memory.
pub(in crate::data) struct ObjectReader {
    runtime: Runtime,
    pieces: BoxStream<'static, Result<Bytes, Error>>,
    piece: Bytes,
}

/// Opens an object.
///
/// # Errors
/// No such object, no access, no connection.
pub(in crate::data) fn open(path: &Path) -> Result<ObjectReader, DataError> {
    let name = path.display().to_string();
    let runtime = runtime(&name)?;
    let opened = locate(&name).and_then(|located| {
        let key = located.path()?;
        runtime.block_on(located.store.get(&key))
    });
    let opened = opened.map_err(|error| fault(&name, &error))?;
    Ok(ObjectReader {
        runtime,
        pieces: opened.into_stream(),
        piece: Bytes::new(),
    })
}

fn runtime(name: &str) -> Result<Runtime, DataError> {
    let runtime = Builder::new_current_thread().enable_all().build();
    runtime.map_err(|source| unreadable(name, source))
}

impl Read for ObjectReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.piece.is_empty() {
            match self.runtime.block_on(self.pieces.next()) {
                None => return Ok(0),
                Some(Ok(piece)) => self.piece = piece,
                Some(Err(error)) => return Err(io::Error::other(last_cause(&error))),
            }
        }
        let n = self.piece.len().min(buffer.len());
        self.piece.copy_to_slice(&mut buffer[..n]);
        Ok(n)
    }
}

/// The objects that a path stands for, in the order of their names: the one of this name, those below it, or those that
/// its `*`, `?` and `[…]` match. Names that begin with `_` or `.`, and checksums, are passed over.
///
/// # Errors
/// As [`open`].
pub(in crate::data) fn part_files(path: &Path) -> Result<Vec<PathBuf>, DataError> {
    let name = path.display().to_string();
    let located = locate(&name).map_err(|error| fault(&name, &error))?;
    if !located.lists {
        return Ok(vec![path.to_owned()]);
    }
    let runtime = runtime(&name)?;
    let keys = runtime.block_on(keys(&located));
    let keys = keys.map_err(|error| fault(&name, &error))?;
    let parts = keys
        .into_iter()
        .map(|key| format!("{}/{key}", located.base).into());
    let parts: Vec<PathBuf> = parts.collect();
    match parts.is_empty() {
        true => Err(DataError::RemoteMissing { path: name }),
        false => Ok(parts),
    }
}

async fn keys(located: &Located) -> Result<Vec<String>, Error> {
    let store = &located.store;
    let is_pattern = located.key.contains(['*', '?', '[']);
    let pattern = Pattern::new(&located.key).ok().filter(|_| is_pattern);
    let fixed = match &pattern {
        // Folders before the first that the pattern leaves open.
        Some(_) => {
            let open = located.key.find(['*', '?', '[']).unwrap_or_default();
            let end = located.key[..open].rfind('/').unwrap_or_default();
            Key::parse(&located.key[..end])?
        }
        None => located.path()?,
    };
    if pattern.is_none() && !fixed.as_ref().is_empty() {
        match store.head(&fixed).await {
            Ok(_) => return Ok(vec![located.key.clone()]),
            Err(Error::NotFound { .. }) => {}
            Err(other) => return Err(other),
        }
    }
    let prefix = Some(&fixed).filter(|fixed| !fixed.as_ref().is_empty());
    let found: Vec<_> = store.list(prefix).try_collect().await?;
    let mut keys: Vec<String> = found
        .into_iter()
        .filter(|object| object.size > 0)
        .map(|object| object.location.to_string())
        .filter(|key| {
            let below = key.strip_prefix(fixed.as_ref()).unwrap_or(key);
            !below.split('/').any(is_passed_over)
        })
        .filter(|key| {
            let fits = |pattern: &Pattern| pattern.matches_with(key, MATCHES);
            pattern.as_ref().is_none_or(fits)
        })
        .collect();
    keys.sort();
    Ok(keys)
}

/// Marks and checksums that writers put beside their parts.
fn is_passed_over(name: &str) -> bool {
    name.starts_with(['_', '.']) || name.ends_with(".crc")
}
