//! Options of `forget`.

use std::path::PathBuf;

use clap::Args;

/// Options of `forget`.
#[derive(Debug, Args)]
pub(crate) struct ForgetArgs {
    /// The run directory
    #[arg(long, value_name = "RUN")]
    pub(crate) run: PathBuf,
    /// A user to forget, by its key in the log; may be given several times
    #[arg(long = "user", value_name = "KEY")]
    pub(crate) users: Vec<String>,
    /// An item to withdraw, by its key in the log; may be given several times
    #[arg(long = "item", value_name = "KEY")]
    pub(crate) items: Vec<String>,
    /// A file of users: a key a line, or a table with a column of users
    #[arg(long = "users", value_name = "FILE")]
    pub(crate) users_files: Vec<PathBuf>,
    /// A file of items: a key a line, or a table with a column of items
    #[arg(long = "items", value_name = "FILE")]
    pub(crate) items_files: Vec<PathBuf>,
}
