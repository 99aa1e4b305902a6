//! What all requests share: the run that is served now, interactions, ranking threads, metrics and limits.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use arc_swap::{ArcSwap, ArcSwapOption};
use tokio::sync::Semaphore;

use super::error::ServeError;
use super::forgotten::ForgottenKeys;
use super::interactions::Interactions;
use super::metrics::Metrics;
use super::new_items::NewItems;
use super::ranking::Ranking;
use super::settings::{Limits, Settings};
use super::snapshot::Snapshot;
use super::tokens::Tokens;
use crate::error::Result;
use crate::run::{Beside, beside};

/// The state of a service, shared by its requests.
pub(super) type State = Arc<App>;

/// The state of a service.
pub(super) struct App {
    pub(super) current: ArcSwap<Snapshot>,
    pub(super) interactions: Interactions,
    pub(super) new_items: NewItems,
    pub(super) forgotten: ForgottenKeys,
    /// Held while what is served changes.
    pub(super) changes: Mutex<()>,
    pub(super) ranking: Ranking,
    pub(super) metrics: Metrics,
    pub(super) limits: Limits,
    /// `None` where every request is answered.
    pub(super) tokens: ArcSwapOption<Tokens>,
    token_file: Option<PathBuf>,
    /// One for each request that may be worked on at once.
    pub(super) permits: Semaphore,
    is_stopping: AtomicBool,
}

impl App {
    /// Opens the run and the interactions, and starts the ranking threads.
    ///
    /// # Errors
    /// A run, a file of interactions or of tokens that cannot be opened.
    pub(super) fn open(settings: &Settings) -> Result<Self> {
        let tokens = settings.tokens.as_deref().map(Tokens::read).transpose()?;
        let metrics = Metrics::new();
        let snapshot = Snapshot::open(&settings.run, &metrics.runs)?;
        metrics.serves(&snapshot.id);
        let forgotten = ForgottenKeys::open(beside(&settings.run, Beside::Forgotten))?;
        let new_items = NewItems::open(settings.items_path(), &forgotten.list())?;
        let interactions = match settings.interactions_path() {
            Some(path) => Interactions::open(&path, forgotten.shared())?,
            None => Interactions::none(),
        };
        let n_threads = rayon::current_num_threads();
        let ranking = Ranking::start(n_threads, &metrics.batch).map_err(ServeError::Threads)?;
        let app = Self {
            current: ArcSwap::new(snapshot.clone()),
            interactions,
            new_items,
            forgotten,
            changes: Mutex::default(),
            ranking,
            metrics,
            limits: settings.limits.clone(),
            tokens: ArcSwapOption::new(tokens.map(Arc::new)),
            token_file: settings.tokens.clone(),
            permits: Semaphore::new(settings.limits.concurrent),
            is_stopping: AtomicBool::new(false),
        };
        app.publish(snapshot);
        Ok(app)
    }

    /// Reads the file of tokens again, where there is one.
    ///
    /// # Errors
    /// As [`Tokens::read`]; the tokens of before stay.
    pub(super) fn read_tokens(&self) -> Result<(), ServeError> {
        if let Some(path) = &self.token_file {
            self.tokens.store(Some(Arc::new(Tokens::read(path)?)));
        }
        Ok(())
    }

    /// No further connection is taken from now on.
    pub(super) fn begin_to_stop(&self) {
        self.is_stopping.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.is_stopping.load(Ordering::Relaxed)
    }
}
