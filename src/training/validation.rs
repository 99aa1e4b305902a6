//! The validation metrics of a model: the same full ranking and the same metrics as the final evaluation.

use std::collections::BTreeMap;

use sagebrush_model::Model;

use super::{Job, TrainingError, host_embeddings};
use crate::evaluation::{EvaluationData, recall_and_ndcg};

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
    Ok(recall_and_ndcg(
        &embeddings,
        data,
        depth(&job.config.training.metric),
    )?)
}

fn depth(metric: &str) -> usize {
    metric
        .split_once('@')
        .and_then(|(_, k)| k.parse().ok())
        .unwrap_or(USUAL_DEPTH)
}
