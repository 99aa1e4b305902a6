//! How a retraining ended, and by what it was judged.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::held_out::HeldOut;
use crate::evaluation::{Comparison, Difference};

/// The metric that decides.
const DECIDES: &str = "ndcg";

/// How a retraining ended.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// Nothing came since the serving run was trained.
    NothingNew,
    /// Too few users have something new to compare two runs on. Nothing was trained.
    TooFew {
        users: usize,
        needed: usize,
        interactions: usize,
    },
    /// The new run is served from now on.
    Published {
        run: PathBuf,
        before: PathBuf,
        /// Runs of before that were removed.
        removed: Vec<PathBuf>,
        verdict: Verdict,
    },
    /// The new run is worse, and the one of before goes on.
    KeptAside { run: PathBuf, verdict: Verdict },
    /// Stopped as asked; the same command resumes.
    Interrupted,
}

/// By what a candidate was judged.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Verdict {
    pub(crate) is_published: bool,
    /// What is newer than this is held out, in seconds since 1970.
    pub(crate) held_out_since: i64,
    /// Pairs that are held out.
    pub(crate) held_out: usize,
    /// The serving run is the first, the candidate the second.
    pub(crate) comparison: Comparison,
}

impl Verdict {
    /// A candidate is worse where the whole interval of the difference is below 0.
    pub(super) fn of(comparison: Comparison, held_out: &HeldOut) -> Self {
        let mut verdict = Self {
            is_published: false,
            held_out_since: held_out.moment(),
            held_out: held_out.n_pairs(),
            comparison,
        };
        verdict.is_published = verdict.decides().is_some_and(|decides| decides.high >= 0.0);
        verdict
    }

    /// The difference that decides.
    pub(crate) fn decides(&self) -> Option<&Difference> {
        let mut all = self.comparison.differences.iter();
        all.find(|difference| difference.metric.starts_with(DECIDES))
    }
}
