//! What keeps a service from starting.

use std::io;
use std::path::PathBuf;

use crate::failure::{Fails, Failure};
use crate::run::RunError;

/// What keeps a service from starting.
#[derive(Debug, thiserror::Error)]
pub(super) enum ServeError {
    #[error("{host}: not an address of this machine ({source}); give one with `--host`")]
    Host { host: String, source: io::Error },
    #[error(
        "{address}: cannot listen there ({source}); give another port with `--port`, or 0 for a free one"
    )]
    Listen { address: String, source: io::Error },
    #[error("{}: cannot be read ({source}); check the path and its permissions", path.display())]
    TokenFile { path: PathBuf, source: io::Error },
    #[error("{}:{line}: {what}; write a `name:token` a line", path.display())]
    Token {
        path: PathBuf,
        line: usize,
        what: &'static str,
    },
    #[error("{}: no token in it, so that nobody could ask anything; write a `name:token` a line", path.display())]
    NoToken { path: PathBuf },
    #[error(
        "{0}, or serve with `--read-only`, or keep interactions elsewhere with `--interactions FILE`"
    )]
    Interactions(RunError),
    #[error("{0}, or serve with `--read-only`")]
    Items(RunError),
    #[error(
        "the run is replaced all the time, so that it cannot be opened; start again when it is whole"
    )]
    Restless,
    #[error("no threads can be started ({0}); check the limits of this user")]
    Threads(io::Error),
    #[error("stopped before all requests were answered: {0} were left")]
    Cut(usize),
}

impl Fails for ServeError {
    fn failure(&self) -> Failure {
        match self {
            Self::Host { .. } | Self::Token { .. } | Self::NoToken { .. } => Failure::Usage,
            Self::Listen { source, .. } if source.kind() == io::ErrorKind::AddrInUse => {
                Failure::Busy
            }
            Self::Listen { .. } => Failure::Usage,
            Self::Interactions(error) | Self::Items(error) => error.failure(),
            Self::TokenFile { .. } => Failure::InputMissing,
            Self::Restless => Failure::Busy,
            Self::Threads(_) => Failure::Internal,
            Self::Cut(_) => Failure::Interrupted,
        }
    }
}
