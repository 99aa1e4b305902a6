//! Text on stdout and stderr. A reader that has gone ends no work: what nobody reads is dropped.

use std::fmt;
use std::io::{self, Write};

use crate::failure::{Fails, Failure};

/// Standard output cannot be written, and not because its reader has gone.
#[derive(Debug, thiserror::Error)]
#[error("standard output cannot be written ({0}); check the free space where it goes")]
pub(crate) struct NoStdout(io::Error);

impl Fails for NoStdout {
    fn failure(&self) -> Failure {
        Failure::CannotWrite
    }
}

/// A line on stderr. Where it cannot be written there is nobody to tell, so it is dropped.
pub(crate) fn say(line: &dyn fmt::Display) {
    // One write, so that lines of two processes on one pipe stay whole.
    let _ = io::stderr().write_all(format!("{line}\n").as_bytes());
}

/// Text on stdout, as it is.
///
/// # Errors
/// It cannot be written. A reader that closed the pipe has had enough: that is no error.
pub(crate) fn print(text: impl AsRef<[u8]>) -> Result<(), NoStdout> {
    let mut stdout = io::stdout().lock();
    match stdout
        .write_all(text.as_ref())
        .and_then(|()| stdout.flush())
    {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written.map_err(NoStdout),
    }
}

/// Stderr as `tracing` wants it: what cannot be written is dropped.
pub(crate) struct Remarks;

impl Write for Remarks {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let _ = io::stderr().write_all(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
