//! Objects as streams of bytes, and the objects that a prefix or a pattern stands for.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::Builder;

use bytes::{Buf, Bytes};
use futures_util::stream::{StreamExt, TryStreamExt};
use glob::{MatchOptions, Pattern};
use object_store::path::Path as Key;
use object_store::{Error, ObjectStoreExt};
use tokio::runtime::Runtime;

use super::fault::{fault, last_cause};
use super::store::{Located, locate};
use crate::data::error::{DataError, unreadable};
use crate::data::part_names::{WILDCARDS, is_passed_over};

/// Within the name of an object no `/` is matched by `*`.
const MATCHES: MatchOptions = MatchOptions {
    case_sensitive: true,
    require_literal_separator: true,
    require_literal_leading_dot: false,
};

/// Pieces of an object that are fetched ahead of the reader.
const PIECES_AHEAD: usize = 2;

/// The bytes of an object as they come; no more than a few pieces of them are in memory.
pub(in crate::data) struct ObjectReader {
    pieces: Receiver<Result<Bytes, Error>>,
    piece: Bytes,
    /// Whether the last piece has come. A thread that ends without it has not read all.
    is_over: bool,
}

/// Opens an object.
///
/// # Errors
/// No such object, no access, no connection.
pub(in crate::data) fn open(path: &Path) -> Result<ObjectReader, DataError> {
    let name = path.display().to_string();
    let (sender, pieces) = sync_channel(PIECES_AHEAD);
    let of_thread = name.clone();
    // A thread of its own: the caller may be within a runtime of its own, which would end in a panic.
    let fetch = move || match runtime() {
        Ok(runtime) => runtime.block_on(fetch(&of_thread, &sender)),
        Err(error) => drop(sender.send(Err(error))),
    };
    let thread = Builder::new().name("object".to_owned()).spawn(fetch);
    thread.map_err(|source| unreadable(&name, source))?;
    match pieces.recv() {
        Ok(Ok(_)) => Ok(ObjectReader {
            pieces,
            piece: Bytes::new(),
            is_over: false,
        }),
        Ok(Err(error)) => Err(fault(&name, &error)),
        Err(_) => Err(unreadable(&name, broken_off())),
    }
}

fn broken_off() -> io::Error {
    io::Error::other("reading broke off before its end")
}

/// Sends an empty piece when the object is there, then what is in it, and an empty piece again when that was all. Ends early
/// when nobody reads any more.
async fn fetch(name: &str, pieces: &SyncSender<Result<Bytes, Error>>) {
    let opened = async {
        let located = locate(name)?;
        let key = located.path()?;
        located.store.get(&key).await
    };
    let mut stream = match opened.await {
        Ok(object) => object.into_stream(),
        Err(error) => return drop(pieces.send(Err(error))),
    };
    let mut goes_on = pieces.send(Ok(Bytes::new())).is_ok();
    while goes_on {
        let piece = match stream.next().await {
            Some(Ok(piece)) if piece.is_empty() => continue,
            Some(piece) => piece,
            None => Ok(Bytes::new()),
        };
        goes_on = piece.as_ref().is_ok_and(|piece| !piece.is_empty());
        goes_on &= pieces.send(piece).is_ok();
    }
}

fn runtime() -> Result<Runtime, Error> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.map_err(|source| Error::Generic {
        store: "runtime",
        source: Box::new(source),
    })
}

impl Read for ObjectReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.piece.is_empty() && !self.is_over {
            self.piece = match self.pieces.recv() {
                Ok(Ok(piece)) => piece,
                Ok(Err(error)) => return Err(io::Error::other(last_cause(&error))),
                Err(_) => return Err(broken_off()),
            };
            self.is_over = self.piece.is_empty();
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
    let list = || runtime()?.block_on(keys(&located));
    let listed = std::thread::scope(|scope| scope.spawn(list).join());
    let keys = listed
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        .map_err(|error| fault(&name, &error))?;
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
    let is_pattern = located.key.contains(WILDCARDS);
    let pattern = Pattern::new(&located.key).ok().filter(|_| is_pattern);
    let fixed = match &pattern {
        // Folders before the first that the pattern leaves open.
        Some(_) => {
            let open = located.key.find(WILDCARDS).unwrap_or_default();
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
            !below.split('/').any(|name| is_passed_over(Path::new(name)))
        })
        .filter(|key| {
            let fits = |pattern: &Pattern| pattern.matches_with(key, MATCHES);
            pattern.as_ref().is_none_or(fits)
        })
        .collect();
    keys.sort();
    Ok(keys)
}
