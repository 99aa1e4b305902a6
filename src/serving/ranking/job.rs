//! One request's work for the ranking threads, and which works can be ranked together.

use std::sync::Arc;

use tokio::sync::oneshot;

use super::super::snapshot::Snapshot;
use crate::inference::{ListOptions, ListSource, Ranked, RecommenderError, Why};

/// Lists that one request waits for.
pub(super) struct Job {
    pub(super) snapshot: Arc<Snapshot>,
    pub(super) options: ListOptions,
    pub(super) work: Work,
    pub(super) reply: oneshot::Sender<Result<Vec<List>, RecommenderError>>,
}

/// Whose lists are wanted, in ids of the snapshot's run.
#[derive(Debug)]
pub(in super::super) enum Work {
    /// Users as the run knows them.
    Users(Vec<u32>),
    /// People by their histories.
    People(Vec<Person>),
    /// The items most like one.
    Similar(u32),
}

/// Somebody by a history; an empty one gets what is popular.
#[derive(Debug, Clone, Default, PartialEq)]
pub(in super::super) struct Person {
    /// Ascending, each once.
    pub(in super::super) history: Vec<u32>,
    /// What each item of the history counts; empty where the model weighs no histories.
    pub(in super::super) weights: Vec<f32>,
    /// What the list leaves out; ascending, each once.
    pub(in super::super) seen: Vec<u32>,
}

/// A list in ids.
#[derive(Debug, Clone, PartialEq)]
pub(in super::super) struct List {
    pub(in super::super) source: ListSource,
    /// Best first.
    pub(in super::super) items: Vec<Ranked>,
    /// Why each of them is there; empty where nobody asks.
    pub(in super::super) whys: Vec<Why>,
}

impl List {
    /// Without reasons.
    pub(in super::super) fn new(source: ListSource, items: Vec<Ranked>) -> Self {
        Self {
            source,
            items,
            whys: Vec::new(),
        }
    }
}

impl Job {
    /// How many lists it is.
    pub(super) fn n_lists(&self) -> usize {
        match &self.work {
            Work::Users(users) => users.len(),
            Work::People(people) => people.len(),
            Work::Similar(_) => 1,
        }
    }

    /// Whether one pass makes the lists of both: they are of the same run, may hold the same items, and are of users, or
    /// of people. Lists of fewer items are the beginnings of longer ones, unless they are re-ranked.
    pub(super) fn goes_with(&self, other: &Self) -> bool {
        let are_alike = matches!(
            (&self.work, &other.work),
            (Work::Users(_), Work::Users(_)) | (Work::People(_), Work::People(_))
        );
        let (a, b) = (&self.options, &other.options);
        are_alike
            && Arc::ptr_eq(&self.snapshot, &other.snapshot)
            && a.include_seen == b.include_seen
            && a.category == b.category
            && a.only == b.only
            && a.exclude == b.exclude
            && a.withdrawn == b.withdrawn
            && a.rerank == b.rerank
            && (a.rerank.is_none() || a.k == b.k)
    }
}
