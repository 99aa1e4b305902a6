//! `inspect`: what is in a log, before anything is trained on it.

use super::{Session, run_files, settings};
use crate::cli::InspectArgs;
use crate::data;
use crate::terminal::{Style, key_values};

/// Layers the memory forecast is made for: LightGCN's default.
const FORECAST_LAYERS: usize = 3;

/// Runs `inspect`.
pub(super) fn inspect(session: &Session, args: &InspectArgs) -> anyhow::Result<()> {
    let resolved = settings::of_data(&args.data)?;
    let (dataset, cleaning) = run_files::read(&resolved.config.data)?;
    let inspection = data::inspect(&dataset, &cleaning, args.dim as usize, FORECAST_LAYERS);
    if session.json {
        return session.print_json(&inspection);
    }
    session.print(&key_values(&inspection.lines(), Style::of_stdout()))
}
