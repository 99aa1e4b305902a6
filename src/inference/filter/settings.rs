//! From settings and files to a graph filter.

use super::{FilterError, FilterShape, GraphFilter, Response};
use crate::config::{FilterSettings, RunConfig};
use crate::data::ItemLists;
use crate::run::FilterTables;
use crate::spectral::CoOccurrence;

/// The filter of the settings; `None` where they are of a trained model.
pub(crate) fn shape(config: &RunConfig) -> Option<FilterShape> {
    let settings = config.filter.as_ref()?;
    let FilterSettings {
        low_pass_weight,
        degree_power,
        ..
    } = *settings;
    Some(match &config.chebycf {
        Some(own) => FilterShape {
            response: Response::plateau(own.order, own.flatness),
            degree_power,
            low_pass_weight,
            low_pass_degree_power: degree_power,
        },
        None => FilterShape {
            response: Response::linear(),
            degree_power: 0.0,
            low_pass_weight,
            low_pass_degree_power: degree_power,
        },
    })
}

/// How items of histories count: whether by the weights of interactions, and the half-life in days.
pub(crate) fn histories_count(config: &RunConfig) -> (bool, Option<f64>) {
    let filter = config.filter.as_ref();
    let weighted = filter.is_some_and(|filter| filter.weighted_histories);
    (weighted, filter.and_then(|filter| filter.half_life_days))
}

/// The filter a run was fitted to, over its training interactions; `weights` are what each counts, none for 1 each.
pub(crate) fn of_run(
    shape: &FilterShape,
    tables: &FilterTables,
    train: &ItemLists,
    weights: Vec<f32>,
    n_items: usize,
) -> Result<GraphFilter, FilterError> {
    let graph = CoOccurrence::new(train, n_items)?;
    let vectors = &tables.vectors;
    let n_vectors = vectors.shape.get(1).copied().unwrap_or(0);
    let filter = GraphFilter::new(shape, graph, train.clone(), &vectors.values, n_vectors)?;
    Ok(match weights.is_empty() {
        true => filter,
        false => filter.weighing(weights),
    })
}
