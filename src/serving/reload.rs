//! Serving another run: where one was published in place of the one that is served, or when the service is told to look.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::error::ServeError;
use super::snapshot::{Snapshot, id_of};
use super::state::State;

/// How often a service that watches looks.
const LOOK: Duration = Duration::from_secs(1);
/// How long a run that was refused rests at first, and at most.
const REST: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(60)];

/// The thread that loads other runs. It ends when this is dropped.
pub(super) struct Reloader {
    told: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Reloader {
    /// Starts it for a run, or a link to one.
    ///
    /// # Errors
    /// A thread that cannot be started.
    pub(super) fn start(app: State, run: PathBuf, watch: bool) -> Result<Self, ServeError> {
        let (told, telling) = channel();
        let thread = std::thread::Builder::new().name("reload".to_owned());
        let thread = thread.spawn(move || follow(&app, &run, watch, &telling));
        Ok(Self {
            told: Some(told),
            thread: Some(thread.map_err(ServeError::Threads)?),
        })
    }

    /// Tells it to look now, and to load what is there.
    pub(super) fn tell(&self) {
        if let Some(told) = &self.told {
            // It has ended only where the service ends, too.
            let _ = told.send(());
        }
    }
}

impl Drop for Reloader {
    fn drop(&mut self) {
        self.told = None;
        if let Some(thread) = self.thread.take() {
            // A panic of it was told where it was.
            let _ = thread.join();
        }
    }
}

/// A run that was refused, and when it is tried again.
struct Refused {
    id: Option<String>,
    rest: Duration,
    until: Instant,
}

fn follow(app: &State, run: &Path, watch: bool, telling: &Receiver<()>) {
    let mut refused: Option<Refused> = None;
    loop {
        let was_told = match watch {
            true => match telling.recv_timeout(LOOK) {
                Ok(()) => true,
                Err(RecvTimeoutError::Timeout) => false,
                Err(RecvTimeoutError::Disconnected) => return,
            },
            false => match telling.recv() {
                Ok(()) => true,
                Err(_) => return,
            },
        };
        if was_told && let Err(error) = app.read_tokens() {
            tracing::warn!(%error, "the tokens of before stay");
        }
        app.look_at_forgotten();
        let id = id_of(run);
        let is_new = id.is_some() && id.as_ref() != Some(&app.current.load().id);
        let rests = |refused: &Refused| refused.id == id && Instant::now() < refused.until;
        if !was_told && (!is_new || refused.as_ref().is_some_and(rests)) {
            continue;
        }
        refused = match load(app, run) {
            Ok(()) => None,
            Err(error) => {
                let again = refused.filter(|refused| refused.id == id);
                if was_told || again.is_none() {
                    tracing::warn!(%error, "a run is refused, and the one of before goes on being served");
                }
                app.metrics.reloaded(false);
                let rest = again.map_or(REST[0], |refused| REST[1].min(refused.rest * 2));
                let until = Instant::now() + rest;
                Some(Refused { id, rest, until })
            }
        };
    }
}

/// Opens what is there now and serves it. Requests that have begun keep their run, which is freed with the last of them.
fn load(app: &State, run: &Path) -> crate::error::Result<()> {
    let began = Instant::now();
    let snapshot = Snapshot::open(run, &app.metrics.runs)?;
    let (id, path) = (snapshot.id.clone(), snapshot.path.display().to_string());
    app.publish(snapshot);
    app.metrics.serves(&id);
    app.metrics.reloaded(true);
    let seconds = began.elapsed().as_secs_f64();
    tracing::info!(run = id, path, seconds, "another run is served");
    Ok(())
}
