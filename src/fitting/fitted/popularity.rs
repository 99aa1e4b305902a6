//! Popularity: how many users an item has, or how much they count of late.

use crate::config::PopularitySettings;
use crate::data::moment_of;
use crate::inference::Popularity;
use crate::split::TrainSet;

/// The popularity of each item, of all time or at the moment of the newest training interaction.
pub(super) fn fit(settings: &PopularitySettings, train: &TrainSet) -> Popularity {
    let (positives, n_items) = (train.positives(), train.n_items());
    match (settings.half_life_days, moment_of(train.times())) {
        (Some(days), Some(moment)) => {
            Popularity::recent(positives, train.times(), moment, days, n_items)
        }
        _ => Popularity::new(positives, n_items),
    }
}
