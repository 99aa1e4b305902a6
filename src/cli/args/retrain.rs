//! Options of `retrain` and `rollback`.

use std::path::PathBuf;

use clap::Args;

/// Options of `retrain`.
#[derive(Debug, Args)]
pub(crate) struct RetrainArgs {
    /// The link to the run that is served, such as runs/current; new runs are written beside it
    #[arg(long, value_name = "LINK")]
    pub(crate) run: PathBuf,
    /// New logs, read as the run's own; they join its logs for good
    #[arg(value_name = "FILE")]
    pub(crate) logs: Vec<PathBuf>,
    /// Another file of interactions that a service kept, beside LINK.interactions.jsonl; can be given several times
    #[arg(long, value_name = "FILE")]
    pub(crate) interactions: Vec<PathBuf>,
    /// Users with new interactions that there have to be to compare two runs; with fewer nothing is trained
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(2..))]
    pub(crate) min_users: u32,
    /// Remove runs that were published before the newest N; all stay by default
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(2..))]
    pub(crate) keep: Option<u32>,
}

/// Options of `rollback`.
#[derive(Debug, Args)]
pub(crate) struct RollbackArgs {
    /// The link to the run that is served
    #[arg(long, value_name = "LINK")]
    pub(crate) run: PathBuf,
}
