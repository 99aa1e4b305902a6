//! Recall and NDCG alone, without intervals. Validation uses them, with the ranking of the final evaluation.

use std::collections::BTreeMap;

use super::cohort::{EvaluationData, ranked_batches};
use super::metrics::{ndcg, recall, relevance};
use crate::inference::{RankError, ScoreSource};
use crate::split::{Split, new_items};

/// The depth of a metric whose name has none.
const USUAL_DEPTH: usize = 20;

/// `recall@k` and `ndcg@k` of the users with held-out and train items.
///
/// # Errors
/// When the source cannot be ranked.
pub fn recall_and_ndcg(
    source: &dyn ScoreSource,
    data: EvaluationData<'_>,
    k: usize,
) -> Result<BTreeMap<String, f64>, RankError> {
    let depth = k.min(source.n_items());
    let users = data.cohort().warm;
    let excluded = data.excluded();
    let (mut total_recall, mut total_ndcg) = (0.0, 0.0);
    for batch in ranked_batches(source, &excluded, data.among, &users, depth) {
        for (user, list) in batch? {
            let held_out = data.held_out.of(user);
            let items: Vec<u32> = list.iter().map(|place| place.item).collect();
            let hits = relevance(&items, held_out);
            total_recall += recall(&hits, held_out.len(), depth);
            total_ndcg += ndcg(&hits, held_out.len(), depth);
        }
    }
    let n = users.len().max(1) as f64;
    Ok(BTreeMap::from([
        (format!("recall@{k}"), total_recall / n),
        (format!("ndcg@{k}"), total_ndcg / n),
    ]))
}

/// The same of the validation part of a split, left out what users are known to have when it begins; the test part is
/// not touched.
///
/// # Errors
/// As [`recall_and_ndcg`].
pub fn of_validation(
    source: &dyn ScoreSource,
    split: &Split,
    k: usize,
) -> Result<BTreeMap<String, f64>, RankError> {
    let new = new_items_of(split);
    recall_and_ndcg(source, validation_data(split, new.as_deref()), k)
}

fn new_items_of(split: &Split) -> Option<Vec<u32>> {
    new_items(split.method, split.train.positives(), split.train.n_items())
}

fn validation_data<'a>(split: &'a Split, among: Option<&'a [u32]>) -> EvaluationData<'a> {
    EvaluationData {
        train: split.train.positives(),
        also_excluded: split.also_seen.as_ref().map(|also| &also.before_validation),
        held_out: &split.validation,
        among,
    }
}

/// The users whom the validation part measures: those with held-out and train items.
#[must_use]
pub fn validation_users(split: &Split) -> Vec<u32> {
    validation_data(split, None).cohort().warm
}

/// `recall@k` or `ndcg@k` of each of some users of the validation part, as [`of_validation`] takes their mean.
///
/// # Errors
/// As [`recall_and_ndcg`].
pub fn validation_of_users(
    source: &dyn ScoreSource,
    split: &Split,
    users: &[u32],
    metric: &str,
) -> Result<Vec<f64>, RankError> {
    let (name, k) = metric.split_once('@').unwrap_or((metric, ""));
    let depth = k.parse().unwrap_or(USUAL_DEPTH).min(source.n_items());
    let value = match name {
        "recall" => recall,
        _ => ndcg,
    };
    let new = new_items_of(split);
    let data = validation_data(split, new.as_deref());
    let excluded = data.excluded();
    let mut values = Vec::with_capacity(users.len());
    for batch in ranked_batches(source, &excluded, data.among, users, depth) {
        for (user, list) in batch? {
            let held_out = data.held_out.of(user);
            let items: Vec<u32> = list.iter().map(|place| place.item).collect();
            values.push(value(&relevance(&items, held_out), held_out.len(), depth));
        }
    }
    Ok(values)
}
