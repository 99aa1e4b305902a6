//! Where a run is exported to: PostgreSQL, Redis, object stores and files. A reader finds the old version or the new one.
//!
//! [`Store::open`] takes an address and looks whether it can be written, [`Store::write`] writes. Nothing is switched
//! before all of it is there and counted; after a kill at any moment the same export brings the same result.

mod address;
mod content;
mod error;
mod files;
#[cfg(feature = "cloud")]
mod objects;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "redis")]
mod redis;

use serde::Serialize;

pub(crate) use address::Address;
pub(crate) use content::{Source, What};
pub(crate) use error::StoreError;

use crate::error::Result;
use crate::observer::Observer;

/// How a store keeps what it is given.
#[derive(Debug, Clone)]
#[cfg_attr(
    not(all(feature = "postgres", feature = "redis")),
    allow(dead_code, reason = "some of it is for databases")
)]
pub(crate) struct Layout {
    /// What tables and keys begin with in a database.
    pub(crate) name: String,
    /// Whether Parquet has a column for each coordinate of a vector.
    pub(crate) is_wide: bool,
    /// Whether PostgreSQL gets an approximate index over the items.
    pub(crate) has_hnsw: bool,
    /// How long Redis keeps the lists of earlier versions, in seconds.
    pub(crate) keep_old_s: u64,
}

/// A part of an export: where it goes, and what is there by then.
#[derive(Debug, Serialize)]
pub(crate) struct Part {
    pub(crate) what: What,
    /// The file, table or keys, without a password.
    pub(crate) place: String,
    /// What a row holds, in words.
    pub(crate) form: String,
    /// Rows, or users in Redis; at most so many before they are written.
    pub(crate) rows: usize,
    /// Whether something of an earlier export gives way.
    pub(crate) replaces: bool,
}

/// A place that can be written.
pub(crate) enum Store {
    File(files::FileStore),
    #[cfg(feature = "cloud")]
    Object(objects::ObjectStore),
    #[cfg(feature = "postgres")]
    Postgres(postgres::Postgres),
    #[cfg(feature = "redis")]
    Redis(redis::Redis),
}

impl Store {
    /// Reaches the place and looks whether it can be written, before anything is computed for it.
    ///
    /// # Errors
    /// A place that cannot be reached or written, that does not take `what`, or that this build does not know.
    #[cfg_attr(
        not(feature = "postgres"),
        allow(unused_variables, reason = "only a database tells something")
    )]
    pub(crate) fn open(
        address: &Address,
        what: &[What],
        layout: Layout,
        observer: &dyn Observer,
    ) -> Result<Self> {
        match address {
            Address::File(path) => Ok(Self::File(files::FileStore::open(path, what, &layout)?)),
            #[cfg(feature = "cloud")]
            Address::Object(url) => Ok(Self::Object(objects::ObjectStore::open(
                url, what, &layout,
            )?)),
            #[cfg(not(feature = "cloud"))]
            Address::Object(_) => Err(StoreError::not_built("object stores", "cloud").into()),
            #[cfg(feature = "postgres")]
            Address::Postgres(secret) => Ok(Self::Postgres(postgres::Postgres::open(
                secret, layout, observer,
            )?)),
            #[cfg(not(feature = "postgres"))]
            Address::Postgres(_) => Err(StoreError::not_built("PostgreSQL", "postgres").into()),
            #[cfg(feature = "redis")]
            Address::Redis(secret) => Ok(Self::Redis(redis::Redis::open(secret, what, layout)?)),
            #[cfg(not(feature = "redis"))]
            Address::Redis(_) => Err(StoreError::not_built("Redis", "redis").into()),
        }
    }

    /// What [`write`](Self::write) would write where.
    ///
    /// # Errors
    /// What would stop the export: vectors that are not there, a table that is somebody else's.
    pub(crate) fn plan(&mut self, source: &Source<'_>, what: &[What]) -> Result<Vec<Part>> {
        match self {
            Self::File(store) => store.plan(source, what),
            #[cfg(feature = "cloud")]
            Self::Object(store) => store.plan(source, what),
            #[cfg(feature = "postgres")]
            Self::Postgres(store) => store.plan(source, what),
            #[cfg(feature = "redis")]
            Self::Redis(store) => store.plan(source),
        }
    }

    /// Writes, counts, and switches readers over.
    ///
    /// # Errors
    /// A place that does not take all of it; readers keep what was there.
    pub(crate) fn write(
        &mut self,
        source: &Source<'_>,
        what: &[What],
        observer: &dyn Observer,
    ) -> Result<Vec<Part>> {
        match self {
            Self::File(store) => store.write(source, what, observer),
            #[cfg(feature = "cloud")]
            Self::Object(store) => store.write(source, what, observer),
            #[cfg(feature = "postgres")]
            Self::Postgres(store) => store.write(source, what, observer),
            #[cfg(feature = "redis")]
            Self::Redis(store) => store.write(source, observer),
        }
    }
}
