//! Recall and NDCG alone, without intervals. Validation uses them, with the ranking of the final evaluation.

use std::collections::BTreeMap;

use super::cohort::{EvaluationData, ranked_batches};
use super::metrics::{ndcg, recall, relevance};
use crate::inference::{RankError, ScoreSource};
use crate::split::{Split, new_items};

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
    let train = split.train.positives();
    let new = new_items(split.method, train, split.train.n_items());
    let data = EvaluationData {
        train,
        also_excluded: split.also_seen.as_ref().map(|also| &also.before_validation),
        held_out: &split.validation,
        among: new.as_deref(),
    };
    recall_and_ndcg(source, data, k)
}
