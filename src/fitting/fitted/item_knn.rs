//! Item-kNN: the neighbours of every item.

use crate::config::ItemKnnSettings;
use crate::data::decayed_weights;
use crate::inference::{ItemKnn, ItemKnnConfig};
use crate::observer::Observer;
use crate::split::TrainSet;

/// The neighbours of every item; `None` when interrupted.
pub(super) fn fit(
    observer: &dyn Observer,
    settings: &ItemKnnSettings,
    train: &TrainSet,
) -> Option<ItemKnn> {
    let config = ItemKnnConfig {
        neighbours: settings.neighbours,
        shrinkage: settings.shrinkage as f32,
    };
    let weights = decayed_weights(train.times(), settings.half_life_days);
    let (positives, n_items) = (train.positives(), train.n_items());
    ItemKnn::fit(positives, &weights, n_items, &config, &|| {
        observer.should_stop()
    })
}
