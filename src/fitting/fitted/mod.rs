//! Models that are fitted at once, without epochs: each is a function of the training part and the settings.

mod ease;
mod filter;
mod ials;
mod item_knn;
mod popularity;

use std::time::Instant;

use super::{needs, prior};
use crate::config::RunConfig;
use crate::error::{Result, Unexpected};
use crate::inference::filter::{GraphFilter, shape};
use crate::inference::{Ease, ItemKnn, Popularity, ScoreSource, Tables};
use crate::observer::Observer;
use crate::run::{FilterTables, RunWriter, StoredPrior};
use crate::split::TrainSet;

/// A model that was fitted, in memory.
pub(crate) struct Fitted {
    model: Model,
    /// Wall time of the fit.
    pub(crate) seconds: f64,
}

/// What scores, and what a run keeps of it.
enum Model {
    Filter(FilterTables, GraphFilter),
    Popularity(Popularity),
    ItemKnn(ItemKnn),
    Ease(Ease),
    Ials(Tables),
}

/// Fits the model of the settings to a training part; `None` when interrupted. Nothing but that part is looked at, and
/// nothing is written.
///
/// # Errors
/// What [`needs::check`] refuses; a graph that cannot be built.
pub(crate) fn fitted(
    observer: &dyn Observer,
    config: &RunConfig,
    train: &TrainSet,
) -> Result<Option<Fitted>> {
    needs::check(config, train)?;
    let started = Instant::now();
    let model = if let (Some(settings), Some(shape)) = (&config.filter, shape(config)) {
        let found = filter::fit(observer, config, settings, &shape, train)?;
        found.map(|(tables, filter)| Model::Filter(tables, filter))
    } else if let Some(settings) = &config.popularity {
        Some(Model::Popularity(popularity::fit(settings, train)))
    } else if let Some(settings) = &config.item_knn {
        item_knn::fit(observer, settings, train).map(Model::ItemKnn)
    } else if let Some(settings) = &config.ease {
        ease::fit(observer, settings, train)?.map(Model::Ease)
    } else if let Some(settings) = &config.ials {
        ials::fit(observer, settings, config.seed, train)?.map(Model::Ials)
    } else {
        return Err(Unexpected("a model that is trained was to be fitted at once").into());
    };
    let seconds = started.elapsed().as_secs_f64();
    Ok(model.map(|model| Fitted { model, seconds }))
}

impl Fitted {
    /// The scores of the users it was fitted to.
    pub(crate) fn source(&self) -> &dyn ScoreSource {
        match &self.model {
            Model::Filter(_, filter) => filter,
            Model::Popularity(popularity) => popularity,
            Model::ItemKnn(knn) => knn,
            Model::Ease(ease) => ease,
            Model::Ials(tables) => tables,
        }
    }

    /// Writes what a run keeps of it, with the prior: tables hold it.
    pub(crate) fn write(self, run: &mut RunWriter, prior: Option<&StoredPrior>) -> Result<()> {
        if let Some(prior) = prior {
            run.write_prior(prior)?;
        }
        match self.model {
            Model::Filter(tables, _) => run.write_filter(&tables)?,
            Model::Popularity(popularity) => run.write_popularity(popularity.counts())?,
            Model::ItemKnn(knn) => run.write_item_knn(knn.neighbours())?,
            Model::Ease(ease) => run.write_ease(ease.weights(), ease.n_items())?,
            Model::Ials(tables) => {
                let tables = match prior {
                    Some(prior) => prior::in_tables(tables, prior),
                    None => tables,
                };
                ials::write(&tables, run)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::config::ModelName;

    #[test]
    fn a_half_life_without_times_is_refused_by_its_key_with_the_remedy() {
        let train = TrainSet::of_pairs(2, 2, &[(0, 0), (1, 1)]);
        for (model, key) in [
            (ModelName::Popularity, "popularity.half_life_days"),
            (ModelName::ItemKnn, "item_knn.half_life_days"),
        ] {
            let mut config = RunConfig::defaults_for(model);
            assert!(fitted(&(), &config, &train).unwrap().is_some());
            config
                .popularity
                .iter_mut()
                .for_each(|own| own.half_life_days = Some(7.0));
            config
                .item_knn
                .iter_mut()
                .for_each(|own| own.half_life_days = Some(7.0));
            let text = fitted(&(), &config, &train).err().unwrap().to_string();
            assert!(
                text.contains(key) && text.contains("`--timestamp-column NAME`"),
                "{text}"
            );
        }
    }
}
