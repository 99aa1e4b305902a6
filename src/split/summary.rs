//! The counts of a split: how large its parts are, whom they measure, and what equal times made of them.

use serde::{Deserialize, Serialize};

use super::by_time::{TiedCut, Ties};
use crate::config::SplitMethod;
use crate::data::ItemLists;

/// The counts of a split.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SplitSummary {
    /// How it was cut.
    pub method: SplitMethod,
    /// Training interactions.
    pub n_train: usize,
    /// Validation interactions.
    pub n_validation: usize,
    /// Test interactions.
    pub n_test: usize,
    /// Users with test interactions and no training interaction.
    pub n_cold_users: usize,
    /// Items with test interactions and no training interaction.
    pub n_cold_items: usize,
    /// Interactions of a given test file that also are in the log; they stay in the log.
    pub n_test_also_in_log: usize,
    /// The share of all interactions that is test; nothing where files were given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test_share: Option<f64>,
    /// The share of training and validation interactions that is validation.
    #[serde(default)]
    pub validation_share: f64,
    /// Users with test interactions.
    #[serde(default)]
    pub n_test_users: usize,
    /// Users with validation interactions.
    #[serde(default)]
    pub n_validation_users: usize,
    /// Users with validation interactions and no training interaction.
    #[serde(default)]
    pub n_cold_validation_users: usize,
    /// Cuts by time that fell among interactions of one moment.
    #[serde(default)]
    pub tied_cuts: Vec<TiedCut>,
    /// Users of a leave-last-out split whose last interactions share a moment: the seed decided which are held out.
    #[serde(default)]
    pub n_tied_users: usize,
}

impl SplitSummary {
    /// Of a split whose parts are all in training.
    pub(super) fn of_training_alone(method: SplitMethod, n_train: usize) -> Self {
        Self {
            method,
            n_train,
            n_validation: 0,
            n_test: 0,
            n_cold_users: 0,
            n_cold_items: 0,
            n_test_also_in_log: 0,
            test_share: None,
            validation_share: 0.0,
            n_test_users: 0,
            n_validation_users: 0,
            n_cold_validation_users: 0,
            tied_cuts: Vec::new(),
            n_tied_users: 0,
        }
    }

    pub(super) fn new(
        method: SplitMethod,
        [train, validation, test]: [&ItemLists; 3],
        n_items: usize,
        n_test_also_in_log: usize,
        ties: Ties,
    ) -> Self {
        let has = |lists: &ItemLists| {
            let mut has = vec![false; n_items];
            let items = lists.items().iter();
            items.for_each(|&item| has[item as usize] = true);
            has
        };
        let users = |lists: &ItemLists, cold: bool| {
            let all = 0..train.n_users() as u32;
            let counts = |&user: &u32| !cold || train.of(user).is_empty();
            all.filter(|&user| !lists.of(user).is_empty())
                .filter(counts)
                .count()
        };
        let cold_items = has(test).into_iter().zip(has(train));
        let (n_train, n_validation, n_test) =
            (train.n_pairs(), validation.n_pairs(), test.n_pairs());
        let share = |part: usize, rest: usize| part as f64 / (part + rest).max(1) as f64;
        Self {
            method,
            n_train,
            n_validation,
            n_test,
            n_cold_users: users(test, true),
            n_cold_items: cold_items.filter(|&(test, train)| test && !train).count(),
            n_test_also_in_log,
            test_share: (method != SplitMethod::Given)
                .then(|| share(n_test, n_train + n_validation)),
            validation_share: share(n_validation, n_train),
            n_test_users: users(test, false),
            n_validation_users: users(validation, false),
            n_cold_validation_users: users(validation, true),
            tied_cuts: ties.cuts,
            n_tied_users: ties.n_users,
        }
    }
}
