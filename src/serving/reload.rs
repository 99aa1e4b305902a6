//! Serving another run: where one was published in place of the one that is served, or when the service is told to look.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::error::ServeError;
use super::snapshot::Snapshot;
use super::state::State;
use crate::run::id_of_run;

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
    /// Starts it for a run, or a link to one, and for those beside it.
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

/// The place of a run that is served, and what was wrong with the newest one there.
struct Place {
    run: PathBuf,
    /// The first arm is 0.
    arm: usize,
    refused: Option<Refused>,
}

fn follow(app: &State, run: &Path, watch: bool, telling: &Receiver<()>) {
    let others = app.arms.others().iter().map(|arm| arm.run.clone());
    let runs = [run.to_owned()].into_iter().chain(others);
    let place = |(arm, run)| Place {
        run,
        arm,
        refused: None,
    };
    let mut places: Vec<Place> = runs.enumerate().map(place).collect();
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
        if was_told {
            app.read_again();
        }
        app.look_at_forgotten();
        for place in &mut places {
            look(app, place, was_told);
        }
    }
}

/// Serves what lies at a place now, where that is another run and was not refused a moment ago.
fn look(app: &State, place: &mut Place, was_told: bool) {
    let id = id_of_run(&place.run);
    let is_new = id.is_some() && id.as_ref() != Some(&app.serving(place.arm).load().id);
    let rests = |refused: &Refused| refused.id == id && Instant::now() < refused.until;
    if !was_told && (!is_new || place.refused.as_ref().is_some_and(rests)) {
        return;
    }
    place.refused = match load(app, place) {
        Ok(()) => None,
        Err(error) => {
            let again = place.refused.take().filter(|refused| refused.id == id);
            if was_told || again.is_none() {
                tracing::warn!(%error, "a run is refused, and the one of before goes on being served");
            }
            app.metrics
                .reloaded(false, app.serving(place.arm).load().label());
            let rest = again.map_or(REST[0], |refused| REST[1].min(refused.rest * 2));
            let until = Instant::now() + rest;
            Some(Refused { id, rest, until })
        }
    };
}

/// Opens what is there now and serves it. Requests that have begun keep their run, which is freed with the last of them.
fn load(app: &State, place: &Place) -> crate::error::Result<()> {
    let began = Instant::now();
    let serving = app.serving(place.arm);
    let arm = serving.load().arm.clone();
    let snapshot = Snapshot::open(&place.run, arm.as_ref(), &app.metrics.runs)?;
    let (id, path) = (snapshot.id.clone(), snapshot.path.display().to_string());
    let (snapshot, before) = app.publish(place.arm, snapshot);
    app.metrics.serves(&snapshot, Some(&before));
    app.metrics.reloaded(true, snapshot.label());
    let seconds = began.elapsed().as_secs_f64();
    match arm {
        None => tracing::info!(run = id, path, seconds, "another run is served"),
        Some(arm) => tracing::info!(run = id, %arm, path, seconds, "another run is served"),
    }
    Ok(())
}
