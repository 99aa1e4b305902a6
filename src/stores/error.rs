//! Why an export did not come about. Until it does, readers keep what was there.

use crate::failure::{Fails, Failure};

/// What stopped an export, without a password in it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    /// It cannot be as asked for.
    #[error("{0}")]
    Usage(String),
    #[cfg_attr(
        not(any(feature = "cloud", feature = "postgres", feature = "redis")),
        allow(dead_code, reason = "a store that is no file says so")
    )]
    /// The place does not take it.
    #[error("{place}: {reason}; {remedy}")]
    Failed {
        /// The address, with the table or key where there is one.
        place: String,
        /// What the place said.
        reason: String,
        /// What to do.
        remedy: String,
    },
    /// Somebody else holds what is to be replaced.
    #[error("{place}: {reason}; export again later")]
    Busy {
        /// The address.
        place: String,
        /// Who holds it.
        reason: String,
    },
    /// Less, or more, arrived than was sent.
    #[error(
        "{place} holds {found} rows where {sent} were written, so readers keep what was there; look whether something else writes to it or removes from it, and export again"
    )]
    Count {
        /// The table, keys or file.
        place: String,
        /// Rows that were sent.
        sent: usize,
        /// Rows that are there.
        found: usize,
    },
}

impl StoreError {
    /// A place that this build does not know.
    #[allow(dead_code, reason = "a build with every feature knows all places")]
    pub(super) fn not_built(what: &str, feature: &str) -> Self {
        Self::Usage(format!(
            "this build does not export to {what}: rebuild with `cargo build --release --features {feature}`"
        ))
    }

    #[cfg_attr(
        not(any(feature = "cloud", feature = "postgres", feature = "redis")),
        allow(dead_code, reason = "a store that is no file says so")
    )]
    pub(super) fn failed(
        place: &str,
        reason: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self::Failed {
            place: place.to_owned(),
            reason: reason.into(),
            remedy: remedy.into(),
        }
    }
}

impl Fails for StoreError {
    fn failure(&self) -> Failure {
        match self {
            Self::Usage(_) => Failure::Usage,
            Self::Busy { .. } => Failure::Busy,
            Self::Failed { .. } | Self::Count { .. } => Failure::CannotWrite,
        }
    }
}
