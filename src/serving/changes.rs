//! What changes while a run is served: new items, and what is forgotten. One change at a time, on threads on which no request
//! waits; requests that have begun keep what they began with.

use std::sync::{Arc, MutexGuard, PoisonError};

use super::problem::Problem;
use super::snapshot::Snapshot;
use super::state::App;
use crate::finished::{ItemMaker, NewItem};
use crate::run::RunError;

impl App {
    /// Serves another run in an arm from now on, with the items that were taken since and without those that were
    /// withdrawn. Gives what is served, and what was before.
    pub(super) fn publish(
        &self,
        arm: usize,
        snapshot: Arc<Snapshot>,
    ) -> (Arc<Snapshot>, Arc<Snapshot>) {
        let _one = self.one_change();
        let snapshot = self.complete(snapshot, self.new_items.all());
        let before = self.serving(arm).swap(Arc::clone(&snapshot));
        (snapshot, before)
    }

    /// Adds what was taken before the service was started to the runs of all arms.
    pub(super) fn complete_all(&self) {
        let _one = self.one_change();
        for serving in self.all_serving() {
            serving.store(self.complete(serving.load_full(), self.new_items.all()));
        }
    }

    /// A run with new items, and without those that were withdrawn.
    fn complete(&self, snapshot: Arc<Snapshot>, mut new: Vec<NewItem>) -> Arc<Snapshot> {
        let list = self.forgotten.list();
        let known = snapshot.run.recommender.items();
        new.retain(|item| known.id(&item.key).is_none() && !list.has_item(&item.key));
        let snapshot = match (&snapshot.run.maker, new.is_empty()) {
            (_, true) => snapshot,
            (Some(maker), false) => {
                let n_told = new.len();
                let fits = |item: &NewItem| maker.make(std::slice::from_ref(item)).is_ok();
                // One by one only where some do not fit this run.
                if maker.make(&new).is_err() {
                    new.retain(fits);
                }
                if new.len() < n_told {
                    let n = n_told - new.len();
                    tracing::warn!(
                        n,
                        "new items do not fit this run's features, and are in no list"
                    );
                }
                if new.is_empty() {
                    snapshot.withdraw(&list);
                    return snapshot;
                }
                let with = maker
                    .make(&new)
                    .and_then(|made| snapshot.with_items(&new, made, &self.metrics.runs));
                with.unwrap_or_else(|error| {
                    tracing::warn!(%error, "new items cannot be added to this run, and are in no list");
                    snapshot
                })
            }
            (None, false) => {
                let n = new.len();
                tracing::warn!(
                    n,
                    "this run makes no vectors of new items: they are in no list"
                );
                snapshot
            }
        };
        snapshot.withdraw(&list);
        snapshot
    }

    /// Takes new items: they are on disk, and in lists, when this returns. Says which run they were added to, and how many
    /// they are. `read` makes items of what was told, or says what is wrong with it. Of several arms the first whose model
    /// takes items says so; the others have those that fit them.
    ///
    /// # Errors
    /// A run that makes no vectors of features; what is wrong with an item; a file that cannot be written. None is taken
    /// then.
    pub(super) fn add_items(
        &self,
        read: impl FnOnce(&Snapshot, &ItemMaker) -> Result<Vec<NewItem>, Problem>,
    ) -> Result<(String, usize), Problem> {
        self.new_items.check()?;
        let _one = self.one_change();
        let mut arms = self.all_serving();
        let taker = arms.find_map(|serving| {
            let snapshot = serving.load_full();
            let maker = snapshot.run.maker.clone()?;
            Some((serving, snapshot, maker))
        });
        let Some((first, snapshot, maker)) = taker else {
            return Err(Problem::not_possible(
                "this model knows the items of its training alone, for it makes no vectors of features",
                "`sagebrush refresh` adds an item that somebody has, which ranks by its popularity until the next \
                 training; `sagebrush train --model pinsage` makes a model that takes new items at once",
            ));
        };
        let items = read(&snapshot, &maker)?;
        let cannot = |error: crate::error::Error| {
            Problem::unmet(error.to_string(), "`/openapi.json` says what an item holds")
        };
        let made = maker.make(&items).map_err(cannot)?;
        let next = snapshot
            .with_items(&items, made, &self.metrics.runs)
            .map_err(cannot)?;
        next.withdraw(&self.forgotten.list());
        self.new_items.keep(&items)?;
        self.metrics.new_items.inc_by(items.len() as u64);
        let id = next.id.clone();
        first.store(next);
        for serving in arms {
            let other = serving.load_full();
            if other.run.maker.is_some() {
                serving.store(self.complete(other, items.clone()));
            }
        }
        Ok((id, items.len()))
    }

    /// Forgets users and withdraws items, for good; says how many interactions were kept of them. They are on the list, and
    /// out of memory and of the files that the service keeps, when this returns.
    ///
    /// # Errors
    /// A service that writes nothing; a file that cannot be written. What is on the list by then is in no list of anybody.
    pub(super) fn forget(&self, users: &[String], items: &[String]) -> Result<usize, Problem> {
        if self.interactions.path().is_none() {
            return Err(Problem::not_possible(
                "this service forgets nothing: it was started with `--read-only`",
                "ask the service that keeps interactions, or use `sagebrush forget --run RUN`",
            ));
        }
        let _one = self.one_change();
        self.forgotten.add(users, items)?;
        let n = self.take_out()?;
        self.metrics.forgot("user", users.len());
        self.metrics.forgot("item", items.len());
        Ok(n)
    }

    /// Looks whether another process has added to the list of forgotten keys.
    pub(super) fn look_at_forgotten(&self) {
        let _one = self.one_change();
        let looked = match self.forgotten.look() {
            Ok(false) => return,
            Ok(true) => self.take_out().map_err(|problem| problem.fault.error),
            Err(error) => Err(error.to_string()),
        };
        match looked {
            Ok(_) => tracing::info!("the list of forgotten keys was read again"),
            Err(error) => tracing::warn!(error, "the list of forgotten keys is not heeded"),
        }
    }

    /// Takes what is on the list out of memory and of the files that the service keeps.
    fn take_out(&self) -> Result<usize, Problem> {
        let list = self.forgotten.list();
        for serving in self.all_serving() {
            serving.load().withdraw(&list);
        }
        let n = self.interactions.forget()?;
        self.new_items.forget(&list).map_err(|error: RunError| {
            tracing::error!(%error, "new items cannot be taken out of their file");
            Problem::unavailable(
                "what was withdrawn is in no list, but its line cannot be taken out of the file of new items",
                "ask again later; the log of the service says what is wrong",
            )
        })?;
        Ok(n)
    }

    fn one_change(&self) -> MutexGuard<'_, ()> {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
