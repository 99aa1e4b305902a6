//! What a split remembers of the log beside who has what, and the training set of a second training.

use super::{Split, SplitError, SplitSummary};
use crate::data::{Dataset, Interactions, ItemLists, PairColumns, beside_pairs};

impl Split {
    /// Remembers the weight of each interaction; `false` where the log has none. Those of training and validation are
    /// above 0, or the first that is not is the error; those of the test part are left out where one is not.
    ///
    /// # Errors
    /// A weight of 0 or less.
    pub fn remember_weights(&mut self, dataset: &Dataset) -> Result<bool, SplitError> {
        let log = &dataset.interactions;
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
        let of_test = self.of_test(dataset, |log| log.weights.as_deref());
        let are_weights = of_test.iter().all(|&weight| weight > 0.0);
        self.test_columns.weights = if are_weights { of_test } else { Vec::new() };
        Ok(true)
    }

    /// Remembers when each interaction was; `false` where the log has no times.
    pub fn remember_times(&mut self, dataset: &Dataset) -> bool {
        let log = &dataset.interactions;
        let Some(all) = &log.timestamps else {
            return false;
        };
        let of = |lists: &ItemLists| beside_pairs(lists, log, all);
        let times = of(self.train.positives());
        self.validation_columns.times = of(&self.validation);
        self.train.columns_mut().times = times;
        self.test_columns.times = self.of_test(dataset, |log| log.timestamps.as_deref());
        true
    }

    /// A column of the test part, from the log or from the given test files; empty where that has none.
    fn of_test<T: Copy>(
        &self,
        dataset: &Dataset,
        column: impl Fn(&Interactions) -> Option<&[T]>,
    ) -> Vec<T> {
        let log = dataset.given_test.as_ref().unwrap_or(&dataset.interactions);
        let values = column(log).map(|all| beside_pairs(&self.test, log, all));
        values.unwrap_or_default()
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
            test_columns: self.test_columns.clone(),
            also_seen: self.also_seen.clone(),
            summary: self.summary.clone(),
        }
    }

    /// The same split with all parts in the training part, the test part too: for a model that is served, and measured no
    /// more.
    #[must_use]
    pub fn with_everything_in_training(&self) -> Self {
        let both = self.with_validation_in_training();
        let train = both.train.joined_with(&both.test, &both.test_columns);
        let summary = SplitSummary::of_training_alone(self.method, train.n_interactions());
        Self {
            test: both.validation.clone(),
            test_columns: PairColumns::default(),
            train,
            summary,
            ..both
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::config::{SplitConfig, SplitMethod};

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
        assert!(split.remember_times(&dataset));
        assert_eq!(split.remember_weights(&dataset), Ok(true));
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
        let all = split.with_everything_in_training();
        assert_eq!(
            all.train.positives().items(),
            [0, 1, 2, 3, 4, 0, 1, 2, 3, 4]
        );
        assert_eq!(all.train.times(), [9, 1, 8, 3, 4, 0, 2, 5, 6, 7]);
        let weights: Vec<f32> = (1..=10u8).map(f32::from).collect();
        assert_eq!(all.train.weights(), weights);
        assert_eq!((all.validation.n_pairs(), all.test.n_pairs()), (0, 0));
        let counts = (
            all.summary.n_train,
            all.summary.n_validation,
            all.summary.n_test,
        );
        assert_eq!(counts, (10, 0, 0));
    }

    #[test]
    fn the_columns_of_given_test_files_are_those_of_the_files() {
        let mut dataset = dataset(vec![1.0; 10]);
        let mut given = Dataset::numbered(2, 5, vec![0, 1], vec![3, 4]).interactions;
        // The second pair is in the log, and stays there.
        dataset.interactions.users.remove(3);
        dataset.interactions.items.remove(3);
        dataset.interactions.weights = Some(vec![1.0; 9]);
        dataset.interactions.timestamps = Some((0..9).collect());
        given.timestamps = Some(vec![70, 71]);
        given.weights = Some(vec![5.0, 6.0]);
        dataset.given_test = Some(given);
        let config = SplitConfig {
            validation_fraction: 0.25,
            ..crate::config::RunConfig::default().split
        };
        let mut split = super::super::split(&dataset, &config, 1).unwrap();
        assert!(split.remember_times(&dataset));
        assert_eq!(split.remember_weights(&dataset), Ok(true));
        assert_eq!(split.test.items(), [3]);
        assert_eq!(split.test_columns.times, [70]);
        assert_eq!(split.test_columns.weights, [5.0]);
    }

    #[test]
    fn a_weight_that_is_not_above_0_is_refused_with_the_remedy() {
        let mut weights = vec![1.0; 10];
        weights[1] = 0.0;
        let dataset = dataset(weights);
        let refused = cut(&dataset).remember_weights(&dataset).err();
        assert!(refused.is_some_and(|error| error.to_string().contains("--min-rating")));
    }
}
