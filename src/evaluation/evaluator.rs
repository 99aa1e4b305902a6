//! The metrics of each user by each system, and their summaries.

use std::collections::BTreeMap;

use super::activity::quartiles;
use super::beyond::{coverage, gini, novelty};
use super::bootstrap::Bootstrap;
use super::cohort::{Cohort, EvaluationData, ranked_batches};
use super::estimate::Estimate;
use super::metrics::{Metric, relevance};
use super::result::{GroupResult, PerUser, SystemDetail, SystemResult};
use crate::data::ItemLists;
use crate::inference::{RankError, Ranked, ScoreSource};

/// The data that every system is measured with.
pub(super) struct Evaluator<'a> {
    pub(super) data: EvaluationData<'a>,
    pub(super) excluded: &'a ItemLists,
    pub(super) ks: &'a [usize],
    pub(super) bootstrap: Bootstrap,
    pub(super) cohort: &'a Cohort,
}

/// One system's metrics.
pub(super) struct System {
    warm: Measured,
    /// Of nobody when nobody is cold.
    cold: Measured,
}

/// The metrics of some users: a column per metric, in the order of [`Evaluator::names`], a value per user.
struct Measured {
    columns: Vec<Vec<f64>>,
    /// How often each item was recommended at each depth.
    counts: Vec<Vec<u64>>,
}

impl Evaluator<'_> {
    /// Ranks and measures the users of one system.
    pub(super) fn system(&self, source: &dyn ScoreSource) -> Result<System, RankError> {
        Ok(System {
            warm: self.measure(source, &self.cohort.warm)?,
            cold: self.measure(source, &self.cohort.cold)?,
        })
    }

    fn measure(&self, source: &dyn ScoreSource, users: &[u32]) -> Result<Measured, RankError> {
        let deepest = self.ks.last().copied().unwrap_or(0);
        let width = self.ks.len() * Metric::ALL.len();
        let mut measured = Measured {
            columns: vec![Vec::with_capacity(users.len()); width],
            counts: vec![vec![0; source.n_items()]; self.ks.len()],
        };
        for batch in ranked_batches(source, self.excluded, self.data.among, users, deepest) {
            for (user, list) in batch? {
                self.measure_list(user, &list, &mut measured);
            }
        }
        Ok(measured)
    }

    fn measure_list(&self, user: u32, list: &[Ranked], measured: &mut Measured) {
        let held_out = self.data.held_out.of(user);
        let items: Vec<u32> = list.iter().map(|ranked| ranked.item).collect();
        let hits = relevance(&items, held_out);
        let depths = self.ks.iter().zip(&mut measured.counts);
        let columns = measured.columns.chunks_exact_mut(Metric::ALL.len());
        for ((&k, counts), columns) in depths.zip(columns) {
            for (metric, column) in Metric::ALL.into_iter().zip(columns) {
                column.push(metric.value(&hits, held_out.len(), k));
            }
            items
                .iter()
                .take(k)
                .for_each(|&item| counts[item as usize] += 1);
        }
    }

    fn names(&self) -> Vec<String> {
        self.ks
            .iter()
            .flat_map(|&k| Metric::ALL.map(|metric| metric.at(k)))
            .collect()
    }

    /// The summaries of all systems; a resample of users is drawn once for them all.
    pub(super) fn results(
        &self,
        systems: &[(&str, &dyn ScoreSource)],
        measured: &[System],
    ) -> Vec<SystemResult> {
        let warm: Vec<&[f64]> = measured
            .iter()
            .flat_map(|system| &system.warm.columns)
            .map(Vec::as_slice)
            .collect();
        let cold: Vec<&[f64]> = measured
            .iter()
            .flat_map(|system| &system.cold.columns)
            .map(Vec::as_slice)
            .collect();
        let users = self.cohort.warm.iter();
        let degrees: Vec<usize> = users.map(|&user| self.data.train.of(user).len()).collect();
        let mut by_activity: Vec<_> = quartiles(&degrees)
            .into_iter()
            .map(|(label, positions)| {
                let gather = |column: &&[f64]| positions.iter().map(|&at| column[at]).collect();
                let columns: Vec<Vec<f64>> = warm.iter().map(gather).collect();
                let columns: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
                self.groups(&label, &columns).into_iter()
            })
            .collect();
        let mut cold = self.groups("no train items", &cold).into_iter();
        let warm = self.groups("", &warm);
        let systems = systems.iter().zip(measured).zip(warm);
        let result =
            |((&(name, _), measured), warm): ((&(&str, _), &System), GroupResult)| SystemResult {
                name: name.to_owned(),
                metrics: warm.metrics,
                beyond: self.beyond(&measured.warm.counts),
                by_activity: by_activity.iter_mut().filter_map(Iterator::next).collect(),
                cold: cold.next().filter(|cold| cold.n_users > 0),
                half_life_days: None,
            };
        systems.map(result).collect()
    }

    /// The metrics of one group of users, a result per system.
    fn groups(&self, label: &str, columns: &[&[f64]]) -> Vec<GroupResult> {
        let names = self.names();
        let estimates = self.bootstrap.estimates(columns);
        let group = |estimates: &[Estimate]| GroupResult {
            label: label.to_owned(),
            n_users: columns.first().map_or(0, |column| column.len()),
            metrics: names
                .iter()
                .cloned()
                .zip(estimates.iter().copied())
                .collect(),
        };
        estimates.chunks(names.len()).map(group).collect()
    }

    /// What is kept of a system beside its summary.
    pub(super) fn detail(&self, name: &str, measured: System, fingerprint: &str) -> SystemDetail {
        SystemDetail {
            name: name.to_owned(),
            per_user: PerUser {
                fingerprint: fingerprint.to_owned(),
                users: self.cohort.warm.clone(),
                metrics: self
                    .names()
                    .into_iter()
                    .zip(measured.warm.columns)
                    .collect(),
            },
            recommended: measured
                .warm
                .counts
                .into_iter()
                .next_back()
                .unwrap_or_default(),
        }
    }

    fn beyond(&self, counts: &[Vec<u64>]) -> BTreeMap<String, f64> {
        let train = self.data.train;
        let n_items = counts.first().map_or(0, Vec::len);
        let mut popularity = vec![0; n_items];
        train
            .items()
            .iter()
            .for_each(|&item| popularity[item as usize] += 1);
        let n_train_users = train
            .row_ptr()
            .windows(2)
            .filter(|ends| ends[0] < ends[1])
            .count();
        let mut beyond = BTreeMap::new();
        for (k, counts) in self.ks.iter().zip(counts) {
            beyond.insert(format!("coverage@{k}"), coverage(counts));
            beyond.insert(format!("gini@{k}"), gini(counts));
            beyond.insert(
                format!("novelty@{k}"),
                novelty(counts, &popularity, n_train_users),
            );
        }
        beyond
    }
}
