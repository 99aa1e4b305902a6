//! Export to an object of S3, Google Cloud Storage or Azure, which appears whole when its last part is there.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use object_store::path::Path as Key;
use object_store::{Error, ObjectStoreExt, WriteMultipart};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::content::{Source, What};
use super::error::StoreError;
use super::files::FileStore;
use super::{Layout, Part};
use crate::data::{Located, credentials, lacks_credentials, last_cause, locate};
use crate::error::Result;
use crate::observer::Observer;

/// Bytes of a part. S3 takes 10,000 parts of at least 5 MiB.
const PART_BYTES: usize = 16 << 20;
/// Parts that are under way at once.
const PARTS_AT_ONCE: usize = 4;

/// An object of a store.
pub(crate) struct ObjectStore {
    url: String,
    located: Located,
    runtime: Runtime,
    /// The file is made here first, so that it need not fit in memory. It goes with this value.
    _folder: TempDir,
    file: FileStore,
}

impl ObjectStore {
    /// Begins an upload and gives it up again: what may not be written is refused before anything is computed for it.
    ///
    /// # Errors
    /// An address without a key, no access, no bucket, no connection.
    pub(super) fn open(url: &str, what: &[What], layout: &Layout) -> Result<Self> {
        let name = name_of(Path::new(url))?;
        let io = |error: std::io::Error| {
            StoreError::failed(
                "the folder of temporary files",
                error.to_string(),
                "name another one in `TMPDIR`",
            )
        };
        let folder = TempDir::new().map_err(io)?;
        let file = FileStore::of(&folder.path().join(name), what, layout)?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(io)?;
        let located = locate(url).map_err(|error| refused(url, &error))?;
        let store = Self {
            url: url.to_owned(),
            located,
            runtime,
            _folder: folder,
            file,
        };
        let key = store.key(url)?;
        let begin = async {
            let mut upload = store.located.store.put_multipart(&key).await?;
            upload.abort().await
        };
        store
            .runtime
            .block_on(begin)
            .map_err(|error| refused(url, &error))?;
        Ok(store)
    }

    pub(super) fn plan(&self, source: &Source<'_>, what: &[What]) -> Result<Vec<Part>> {
        let key = self.key(&self.url)?;
        let there = self.runtime.block_on(self.located.store.head(&key));
        let mut parts = self.file.plan(source, what)?;
        for part in &mut parts {
            part.place.clone_from(&self.url);
            part.replaces = there.is_ok();
        }
        Ok(parts)
    }

    pub(super) fn write(
        &self,
        source: &Source<'_>,
        what: &[What],
        observer: &dyn Observer,
    ) -> Result<Vec<Part>> {
        let mut parts = self.plan(source, what)?;
        for part in &mut parts {
            let written = self.file.write(source, &[part.what], observer)?;
            part.rows = written.iter().map(|part| part.rows).sum();
        }
        for file in self.file.files() {
            self.upload(&file)?;
        }
        Ok(parts)
    }

    /// Puts a file of the temporary folder under its name beside the object, and looks whether all of it is there.
    fn upload(&self, file: &Path) -> Result<()> {
        let (base, _) = self.url.rsplit_once('/').unwrap_or_default();
        let url = format!("{base}/{}", name_of(file)?.display());
        let key = self.key(&url)?;
        let sent = self.runtime.block_on(self.send(file, &key, &url))?;
        let head = self.runtime.block_on(self.located.store.head(&key));
        let found = head.map_err(|error| refused(&url, &error))?.size;
        if found != sent {
            let reason = format!("it has {found} bytes where {sent} were sent");
            return Err(StoreError::failed(&url, reason, "export again").into());
        }
        Ok(())
    }

    async fn send(&self, file: &Path, key: &Key, url: &str) -> Result<u64, StoreError> {
        let refused = |error: Error| refused(url, &error);
        let unreadable = |error: std::io::Error| {
            StoreError::failed(
                &file.display().to_string(),
                error.to_string(),
                "export again",
            )
        };
        let upload = self
            .located
            .store
            .put_multipart(key)
            .await
            .map_err(refused)?;
        let mut upload = WriteMultipart::new_with_chunk_size(upload, PART_BYTES);
        let mut bytes = File::open(file).map_err(unreadable)?;
        let mut sent = 0;
        loop {
            let mut piece = Vec::new();
            let limit = PART_BYTES as u64;
            let read = (&mut bytes).take(limit).read_to_end(&mut piece);
            match read.map_err(unreadable)? as u64 {
                0 => break,
                n => sent += n,
            }
            if let Err(error) = upload.wait_for_capacity(PARTS_AT_ONCE).await {
                // What was sent is of no use; that it stays there is no second error.
                let _ = upload.abort().await;
                return Err(refused(error));
            }
            upload.put(Bytes::from(piece));
        }
        upload.finish().await.map_err(refused)?;
        Ok(sent)
    }

    fn key(&self, url: &str) -> Result<Key, StoreError> {
        let (_, rest) = url.split_once("://").unwrap_or_default();
        let (_, key) = rest.split_once('/').unwrap_or_default();
        Key::parse(key).map_err(|error| refused(url, &error.into()))
    }
}

/// The last part of a path, which names the form.
fn name_of(path: &Path) -> Result<PathBuf, StoreError> {
    let name = path.file_name().map(PathBuf::from);
    name.ok_or_else(|| {
        StoreError::Usage(format!(
            "{}: name an object, as in s3://bucket/lists.parquet",
            path.display()
        ))
    })
}

/// What a store said, and what to do.
fn refused(url: &str, error: &Error) -> StoreError {
    let whole = format!("{error:?}");
    let remedy = match error {
        Error::NotFound { .. } => "make the bucket first, or check its name".to_owned(),
        _ if whole.contains("NoSuchBucket") || whole.contains("404") => {
            "make the bucket first, or check its name".to_owned()
        }
        Error::PermissionDenied { .. } | Error::Unauthenticated { .. } => {
            format!("it may not be written; {}", credentials(url))
        }
        _ if lacks_credentials(error) => format!("there are no credentials; {}", credentials(url)),
        _ if whole.contains("must be specified") || whole.contains("Missing") => credentials(url),
        _ => "check the connection and the address, and export again".to_owned(),
    };
    StoreError::failed(url, last_cause(error), remedy)
}
