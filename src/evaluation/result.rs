//! The result of an evaluation, in the shape of `evaluation.json`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::comparison::Comparison;
use super::estimate::Estimate;
use super::metrics::Metric;
use crate::numbers::days;

/// Metrics over a part of the users.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GroupResult {
    /// What the users have in common, such as `5-12 train items`.
    pub label: String,
    /// How many users that is.
    pub n_users: usize,
    /// By name, such as `recall@20`.
    pub metrics: BTreeMap<String, Estimate>,
}

/// One system's results.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SystemResult {
    /// The name it was given.
    pub name: String,
    /// Accuracy by name, such as `recall@20`.
    pub metrics: BTreeMap<String, Estimate>,
    /// `coverage@K`, `gini@K` and `novelty@K` of what was recommended to the evaluated users.
    pub beyond: BTreeMap<String, f64>,
    /// By quartile of the number of train items, least active first.
    pub by_activity: Vec<GroupResult>,
    /// Users without train items, outside every other figure here; `None` when there is none.
    pub cold: Option<GroupResult>,
    /// The half-life of popularity, which the validation part chose; `None` for other systems.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub half_life_days: Option<f64>,
}

impl SystemResult {
    /// The name as a table shows it: with the half-life, where there is one.
    #[must_use]
    pub fn label(&self) -> String {
        match self.half_life_days {
            Some(half_life) => format!("{}, half-life {}", self.name, days(half_life)),
            None => self.name.clone(),
        }
    }
}

/// An evaluation of several systems on the same users.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// Users with both held-out and train items: the users of the means.
    pub n_users_evaluated: usize,
    /// Users left out because nothing of theirs is held out.
    pub n_users_without_test: usize,
    /// Users with held-out items but no train items: in the cold group only.
    pub n_cold_users: usize,
    /// Held-out (user, item) pairs of the evaluated users.
    pub n_held_out_pairs: usize,
    /// Items that were ranked, where that is not the whole catalogue but those without a training interaction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub n_new_items: Option<usize>,
    /// Depths, ascending.
    pub ks: Vec<usize>,
    /// Resamples behind the intervals; 0: no intervals.
    pub bootstrap: usize,
    /// Share of the resamples inside an interval, such as 0.95.
    pub confidence: f64,
    /// Identifies the users, items, masked and held-out pairs; results compare only when it is equal.
    pub fingerprint: String,
    /// One entry per system, in the order given.
    pub systems: Vec<SystemResult>,
    /// The first system against each of the others, user by user, at [`Evaluation::headline_depth`].
    #[serde(default)]
    pub paired: Vec<Comparison>,
}

/// The depth shown where it was measured.
const USUAL_DEPTH: usize = 20;

impl Evaluation {
    /// The depth whose figures stand first: 20 where it was measured, else the largest.
    pub fn headline_depth(&self) -> usize {
        headline_depth(&self.ks)
    }

    /// The metric that decides which system is called best, such as `recall@20`.
    pub fn headline(&self) -> String {
        Metric::Recall.at(self.headline_depth())
    }
}

pub(super) fn headline_depth(ks: &[usize]) -> usize {
    match ks.contains(&USUAL_DEPTH) {
        true => USUAL_DEPTH,
        false => ks.last().copied().unwrap_or(USUAL_DEPTH),
    }
}

/// One system's metrics user by user: what a paired comparison needs, so that it never evaluates again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PerUser {
    /// As in [`Evaluation::fingerprint`].
    pub fingerprint: String,
    /// The evaluated users, ascending.
    pub users: Vec<u32>,
    /// By name, such as `recall@20`: one value per user, in the order of `users`.
    pub metrics: BTreeMap<String, Vec<f64>>,
}

/// What is kept of one system beside its summary.
#[derive(Debug, Clone, PartialEq)]
pub struct SystemDetail {
    /// The name it was given.
    pub name: String,
    /// Its metrics user by user, for [`compare`](super::compare()).
    pub per_user: PerUser,
    /// How many evaluated users were recommended each item, at the largest K; position = item id.
    pub recommended: Vec<u64>,
}
