//! The validation metrics of a model: the same full ranking and the same metrics as the final evaluation.

use std::collections::BTreeMap;

use sagebrush_model::Model;

use super::{Job, TrainingError, host_embeddings};
use crate::evaluation::{EvaluationData, ndcg, ranked_batches, recall, relevance};

/// Depth of the validation metrics when the choosing metric names none.
const USUAL_DEPTH: usize = 20;

/// Recall and NDCG on the validation part, training items left out; the test part is not touched.
pub(super) fn validate(
    job: &Job<'_>,
    model: &Model,
) -> Result<BTreeMap<String, f64>, TrainingError> {
    let embeddings = host_embeddings(model, job.adjacency)?;
    let data = EvaluationData {
        train: job.split.train.positives(),
        also_excluded: None,
        held_out: &job.split.validation,
    };
    let asked = depth(&job.config.training.metric);
    let k = asked.min(job.split.train.n_items());
    let users = data.audience().warm;
    let (mut total_recall, mut total_ndcg) = (0.0, 0.0);
    for batch in ranked_batches(&embeddings, data.train, &users, k) {
        for (user, list) in batch? {
            let held_out = data.held_out.of(user);
            let items: Vec<u32> = list.iter().map(|place| place.item).collect();
            let hits = relevance(&items, held_out);
            total_recall += recall(&hits, held_out.len(), k);
            total_ndcg += ndcg(&hits, held_out.len(), k);
        }
    }
    let n = users.len().max(1) as f64;
    Ok(BTreeMap::from([
        (format!("recall@{asked}"), total_recall / n),
        (format!("ndcg@{asked}"), total_ndcg / n),
    ]))
}

fn depth(metric: &str) -> usize {
    metric
        .split_once('@')
        .and_then(|(_, k)| k.parse().ok())
        .unwrap_or(USUAL_DEPTH)
}
