//! The report of a run for a host of the library, such as the Python package, as the program has it.

use std::path::Path;

use super::commands::report_of_run;
use super::session;
use crate::error::Result;
use crate::evaluation::Evaluation;
use crate::finished::{self, OpenRun, Seen, ToMeasure};
use crate::observer::Observer;

/// Measures a run as the command `evaluate` does: the result and the report are written into the run, and the opening of
/// the test part counts in the ledger of this machine. `ks` are the depths, those of the run's settings where there are
/// none.
///
/// # Errors
/// As [`evaluate`](crate::evaluate).
pub fn evaluate(run: &Path, ks: Vec<usize>, observer: &dyn Observer) -> Result<Evaluation> {
    let opened = ToMeasure::open(run, "evaluate")?.rank_on(observer, None)?;
    let ledger = session::ledger();
    let measured = finished::measure(observer, opened, &[], ks, None, ledger.as_ref())?;
    report_of_run::reported(measured)
}

/// The report of a run as a page of HTML, the figures left out where it was not measured.
///
/// # Errors
/// A run that cannot be opened, or whose report cannot be read.
pub fn page(run: &Path) -> Result<String> {
    let written = run.join("report.html");
    match written.exists() {
        true => Ok(std::fs::read_to_string(&written)?),
        false => report_of_run::page_of(&OpenRun::open(run, Seen::BeforeTest)?),
    }
}
