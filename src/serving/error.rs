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
    #[error(
        "the shares of `--also` are beyond all users: give shares from 0% on that add up to 100% at most; `--run` gets the rest"
    )]
    Shares,
    #[error(
        "two arms are called `{name}`, as the last part of their paths is: lead a link with another name to one of them (`ln -s`)"
    )]
    ArmTwice { name: String },
    #[error(
        "{}: an arm is called by the last part of its path, and this is none of up to 64 letters, digits, `.`, `_` and `-`: lead a link with such a name to the run (`ln -s`)",
        run.display()
    )]
    ArmName { run: PathBuf },
    #[error("a service has {max} runs side by side at most: leave some `--also` out")]
    Arms { max: usize },
    #[error("{}: cannot be read ({source}); check the path and its permissions", path.display())]
    TokenFile { path: PathBuf, source: io::Error },
    #[error("{}:{line}: {what}; write a `name:token` a line", path.display())]
    Token {
        path: PathBuf,
        line: usize,
        what: &'static str,
    },
    #[error("{}: {what}; `--tls-cert` is a certificate in PEM with those between it and the authority, `--tls-key` its private key", path.display())]
    Tls { path: PathBuf, what: String },
    #[error(
        "`{origin}` is no site: give `--cors` as a browser names it, such as `https://shop.example`, or `*` for every site"
    )]
    Origin { origin: String },
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
            Self::Origin { .. } => Failure::Usage,
            Self::Tls { .. } => Failure::BadData,
            Self::Shares | Self::ArmTwice { .. } | Self::ArmName { .. } | Self::Arms { .. } => {
                Failure::Usage
            }
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
