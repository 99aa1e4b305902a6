//! What a split remembers of the log beside who has what, and the training set of a second training.

use super::{Split, SplitError};
use crate::data::{Interactions, ItemLists, PairColumns, beside_pairs};

impl Split {
    /// Remembers the weight of each training and validation interaction; `false` where the log has none. All of them are
    /// above 0, or the first that is not is the error.
    ///
    /// # Errors
    /// A weight of 0 or less.
    pub fn remember_weights(&mut self, log: &Interactions) -> Result<bool, SplitError> {
        let Some(all) = &log.weights else {
            return Ok(false);
        };
        let of = |lists: &ItemLists| {
            let weights = beside_pairs(lists, log, all);
            match weights.iter().find(|&&weight| weight <= 0.0) {
                Some(weight) => Err(SplitError::WeightNotPositive {
                    weight: weight.to_string(),
                }),
                None => Ok(weights),
            }
        };
        let weights = of(self.train.positives())?;
        self.validation_columns.weights = of(&self.validation)?;
        self.train.columns_mut().weights = weights;
        Ok(true)
    }

    /// Remembers when each training and validation interaction was; `false` where the log has no times.
    pub fn remember_times(&mut self, log: &Interactions) -> bool {
        let Some(all) = &log.timestamps else {
            return false;
        };
        let of = |lists: &ItemLists| beside_pairs(lists, log, all);
        let times = of(self.train.positives());
        self.validation_columns.times = of(&self.validation);
        self.train.columns_mut().times = times;
        true
    }

    /// The same split with the validation part in the training part, once everything is chosen: what is trained again
    /// on both. The test part stays what it is.
    #[must_use]
    pub fn with_validation_in_training(&self) -> Self {
        let train = self
            .train
            .joined_with(&self.validation, &self.validation_columns);
        let nobody = ItemLists::from_pairs(train.n_users(), std::iter::empty());
        Self {
            train,
            validation: nobody,
            validation_columns: PairColumns::default(),
            method: self.method,
            test: self.test.clone(),
            also_seen: self.also_seen.clone(),
            summary: self.summary.clone(),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::config::{SplitConfig, SplitMethod};
    use crate::data::Dataset;

    /// Two users with five rows each, a row a second; every second item from the end is newer.
    fn dataset(weights: Vec<f32>) -> Dataset {
        let users = vec![0, 0, 0, 0, 0, 1, 1, 1, 1, 1];
        let items = vec![0, 1, 2, 3, 4, 0, 1, 2, 3, 4];
        let mut dataset = Dataset::numbered(2, 5, users, items);
        dataset.interactions.timestamps = Some(vec![9, 1, 8, 3, 4, 0, 2, 5, 6, 7]);
        dataset.interactions.weights = Some(weights);
        dataset
    }

    fn cut(dataset: &Dataset) -> Split {
        let config = SplitConfig {
            method: Some(SplitMethod::Temporal),
            test_fraction: 0.2,
            validation_fraction: 0.25,
            ..crate::config::RunConfig::default().split
        };
        super::super::split(dataset, &config, 1).unwrap()
    }

    #[test]
    fn times_and_weights_follow_the_validation_part_into_training() {
        let weights: Vec<f32> = (1..=10u8).map(f32::from).collect();
        let dataset = dataset(weights);
        let mut split = cut(&dataset);
        assert!(split.remember_times(&dataset.interactions));
        assert_eq!(split.remember_weights(&dataset.interactions), Ok(true));
        // The two newest rows are test, the two before validation.
        assert_eq!(split.train.times(), [1, 3, 4, 0, 2, 5]);
        assert_eq!(split.train.weights(), [2.0, 4.0, 5.0, 6.0, 7.0, 8.0]);
        let both = split.with_validation_in_training();
        assert_eq!(both.train.positives().items(), [1, 3, 4, 0, 1, 2, 3, 4]);
        assert_eq!(both.train.times(), [1, 3, 4, 0, 2, 5, 6, 7]);
        assert_eq!(
            both.train.weights(),
            [2.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0]
        );
        assert_eq!(
            (both.validation.n_pairs(), both.validation.n_users()),
            (0, 2)
        );
        assert_eq!(both.test, split.test);
    }

    #[test]
    fn a_weight_that_is_not_above_0_is_refused_with_the_remedy() {
        let mut weights = vec![1.0; 10];
        weights[1] = 0.0;
        let dataset = dataset(weights);
        let refused = cut(&dataset).remember_weights(&dataset.interactions).err();
        assert!(refused.is_some_and(|error| error.to_string().contains("--min-rating")));
    }
}
