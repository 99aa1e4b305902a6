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

/// Whether histories count by the weights of interactions.
pub(crate) fn weighs_histories(config: &RunConfig) -> bool {
    config
        .filter
        .as_ref()
        .is_some_and(|filter| filter.weighted_histories)
}

/// The filter a run was fitted to, over its training interactions and their weights, where histories have some.
pub(crate) fn of_run(
    shape: &FilterShape,
    tables: &FilterTables,
    train: &ItemLists,
    weights: Option<Vec<f32>>,
    n_items: usize,
) -> Result<GraphFilter, FilterError> {
    let graph = CoOccurrence::new(train, n_items)?;
    let vectors = &tables.vectors;
    let n_vectors = vectors.shape.get(1).copied().unwrap_or(0);
    let filter = GraphFilter::new(shape, graph, train.clone(), &vectors.values, n_vectors)?;
    Ok(match weights {
        Some(weights) => filter.weighing(weights),
        None => filter,
    })
}
