//! The validation metrics of a model: the same full ranking and the same metrics as the final evaluation.

use std::collections::BTreeMap;

use burn::module::Module;
use sagebrush_model::Model;

use super::{Job, TrainingError, host_tables};
use crate::device::DeviceSource;
use crate::evaluation::of_validation;
use crate::inference::ScoreSource;

/// Depth of the validation metrics when the choosing metric names none.
const USUAL_DEPTH: usize = 20;

/// Recall and NDCG on the validation part, with the prior that suits the scores, training items left out; the test part is
/// not touched.
pub(super) fn validate(
    job: &Job<'_>,
    model: &Model,
) -> Result<BTreeMap<String, f64>, TrainingError> {
    let source = source(job, model)?;
    let prior = match job.prior {
        Some(of) => of(&*source)?,
        None => None,
    };
    let with_prior = prior.as_ref().map(|prior| prior.added_to(&*source));
    let source = with_prior.as_deref().unwrap_or(&*source);
    let depth = depth(&job.config.training.metric);
    Ok(of_validation(source, job.split, depth)?)
}

/// The model's lists: from its device where that ranks, from the host otherwise.
pub(super) fn source(job: &Job<'_>, model: &Model) -> Result<Box<dyn ScoreSource>, TrainingError> {
    // Without gradients, or autodiff would keep every layer's tables for a backward pass.
    let model = model.clone().no_grad();
    let embeddings = model.embed_all(job.graph, job.temp_dir())?;
    Ok(match model.device_tables(&embeddings) {
        Some(tables) => Box::new(DeviceSource::new(tables)),
        None => Box::new(host_tables(&model, embeddings)?),
    })
}

fn depth(metric: &str) -> usize {
    metric
        .split_once('@')
        .and_then(|(_, k)| k.parse().ok())
        .unwrap_or(USUAL_DEPTH)
}
