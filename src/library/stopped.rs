//! The error of a training that was stopped as its observer asked.

use std::path::Path;

use crate::error::Error;
use crate::failure::{Fails, Failure};

/// Training was stopped before its end.
#[derive(Debug, thiserror::Error)]
#[error("{path}: stopped as asked; its checkpoint is saved, and {how}")]
struct Stopped {
    path: String,
    how: &'static str,
}

impl Fails for Stopped {
    fn failure(&self) -> Failure {
        Failure::Interrupted
    }
}

/// That the training of the run in `out` was stopped; `how` it is resumed.
pub(super) fn stopped(out: &Path, how: &'static str) -> Error {
    let path = out.display().to_string();
    Stopped { path, how }.into()
}
