//! What settings need of a log beside its pairs: times and weights.

use crate::config::{QueryItem, RunConfig};
use crate::error::{Result, Usage};
use crate::split::TrainSet;

/// Refuses settings that ask for what the log does not tell, or what was not read of it.
///
/// # Errors
/// A half-life or an item before another without times; weights that are not there.
pub(crate) fn check(config: &RunConfig, train: &TrainSet) -> Result<()> {
    let lacks = |n: usize| n != train.n_interactions();
    let has_no_times = lacks(train.times().len());
    let query = config.pinsage.as_ref().map(|own| own.query);
    if query == Some(QueryItem::Before) && has_no_times {
        return Err(Usage(
            "`pinsage.query = before` needs timestamps, and the log has none; name their column with \
             `--timestamp-column NAME` (`data.columns.timestamp`), or use `--set pinsage.query=another`"
                .to_owned(),
        )
        .into());
    }
    if let Some(key) = config.half_life_set().filter(|_| has_no_times) {
        return Err(Usage(format!(
            "`{key}` needs timestamps, and the log has none; name their column with `--timestamp-column NAME` \
             (`data.columns.timestamp`), or leave it out"
        ))
        .into());
    }
    if config.reads_weights() && lacks(train.weights().len()) {
        return Err(Usage(
            "weights are asked for (`sampling.weighted_positives`, `graph.weighted`, `filter.weighted_histories` or \
             `evaluation.weighted_popularity`), and the log has none: name a column with `--weight-column` or say \
             what events weigh with `--event-weight`"
                .to_owned(),
        )
        .into());
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::config::ModelName;

    #[test]
    fn every_half_life_without_times_is_refused_by_its_key_with_the_remedy() {
        type Set = fn(&mut RunConfig) -> Option<&mut Option<f64>>;
        let all: [(ModelName, &str, Set); 6] = [
            (ModelName::Mf, "sampling.half_life_days", |config| {
                Some(&mut config.sampling.half_life_days)
            }),
            (ModelName::LightGcn, "graph.half_life_days", |config| {
                Some(&mut config.graph.as_mut()?.half_life_days)
            }),
            (ModelName::GfCf, "filter.half_life_days", |config| {
                Some(&mut config.filter.as_mut()?.half_life_days)
            }),
            (ModelName::PinSage, "pinsage.half_life_days", |config| {
                Some(&mut config.pinsage.as_mut()?.half_life_days)
            }),
            (
                ModelName::Popularity,
                "popularity.half_life_days",
                |config| Some(&mut config.popularity.as_mut()?.half_life_days),
            ),
            (ModelName::ItemKnn, "item_knn.half_life_days", |config| {
                Some(&mut config.item_knn.as_mut()?.half_life_days)
            }),
        ];
        let train = TrainSet::of_pairs(2, 2, &[(0, 0), (1, 1)]);
        for (model, key, half_life) in all {
            let mut config = RunConfig::defaults_for(model);
            check(&config, &train).unwrap();
            *half_life(&mut config).unwrap() = Some(7.0);
            let text = check(&config, &train).unwrap_err().to_string();
            assert!(
                text.contains(&format!("`{key}`")) && text.contains("`--timestamp-column NAME`"),
                "{text}"
            );
        }
    }

    #[test]
    fn weights_that_are_not_there_are_refused_with_the_remedy() {
        let train = TrainSet::of_pairs(2, 2, &[(0, 0), (1, 1)]);
        let mut config = RunConfig::defaults_for(ModelName::Mf);
        config.sampling.weighted_positives = true;
        let text = check(&config, &train).unwrap_err().to_string();
        assert!(text.contains("`--weight-column`"), "{text}");
    }
}
