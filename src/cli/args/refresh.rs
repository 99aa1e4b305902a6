//! Options of `refresh`.

use std::path::PathBuf;

use clap::Args;

use crate::cli::setting_flags::DataFlags;

/// Options of `refresh`.
#[derive(Debug, Args)]
pub(crate) struct RefreshArgs {
    /// The run directory
    #[arg(long, value_name = "RUN")]
    pub(crate) run: PathBuf,
    /// The newer log.
    #[command(flatten)]
    pub(crate) data: DataFlags,
    /// A file of vectors of the new items for each of `features.vectors`, in their order
    #[arg(long, value_name = "FILE", requires = "items")]
    pub(crate) vectors: Vec<PathBuf>,
    /// Write a new run, and leave the old one as it is
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
}
