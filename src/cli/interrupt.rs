//! SIGINT and SIGTERM ask the loop to stop after the step at hand; a second one ends the program at once.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::failure::{Fails, Failure};

static ASKED: AtomicBool = AtomicBool::new(false);

/// Installs the handler, once a program.
///
/// # Errors
/// When the system refuses it.
pub(crate) fn install() -> Result<(), ctrlc::Error> {
    ctrlc::set_handler(|| {
        if ASKED.swap(true, Ordering::SeqCst) {
            std::process::exit(130);
        }
    })
}

/// Whether a stop was asked for.
pub(crate) fn asked() -> bool {
    ASKED.load(Ordering::SeqCst)
}

impl Fails for ctrlc::Error {
    fn failure(&self) -> Failure {
        Failure::Internal
    }
}
