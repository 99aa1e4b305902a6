//! The validation metrics of a model: the same full ranking and the same metrics as the final evaluation.

use std::collections::BTreeMap;

use burn::module::Module;
use sagebrush_model::{Mode, Model};

use super::{Job, TrainingError, host_embeddings};
use crate::data::new_items;
use crate::device::DeviceSource;
use crate::evaluation::{EvaluationData, recall_and_ndcg};
use crate::inference::ScoreSource;

/// Depth of the validation metrics when the choosing metric names none.
const USUAL_DEPTH: usize = 20;

/// Recall and NDCG on the validation part, training items left out; the test part is not touched.
pub(super) fn validate(
    job: &Job<'_>,
    model: &Model,
) -> Result<BTreeMap<String, f64>, TrainingError> {
    let source = source(job, model)?;
    let split = job.split;
    let new = new_items(split.method, split.train.positives(), split.train.n_items());
    let data = EvaluationData {
        train: job.split.train.positives(),
        also_excluded: None,
        held_out: &job.split.validation,
        among: new.as_deref(),
    };
    let depth = depth(&job.config.training.metric);
    Ok(recall_and_ndcg(&*source, data, depth)?)
}

/// The model's lists: from its device where that ranks, from the host otherwise.
pub(super) fn source(job: &Job<'_>, model: &Model) -> Result<Box<dyn ScoreSource>, TrainingError> {
    // Without gradients, or autodiff would keep every layer's tables for a backward pass.
    let model = model.clone().no_grad();
    let embeddings = model.embed(job.graph, Mode::Inference);
    Ok(match model.device_tables(&embeddings) {
        Some(tables) => Box::new(DeviceSource::new(tables)),
        None => Box::new(host_embeddings(&model, embeddings)?),
    })
}

fn depth(metric: &str) -> usize {
    metric
        .split_once('@')
        .and_then(|(_, k)| k.parse().ok())
        .unwrap_or(USUAL_DEPTH)
}
