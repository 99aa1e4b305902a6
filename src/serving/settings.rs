//! What a service is asked for: the run, the address, and a limit on everything.

use std::path::PathBuf;
use std::time::Duration;

use crate::run::{Beside, beside};

/// What a service is asked for.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The run, or a link to it.
    pub run: PathBuf,
    /// The name or address to listen on.
    pub host: String,
    /// The port; 0 takes a free one.
    pub port: u16,
    /// Whether a run that is published in place of this one is served without being told.
    pub watch: bool,
    /// A file of bearer tokens, a `name:token` a line; without one every request is answered.
    pub tokens: Option<PathBuf>,
    /// Where interactions are kept.
    pub interactions: Keep,
    /// The limits.
    pub limits: Limits,
}

impl Settings {
    /// The defaults for a run: the loopback address, a free port, interactions beside the run.
    pub fn of(run: impl Into<PathBuf>) -> Self {
        Self {
            run: run.into(),
            host: "127.0.0.1".to_owned(),
            port: 0,
            watch: false,
            tokens: None,
            interactions: Keep::Beside,
            limits: Limits::default(),
        }
    }

    /// The file of new items; `None` where none are taken.
    pub(super) fn items_path(&self) -> Option<PathBuf> {
        match &self.interactions {
            Keep::Nowhere => None,
            Keep::At(path) => Some(beside(path, Beside::Items)),
            Keep::Beside => Some(beside(&self.run, Beside::Items)),
        }
    }

    /// The file of interactions; `None` where none are taken.
    pub(super) fn interactions_path(&self) -> Option<PathBuf> {
        match &self.interactions {
            Keep::Nowhere => None,
            Keep::At(path) => Some(path.clone()),
            Keep::Beside => Some(beside(&self.run, Beside::Interactions)),
        }
    }
}

/// Where interactions are kept, and beside them new items.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Keep {
    /// In the file `RUN.interactions.jsonl` beside the run. Of a link it is beside the link, and stays when the link goes to
    /// another run.
    Beside,
    /// In this file.
    At(PathBuf),
    /// Nowhere: the service takes no interactions.
    Nowhere,
}

/// What a service takes at most.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Items of a list.
    pub k: usize,
    /// Histories, users or interactions of a request.
    pub batch: usize,
    /// Items of a history, and keys of `only` and of `exclude`.
    pub keys: usize,
    /// Bytes of a request's body.
    pub body_bytes: usize,
    /// Requests that are worked on at once; more are refused.
    pub concurrent: usize,
    /// Connections that are open at once; more wait.
    pub connections: usize,
    /// How long a request may take.
    pub request: Duration,
    /// How long a stop waits for the requests that are worked on.
    pub stop: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            k: 1_000,
            batch: 1_000,
            keys: 10_000,
            body_bytes: 16 << 20,
            concurrent: 512,
            connections: 4_096,
            request: Duration::from_secs(30),
            stop: Duration::from_secs(30),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interactions_are_kept_beside_the_run() {
        for (run, expected) in [
            ("my-run", "my-run.interactions.jsonl"),
            ("runs/current/", "runs/current.interactions.jsonl"),
            ("/a/b", "/a/b.interactions.jsonl"),
        ] {
            let path = Settings::of(run).interactions_path();
            assert_eq!(path, Some(PathBuf::from(expected)));
        }
    }
}
