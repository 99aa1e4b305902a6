//! Watches a long call: tells Python of its progress, and stops it where Python has a signal to handle.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use pyo3::prelude::*;
use pyo3::types::PyTuple;
use pyo3::{BoundObject, IntoPyObjectExt};
use sagebrush::{Event, Observer};

/// How long Python may wait for news and for a signal to be seen.
const PAUSE: Duration = Duration::from_millis(80);

/// Hands events to `tell(name, *details)`.
pub(crate) struct Watch {
    tell: Option<Py<PyAny>>,
    /// Pieces and steps that Python was not told of yet.
    done: AtomicU64,
    last: Mutex<Instant>,
    error: Mutex<Option<PyErr>>,
    stops: AtomicBool,
}

impl Watch {
    /// `None` tells nobody; signals are seen all the same.
    pub(crate) fn new(tell: Option<Py<PyAny>>) -> Self {
        Self {
            tell,
            done: AtomicU64::new(0),
            last: Mutex::new(Instant::now()),
            error: Mutex::new(None),
            stops: AtomicBool::new(false),
        }
    }

    /// The exception that a signal or the listener raised.
    pub(crate) fn take_error(&self) -> Option<PyErr> {
        self.error.lock().ok()?.take()
    }

    /// Whether it is time to look at Python again. Only one thread is told so.
    fn is_due(&self) -> bool {
        let Ok(mut last) = self.last.try_lock() else {
            return false;
        };
        let due = last.elapsed() >= PAUSE;
        if due {
            *last = Instant::now();
        }
        due
    }

    fn fail(&self, error: PyErr) {
        self.stops.store(true, Ordering::SeqCst);
        if let Ok(mut first) = self.error.lock() {
            first.get_or_insert(error);
        }
    }

    /// Tells of steps and pieces, and sees signals.
    fn look(&self) {
        let done = self.done.swap(0, Ordering::Relaxed);
        Python::attach(|py| {
            if let Err(error) = py.check_signals() {
                self.fail(error);
            }
            if done > 0 {
                self.call(py, "advance", (done,));
            }
        });
    }

    fn call<'py>(
        &self,
        py: Python<'py>,
        name: &str,
        details: impl IntoPyObject<'py, Target = PyTuple>,
    ) {
        let Some(tell) = &self.tell else {
            return;
        };
        let told = details
            .into_pyobject(py)
            .map_err(Into::into)
            .and_then(|details| {
                let name = name.into_bound_py_any(py)?;
                let all = std::iter::once(name).chain(details.into_bound().iter());
                let all = PyTuple::new(py, all.collect::<Vec<_>>())?;
                tell.bind(py).call1(all)
            });
        if let Err(error) = told {
            self.fail(error);
        }
    }

    fn tell<'a>(
        &self,
        name: &str,
        details: impl for<'py> IntoPyObject<'py, Target = PyTuple> + 'a,
    ) {
        if self.tell.is_none() {
            return;
        }
        let done = self.done.swap(0, Ordering::Relaxed);
        Python::attach(|py| {
            if done > 0 {
                self.call(py, "advance", (done,));
            }
            self.call(py, name, details);
        });
    }
}

impl Observer for Watch {
    fn event(&self, event: Event<'_>) {
        match event {
            Event::Remark(text) => self.tell("remark", (text,)),
            Event::WorkBegins { what, n_pieces } => self.tell("begins", (what, n_pieces)),
            Event::WorkEnds | Event::TrainingEnds => self.tell("ends", ()),
            Event::TrainingBegins {
                n_epochs,
                steps_per_epoch,
                n_done,
                refit_on,
            } => self.tell("training", (n_epochs, steps_per_epoch, n_done, refit_on)),
            Event::EpochBegins(epoch) => self.tell("epoch", (epoch,)),
            Event::EpochDone(record) => {
                if let Ok(record) = serde_json::to_string(record) {
                    self.tell("epoch_done", (record,));
                }
            }
            Event::CandidateBegins { name, left } => {
                self.tell("candidate", (name, left.map(|left| left.as_secs_f64())));
            }
            Event::StepDone | Event::PieceDone => {
                self.done.fetch_add(1, Ordering::Relaxed);
                if self.is_due() {
                    self.look();
                }
            }
            // What the library says of stopping comes with its error.
            _ => {}
        }
    }

    fn should_stop(&self) -> bool {
        if self.is_due() {
            self.look();
        }
        self.stops.load(Ordering::SeqCst)
    }
}
