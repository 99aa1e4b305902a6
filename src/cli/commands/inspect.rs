//! `inspect`: describes a log before anything is trained on it.

use serde::Serialize;

use super::memory::{self, ModelForecast};
use super::settings;
use crate::cli::args::InspectArgs;
use crate::cli::session::Session;
use crate::cli::terminal::{Style, key_values};
use crate::data::{self, Inspection};
use crate::error::Result;

/// The findings about a log, and what training on it takes.
#[derive(Serialize)]
struct Report {
    #[serde(flatten)]
    inspection: Inspection,
    memory: Vec<ModelForecast>,
}

/// Runs `inspect`.
pub(super) fn inspect(session: &Session, args: &InspectArgs) -> Result<()> {
    let resolved = settings::of_inspection(args)?;
    let (dataset, cleaning) = data::read_configured(&resolved.config.data)?;
    let inspection = data::inspect(&dataset, &cleaning);
    let memory = memory::of_models(&resolved.config, &inspection, args.dim as usize);
    if session.json {
        return session.print_json(&Report { inspection, memory });
    }
    let mut lines = inspection.lines();
    lines.extend(memory.iter().map(ModelForecast::line));
    session.print(&key_values(&lines, Style::of_stdout()))
}
