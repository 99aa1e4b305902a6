//! From the files of a run to what scores with them.

use crate::config::{ModelName, RunConfig, ScoreKind};
use crate::data::decayed_weights;
use crate::error::Result;
use crate::inference::{Ease, FoldIn, FoldInMap, ItemKnn, Popularity, Scorer, filter, from_stored};
use crate::run::{RunDir, RunError, SeenLists};

/// The scorer of a run over the lists that its model was made of.
pub(super) fn of_run(
    dir: &RunDir,
    config: &RunConfig,
    lists: &SeenLists,
    n_items: usize,
) -> Result<Scorer> {
    if let Some(shape) = filter::shape(config) {
        let weights = match filter::weighs_histories(config) {
            true => Some(dir.train_weights(lists)?),
            false => None,
        };
        let (tables, train) = (dir.filter()?, &lists.train);
        let filter = filter::of_run(&shape, &tables, train, weights, n_items)?;
        return Ok(Scorer::Filter(filter));
    }
    if config.popularity.is_some() {
        let scores = dir.popularity(n_items)?;
        let popularity = Popularity::of_counts(lists.train.n_users(), scores);
        return Ok(Scorer::Popularity(popularity));
    }
    if let Some(settings) = &config.item_knn {
        let weights = history_weights(dir, lists, settings.half_life_days)?;
        let (neighbours, train) = (dir.item_knn(n_items)?, lists.train.clone());
        let knn = ItemKnn::of_neighbours(neighbours, train, weights);
        return Ok(Scorer::ItemKnn(knn));
    }
    if config.ease.is_some() {
        let ease = Ease::of_weights(dir.ease(n_items)?, n_items, lists.train.clone())?;
        return Ok(Scorer::Ease(ease));
    }
    let tables = from_stored(dir.embeddings()?)?;
    if let Some(settings) = &config.ials {
        let fold_in = FoldIn::of_ials(settings.into());
        return Ok(Scorer::Embeddings(tables, fold_in));
    }
    if places_by_means(config) {
        return Ok(Scorer::ItemMeans(tables));
    }
    let fold_in = match dir.fold_in()? {
        Some(stored) => FoldIn::known(FoldInMap::from_values(&tables, stored.map)?),
        None => FoldIn::of_training(lists.train.clone()),
    };
    Ok(Scorer::Embeddings(tables, fold_in))
}

/// What each item of the users' histories counts by a half-life; empty for 1 each.
fn history_weights(
    dir: &RunDir,
    lists: &SeenLists,
    half_life_days: Option<f64>,
) -> Result<Vec<f32>, RunError> {
    if half_life_days.is_none() {
        return Ok(Vec::new());
    }
    let times = dir.train_times(lists)?;
    Ok(decayed_weights(&times, half_life_days))
}

/// Whether the model's users are the means of their items, new users as well. A bilinear form or a perceptron changes
/// the user's side.
pub(crate) fn places_by_means(config: &RunConfig) -> bool {
    config.model.name == ModelName::PinSage && matches!(config.score.kind, ScoreKind::Dot)
}
