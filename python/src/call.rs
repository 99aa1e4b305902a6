//! How a call enters the library: without the interpreter's lock, with panics caught, and after a fork on threads of its own.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use pyo3::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::errors::Fault;
use crate::remarks;
use crate::watch::Watch;

/// The process whose calls started the usual threads; 0 before the first.
static HOME: AtomicU32 = AtomicU32::new(0);

/// The threads of a process that was forked from such a one: its own are not there.
static OF_FORK: Mutex<Option<(u32, Arc<ThreadPool>)>> = Mutex::new(None);

/// Makes a short call, such as a question to a model. It works in a forked process.
pub(crate) fn ask<T: Send>(
    py: Python<'_>,
    call: impl FnOnce() -> Result<T, Fault> + Send,
) -> PyResult<T> {
    remarks::listen();
    let answer = py.detach(|| match threads_of_fork()? {
        Some(threads) => threads.install(|| caught(call)),
        None => caught(call),
    });
    answer.map_err(|fault| fault.raised(py))
}

/// Makes a long call that reports to `watch` and stops at Ctrl-C.
pub(crate) fn work<T: Send>(
    py: Python<'_>,
    watch: &Watch,
    call: impl FnOnce() -> Result<T, Fault> + Send,
) -> PyResult<T> {
    remarks::listen();
    let done = py.detach(|| {
        refuse_in_fork()?;
        caught(call)
    });
    match (done, watch.take_error()) {
        (Err(fault), Some(error)) if fault.is_interrupt() => Err(interrupted(py, error, fault)),
        (Ok(_), Some(error)) => Err(error),
        (Err(fault), _) => Err(fault.raised(py)),
        (Ok(done), None) => Ok(done),
    }
}

/// What stopped the call, with the library's words on what was saved.
fn interrupted(py: Python<'_>, error: PyErr, fault: Fault) -> PyErr {
    let told = fault.raised(py);
    if error.is_instance_of::<pyo3::exceptions::PyKeyboardInterrupt>(py) {
        return pyo3::exceptions::PyKeyboardInterrupt::new_err(told.value(py).to_string());
    }
    error.set_cause(py, Some(told));
    error
}

/// What a call gives, a panic as a fault.
fn caught<T>(call: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
    catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|panic| Err(Fault::Panic(text_of(&*panic))))
}

fn text_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("something unexpected happened").to_owned()
}

/// Whether this process was forked from one that had started threads.
fn is_fork() -> bool {
    let own = std::process::id();
    let home = HOME.compare_exchange(0, own, Ordering::SeqCst, Ordering::SeqCst);
    home.is_err_and(|home| home != own)
}

fn refuse_in_fork() -> Result<(), Fault> {
    match is_fork() {
        false => Ok(()),
        true => Err(Fault::Usage(
            "this process was forked from one that had used sagebrush already, and a fork has none of its threads: train, \
             evaluate and refresh in the first process, or start others with `multiprocessing.get_context(\"spawn\")`. \
             Answers such as `recommend` work here"
                .to_owned(),
        )),
    }
}

/// Threads of this process, where it is a fork.
fn threads_of_fork() -> Result<Option<Arc<ThreadPool>>, Fault> {
    if !is_fork() {
        return Ok(None);
    }
    let own = std::process::id();
    let mut known = OF_FORK.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((process, threads)) = &*known
        && *process == own
    {
        return Ok(Some(Arc::clone(threads)));
    }
    let threads = ThreadPoolBuilder::new().build();
    let threads =
        threads.map_err(|error| Fault::Panic(format!("cannot start threads: {error}")))?;
    let threads = Arc::new(threads);
    // Of the parent's threads nothing is left to wait for.
    std::mem::forget(known.replace((own, Arc::clone(&threads))));
    Ok(Some(threads))
}
