//! What all requests share: the run that is served now, interactions, ranking threads, metrics and limits.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use arc_swap::{ArcSwap, ArcSwapOption};
use axum::http::HeaderValue;
use tokio::sync::Semaphore;

use super::arms::{Arms, Taken};
use super::cors;
use super::error::ServeError;
use super::forgotten::ForgottenKeys;
use super::interactions::Interactions;
use super::metrics::Metrics;
use super::new_items::NewItems;
use super::ranking::Ranking;
use super::settings::{Limits, Settings};
use super::snapshot::Snapshot;
use super::tls::Tls;
use super::tokens::Tokens;
use crate::error::Result;
use crate::run::{Beside, beside};

/// The state of a service, shared by its requests.
pub(super) type State = Arc<App>;

/// The state of a service.
pub(super) struct App {
    /// The run that is served; of several side by side the first one.
    pub(super) current: ArcSwap<Snapshot>,
    /// The runs beside it.
    pub(super) arms: Arms,
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
    /// `None` where connections are not encrypted.
    pub(super) tls: Option<Tls>,
    /// Sites whose pages may ask; empty where none may.
    pub(super) cors: Vec<HeaderValue>,
    /// One for each request that may be worked on at once.
    pub(super) permits: Semaphore,
    /// One for each search that may look through keys and titles at once, so that lists keep a core.
    pub(super) searches: Arc<Semaphore>,
    is_stopping: AtomicBool,
}

impl App {
    /// Opens the run and the interactions, and starts the ranking threads.
    ///
    /// # Errors
    /// A run, a file of interactions or of tokens that cannot be opened.
    pub(super) fn open(settings: &Settings) -> Result<Self> {
        let tokens = settings.tokens.as_deref().map(Tokens::read).transpose()?;
        let tls = settings.tls.as_ref().map(Tls::open).transpose()?;
        let cors = cors::origins(&settings.cors)?;
        let metrics = Metrics::new();
        let arms = Arms::open(settings, &metrics.runs)?;
        let snapshot = Snapshot::open(&settings.run, arms.first.as_ref(), &metrics.runs)?;
        metrics.serves(&snapshot, None);
        for arm in arms.others() {
            metrics.serves(&arm.current.load(), None);
        }
        arms.remark_on_twins(&snapshot);
        let forgotten = ForgottenKeys::open(beside(&settings.run, Beside::Forgotten))?;
        let new_items = NewItems::open(settings.items_path(), &forgotten.list())?;
        let interactions = match settings.interactions_path() {
            Some(path) => Interactions::open(&path, forgotten.shared())?,
            None => Interactions::none(),
        };
        let n_threads = rayon::current_num_threads();
        let ranking = Ranking::start(n_threads, &metrics.batch).map_err(ServeError::Threads)?;
        let app = Self {
            current: ArcSwap::new(snapshot),
            arms,
            interactions,
            new_items,
            forgotten,
            changes: Mutex::default(),
            ranking,
            metrics,
            limits: settings.limits.clone(),
            tokens: ArcSwapOption::new(tokens.map(Arc::new)),
            token_file: settings.tokens.clone(),
            tls,
            cors,
            permits: Semaphore::new(settings.limits.concurrent),
            searches: Arc::new(Semaphore::new(n_threads.div_ceil(2))),
            is_stopping: AtomicBool::new(false),
        };
        app.complete_all();
        Ok(app)
    }

    /// The runs that a request is answered from.
    pub(super) fn take(&self) -> Taken {
        self.arms.take(self.current.load_full())
    }

    /// Where the runs of all arms are kept, the first one first.
    pub(super) fn all_serving(&self) -> impl Iterator<Item = &ArcSwap<Snapshot>> {
        let others = self.arms.others().iter().map(|arm| &arm.current);
        std::iter::once(&self.current).chain(others)
    }

    /// Where the run of an arm is kept; the first is 0.
    pub(super) fn serving(&self, arm: usize) -> &ArcSwap<Snapshot> {
        self.all_serving().nth(arm).unwrap_or(&self.current)
    }

    /// Reads the files of tokens and of the certificate again, where there are any. What cannot be read is told, and what
    /// there was before stays.
    pub(super) fn read_again(&self) {
        if let Err(error) = self.read_tokens() {
            tracing::warn!(%error, "the tokens of before stay");
        }
        if let Some(Err(error)) = self.tls.as_ref().map(Tls::read_again) {
            tracing::warn!(%error, "the certificate of before stays");
        }
    }

    fn read_tokens(&self) -> Result<(), ServeError> {
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
