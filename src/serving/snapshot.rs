//! A run in memory as one request sees it: what answers, and the id that every answer carries.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::ArcSwap;
use axum::http::HeaderValue;
use prometheus_client::metrics::gauge::Gauge;

use super::error::ServeError;
use crate::data::{Forgotten, ItemLists};
use crate::error::Result;
use crate::finished::{Made, NewItem, ServedRun};
use crate::inference::ListOptions;
use crate::run::MANIFEST_NAME;

/// Hexadecimal digits of a run's id.
const ID_DIGITS: usize = 12;
/// How often a run may be replaced while it is opened.
const TRIES_MAX: usize = 5;

/// A run that is served. It is never changed; another one takes its place.
pub(super) struct Snapshot {
    /// The first digits of the BLAKE3 hash of its `MANIFEST.json`.
    pub(super) id: String,
    /// The same as a header.
    pub(super) header: HeaderValue,
    /// Where it lies, links followed.
    pub(super) path: PathBuf,
    pub(super) run: ServedRun,
    /// Ids of the items that were withdrawn since, ascending.
    withdrawn: ArcSwap<Vec<u32>>,
    _counted: Counted,
}

/// One of the runs in memory.
struct Counted(Gauge);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Snapshot {
    /// Opens a run, or what a link leads to, whole: never parts of two. `in_memory` counts it as long as it is there.
    ///
    /// # Errors
    /// A run that is missing, damaged or not finished.
    pub(super) fn open(run: &Path, in_memory: &Gauge) -> Result<Arc<Self>> {
        for _ in 0..TRIES_MAX {
            let path = run.canonicalize().unwrap_or_else(|_| run.to_owned());
            let before = id_of(&path);
            let opened = ServedRun::open(&path);
            // The files may have been exchanged between the reading of one and of the next.
            let is_same = before.is_some() && id_of(&path) == before;
            match (opened, before) {
                (Ok(run), Some(id)) if is_same => {
                    let header = HeaderValue::from_str(&id).map_err(|_| ServeError::Restless)?;
                    in_memory.inc();
                    let snapshot = Self {
                        id,
                        header,
                        path,
                        run,
                        withdrawn: ArcSwap::default(),
                        _counted: Counted(in_memory.clone()),
                    };
                    snapshot.warm();
                    return Ok(Arc::new(snapshot));
                }
                (Err(error), None) => return Err(error),
                (Err(error), _) if is_same => return Err(error),
                _ => {}
            }
        }
        Err(ServeError::Restless.into())
    }

    /// The same run with more items.
    ///
    /// # Errors
    /// Rows that do not fit its tables.
    pub(super) fn with_items(
        &self,
        items: &[NewItem],
        made: Made,
        in_memory: &Gauge,
    ) -> Result<Arc<Self>> {
        let run = self.run.with_items(items, made)?;
        in_memory.inc();
        let snapshot = Self {
            id: self.id.clone(),
            header: self.header.clone(),
            path: self.path.clone(),
            run,
            withdrawn: ArcSwap::default(),
            _counted: Counted(in_memory.clone()),
        };
        snapshot.warm();
        Ok(Arc::new(snapshot))
    }

    /// Withdraws the items of a list: requests that come from now on know them no more.
    pub(super) fn withdraw(&self, list: &Forgotten) {
        let items = self.run.recommender.items();
        let mut ids: Vec<u32> = list.items().filter_map(|key| items.id(key)).collect();
        ids.sort_unstable();
        self.withdrawn.store(Arc::new(ids));
    }

    /// Ids of the items that were withdrawn, ascending.
    pub(super) fn withdrawn(&self) -> Arc<Vec<u32>> {
        self.withdrawn.load_full()
    }

    /// The id of an item that was not withdrawn.
    pub(super) fn item(&self, key: &str) -> Option<u32> {
        let id = self.run.recommender.items().id(key);
        id.filter(|id| self.withdrawn.load().binary_search(id).is_err())
    }

    /// Makes what is made when it is first needed, so that no request waits for it. What fails here is told to the
    /// request that needs it.
    fn warm(&self) {
        let recommender = &self.run.recommender;
        let options = ListOptions::of(1);
        let nobody = ItemLists::from_pairs(1, std::iter::empty());
        let somebody = ItemLists::from_pairs(1, std::iter::once((0, 0)));
        let _ = recommender.people_ids(&nobody, &[], &nobody, &options);
        if !recommender.items().is_empty() {
            let _ = recommender.people_ids(&somebody, &[], &somebody, &options);
            let _ = recommender.similar_ids(&[0], &options);
        }
        if !recommender.users().is_empty() {
            let _ = recommender.recommend_ids(&[0], &options);
        }
        // The tables of keys by hash.
        let _ = (recommender.users().id("?"), recommender.items().id("?"));
    }
}

/// The id of the run that lies at a path now; `None` where no manifest can be read.
pub(super) fn id_of(path: &Path) -> Option<String> {
    let manifest = std::fs::read(path.join(MANIFEST_NAME)).ok()?;
    let mut id = blake3::hash(&manifest).to_hex().to_string();
    id.truncate(ID_DIGITS);
    Some(id)
}
