//! The report of a run as a page, and in the run.

use super::report_data;
use crate::cli::report;
use crate::error::Result;
use crate::evaluation::Evaluation;
use crate::finished::{Measurement, OpenRun};

/// Writes the report of a measured run into it.
pub(in crate::cli) fn reported(mut measured: Measurement) -> Result<Evaluation> {
    let page = report::render(&report_data::of_run(&measured)?)?;
    measured.writer.write_report(&page)?;
    Ok(measured.evaluated.summary)
}

/// The page of a run that was not measured.
pub(in crate::cli) fn page_of(run: &OpenRun) -> Result<String> {
    Ok(report::render(&report_data::of_opened(run)?)?)
}
