//! From the files of a run to what scores with them.

use super::trained_on::TrainedOn;
use crate::config::{ModelName, RunConfig, ScoreKind};
use crate::data::{ItemLists, PairColumns, decayed_weights};
use crate::error::Result;
use crate::inference::{Ease, FoldIn, FoldInMap, ItemKnn, Popularity, Scorer, filter, from_stored};
use crate::run::{RunDir, SeenLists, StoredRefresh};

/// The scorer of a run over the lists that its model was trained on.
pub(super) fn of_run(
    dir: &RunDir,
    config: &RunConfig,
    lists: &SeenLists,
    trained_on: &TrainedOn,
    n_items: usize,
) -> Result<Scorer> {
    let train = trained_on.lists(lists);
    if let Some(shape) = filter::shape(config) {
        let (weighted, half_life) = filter::histories_count(config);
        let weights = trained_on.counting(dir, lists, weighted, half_life)?;
        let filter = filter::of_run(&shape, &dir.filter()?, train, weights, n_items)?;
        return Ok(Scorer::Filter(filter));
    }
    if config.popularity.is_some() {
        let scores = dir.popularity(n_items)?;
        let popularity = Popularity::of_counts(train.n_users(), scores);
        return Ok(Scorer::Popularity(popularity));
    }
    if let Some(settings) = &config.item_knn {
        let weights = match settings.half_life_days {
            None => Vec::new(),
            half_life => decayed_weights(&trained_on.times(dir, lists)?, half_life),
        };
        let knn = ItemKnn::of_neighbours(dir.item_knn(n_items)?, train.clone(), weights);
        return Ok(Scorer::ItemKnn(knn));
    }
    if config.ease.is_some() {
        let ease = Ease::of_weights(dir.ease(n_items)?, n_items, train.clone())?;
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
        None => FoldIn::of_training(train.clone()),
    };
    Ok(Scorer::Embeddings(tables, fold_in))
}

/// The same model for the histories that users have by now; `columns` are what is known of their pairs. Tables hold users
/// who were placed already.
pub(super) fn with_histories(
    scorer: Scorer,
    config: &RunConfig,
    histories: ItemLists,
    columns: &PairColumns,
) -> Scorer {
    match scorer {
        Scorer::Filter(filter) => {
            let (weighted, half_life) = filter::histories_count(config);
            let weights = columns.counting(weighted, half_life);
            let filter = filter.with_histories(histories);
            Scorer::Filter(match weights.is_empty() {
                true => filter,
                false => filter.weighing(weights),
            })
        }
        Scorer::ItemKnn(knn) => {
            let half_life = config.item_knn.as_ref().and_then(|own| own.half_life_days);
            let weights = columns.counting(false, half_life);
            let knn = knn.with_histories(histories);
            Scorer::ItemKnn(match weights.is_empty() {
                true => knn,
                false => knn.weighing(weights),
            })
        }
        Scorer::Ease(ease) => Scorer::Ease(ease.with_histories(histories)),
        Scorer::Popularity(_) | Scorer::Embeddings(..) | Scorer::ItemMeans(_) => scorer,
    }
}

/// The items that the vectors of a run's users come of, and what each counts there, none for 1 each.
pub(super) fn histories_of_vectors(
    dir: &RunDir,
    config: &RunConfig,
    lists: &SeenLists,
    trained_on: &TrainedOn,
    refreshed: Option<&StoredRefresh>,
) -> Result<(ItemLists, Vec<f32>)> {
    let pinsage = config.pinsage.as_ref();
    let half_life = pinsage.and_then(|own| own.half_life_days);
    let Some(new) = refreshed else {
        let weights = trained_on.counting(dir, lists, false, half_life)?;
        return Ok((trained_on.lists(lists).clone(), weights));
    };
    let (histories, columns) = trained_on.with(new, dir, lists)?;
    let weights = match columns.times.len() == histories.n_pairs() {
        true => columns.counting(false, half_life),
        false => Vec::new(),
    };
    Ok((histories, weights))
}

/// Whether the model's users are the means of their items, new users as well. A bilinear form or a perceptron changes
/// the user's side.
pub(crate) fn places_by_means(config: &RunConfig) -> bool {
    config.model.name == ModelName::PinSage && matches!(config.score.kind, ScoreKind::Dot)
}
