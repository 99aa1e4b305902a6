//! What a candidate costs, forecast from the code and the counts of the log: multiply-adds in dense tiles, and in passes
//! over sparse matrices, which wait for memory.

use crate::config::{
    ChebyCfSettings, EaseSettings, FilterSettings, IalsSettings, ItemKnnSettings, RunConfig,
};
use crate::split::Split;

/// Multiply-adds of a unit.
const UNIT: f64 = 1e9;
/// So many multiply-adds in dense tiles take as long as one of a sparse pass.
const SPARSE: f64 = 5.0;
/// A rung is a third as long as the one above it; there are this many at most.
const THIRD: u32 = 3;
const RUNGS_MAX: u32 = 3;
/// Multiply-adds of a positive, a negative and a dimension: the score, and the gradients of both sides.
const OF_A_NEGATIVE: f64 = 3.0;
/// A count of two items waits for memory as long as so many multiply-adds of a sparse pass.
const OF_A_PAIR: f64 = 10.0;
/// A system of equations of `d` unknowns takes `d` cubed over this.
const OF_A_SYSTEM: f64 = 3.0;
/// An inverse of `n` by `n` takes `n` cubed over this.
const OF_AN_INVERSE: f64 = 2.0;
/// Tables as small as a system's run at a third of the speed of large tiles.
const OF_A_SMALL_TABLE: f64 = 3.0;
/// Reads and writes of a parameter, its gradient and its moments by an optimizer's step.
const OF_A_PARAMETER: f64 = 14.0;
/// Rounds of block iteration a decimal place of the tolerance, and at least.
const ROUNDS_A_PLACE: f64 = 2.0;
const ROUNDS_MIN: f64 = 2.0;
/// Products with the graph a round: two to turn and check the block, and a polynomial of about this degree.
const PRODUCTS_A_ROUND: f64 = 6.0;
/// Passes over the block a round that cost its width squared, and the eigenvalues of its inner products.
const TURNS_A_ROUND: f64 = 4.0;
const OF_EIGENVALUES: f64 = 40.0;

/// The counts of a log that work depends on.
#[derive(Debug, Clone, Copy)]
pub(super) struct LogCounts {
    pub(super) users: f64,
    pub(super) items: f64,
    pub(super) train: f64,
    /// The squares of the lengths of users' training lists, added up.
    pub(super) pairs: f64,
    /// Validation users, all of whom a training looks at each epoch.
    pub(super) validation_users: f64,
    /// Users that candidates are measured on.
    pub(super) measured_users: f64,
}

impl LogCounts {
    pub(super) fn new(split: &Split, measured_users: usize) -> Self {
        let train = &split.train;
        Self {
            users: train.n_users() as f64,
            items: train.n_items() as f64,
            train: train.n_interactions() as f64,
            pairs: (0..train.n_users() as u32)
                .map(|user| (train.positives().of(user).len() as f64).powi(2))
                .sum(),
            validation_users: split.summary.n_validation_users as f64,
            measured_users: measured_users as f64,
        }
    }
}

/// Multiply-adds by kind.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Work {
    dense: f64,
    sparse: f64,
}

impl Work {
    /// Fitting or training by these settings, and measuring the result.
    pub(super) fn of(config: &RunConfig, log: &LogCounts) -> Self {
        if let Some(filter) = &config.filter {
            return Self::of_filter(filter, config.chebycf.as_ref(), log);
        }
        if let Some(knn) = &config.item_knn {
            return Self::of_neighbours(knn, log);
        }
        if let Some(ials) = &config.ials {
            return Self::of_least_squares(ials, log);
        }
        match (&config.ease, &config.popularity) {
            (Some(ease), _) => Self::of_inverse(ease, log),
            (_, Some(_)) => Self::of_counts(log),
            _ => Self::of_training(config, log),
        }
    }

    /// The inverse of a table of items by items, or of users by users, and a sum of its rows a history.
    fn of_inverse(ease: &EaseSettings, log: &LogCounts) -> Self {
        let history = log.train / log.users.max(1.0);
        let lists = log.measured_users * history * log.items;
        match ease.inverts_users(log.users as usize, log.items as usize) {
            true => Self {
                dense: log.users.powi(3) / OF_AN_INVERSE + log.train * log.items + lists,
                sparse: OF_A_PAIR * (log.train * log.users) / SPARSE,
            },
            false => Self {
                dense: log.items.powi(3) / OF_AN_INVERSE + lists,
                sparse: OF_A_PAIR * log.pairs / 2.0,
            },
        }
    }

    /// A system of equations a user and an item, twice an iteration through the interactions.
    fn of_least_squares(ials: &IalsSettings, log: &LogCounts) -> Self {
        let dim = ials.dim as f64;
        let systems = (log.users + log.items) * dim.powi(3) / OF_A_SYSTEM;
        let products = 2.0 * log.train * dim * dim / 2.0;
        let iterations = ials.iterations as f64;
        Self {
            dense: iterations * OF_A_SMALL_TABLE * (systems + products)
                + log.measured_users * log.items * dim,
            sparse: 0.0,
        }
    }

    fn of_counts(log: &LogCounts) -> Self {
        Self {
            dense: 0.0,
            sparse: log.train,
        }
    }

    /// Every two items of a user are counted once; a history then gathers the neighbours of its items.
    fn of_neighbours(knn: &ItemKnnSettings, log: &LogCounts) -> Self {
        let history = log.train / log.users.max(1.0);
        let gathered = log.measured_users * history * knn.neighbours as f64;
        Self {
            dense: 0.0,
            sparse: OF_A_PAIR * log.pairs / 2.0 + gathered,
        }
    }

    /// In units.
    pub(super) fn units(self) -> f64 {
        (self.dense + SPARSE * self.sparse) / UNIT
    }

    fn of_filter(
        filter: &FilterSettings,
        chebycf: Option<&ChebyCfSettings>,
        log: &LogCounts,
    ) -> Self {
        let edges = 2.0 * log.train;
        let fit = match filter.vectors as f64 {
            0.0 => Self::default(),
            vectors => {
                let width = (vectors + (vectors / 4.0).max(16.0)).min(log.items);
                let rounds = ROUNDS_MIN.max(1.0 - ROUNDS_A_PLACE * filter.tolerance.log10());
                Self {
                    dense: rounds
                        * width
                        * width
                        * (TURNS_A_ROUND * log.items + OF_EIGENVALUES * width),
                    sparse: rounds * PRODUCTS_A_ROUND * edges * width,
                }
            }
        };
        // A history passes the graph once a degree, and meets every vector of the low-pass part.
        let degree = chebycf.map_or(1.0, |own| own.order as f64);
        Self {
            dense: fit.dense + log.measured_users * log.items * filter.vectors as f64,
            sparse: fit.sparse + log.measured_users * degree * edges,
        }
    }

    fn of_training(config: &RunConfig, log: &LogCounts) -> Self {
        let (model, sampling) = (&config.model, &config.sampling);
        let (dim, nodes) = (model.dim as f64, log.users + log.items);
        let batch = sampling.batch_len(log.train as usize);
        let steps = sampling.n_batches(log.train as usize) as f64;
        let positives = log.train.min(steps * batch as f64);
        let in_batch = match sampling.in_batch {
            true => batch as f64,
            false => 0.0,
        };
        let shared = (sampling.batch_shared as f64).min(log.items) + in_batch;
        let own = (sampling.negatives + sampling.hard) as f64;
        let loss = OF_A_NEGATIVE * positives * (shared + own) * dim;
        // Once forth and once back through every layer.
        let propagation = match (&config.pinsage, &config.walks) {
            (Some(own), Some(walks)) => {
                let reached = (walks.neighbours as f64 + 1.0).powi(model.layers as i32 - 1);
                let rows = (3.0 * batch as f64 * reached).min(log.items);
                rows * own.hidden as f64 * (own.hidden as f64 + walks.neighbours as f64)
            }
            _ => 2.0 * model.layers as f64 * 2.0 * log.train * dim,
        };
        let parameters = OF_A_PARAMETER * nodes * dim;
        let epochs = f64::from(config.training.epochs);
        let measured = log.validation_users + log.measured_users / epochs;
        Self {
            dense: epochs * (loss + measured * log.items * dim),
            sparse: epochs * steps * (propagation + parameters),
        }
    }
}

/// The numbers of epochs that a training is compared after, rising to its own.
pub(super) fn epochs_at(config: &RunConfig) -> Vec<u32> {
    let whole = config.training.epochs;
    let rung = |up: u32| {
        let part = THIRD.pow(RUNGS_MAX - 1 - up);
        ((whole + part / 2) / part).max(1)
    };
    let mut epochs: Vec<u32> = (0..RUNGS_MAX).map(rung).collect();
    epochs.dedup();
    epochs
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ModelName;

    const LOG: LogCounts = LogCounts {
        users: 1000.0,
        items: 500.0,
        train: 10_000.0,
        pairs: 150_000.0,
        validation_users: 200.0,
        measured_users: 100.0,
    };

    #[test]
    fn rungs_are_thirds_of_the_epochs() {
        let epochs = |whole| {
            let mut config = RunConfig::defaults_for(ModelName::Mf);
            config.training.epochs = whole;
            epochs_at(&config)
        };
        assert_eq!(epochs(36), [4, 12, 36]);
        assert_eq!(epochs(10), [1, 3, 10]);
        assert_eq!(epochs(12), [1, 4, 12]);
        assert_eq!(epochs(2), [1, 2]);
        assert_eq!(epochs(1), [1]);
    }

    /// Matrix factorization with 4 negatives each: 10,000 positives, 64 dimensions, 2 epochs, batches of 1,000.
    #[test]
    fn a_training_by_hand() {
        let mut config = RunConfig::defaults_for(ModelName::Mf);
        (config.sampling.negatives, config.sampling.batch_size) = (4, 1000);
        config.training.epochs = 2;
        let work = Work::of(&config, &LOG);
        // Losses, then the lists of 200 users each epoch and of 100 once.
        let losses = 2.0 * 3.0 * 10_000.0 * 4.0 * 64.0;
        assert_eq!(work.dense, losses + (2.0 * 200.0 + 100.0) * 500.0 * 64.0);
        assert_eq!(work.sparse, 2.0 * 10.0 * 14.0 * 1500.0 * 64.0);
        // Three layers, forth and back, over 20,000 edges.
        let mut lightgcn = RunConfig::defaults_for(ModelName::LightGcn);
        (lightgcn.sampling.negatives, lightgcn.sampling.batch_size) = (4, 1000);
        lightgcn.sampling.min_batches = 0;
        lightgcn.training.epochs = 2;
        let more = Work::of(&lightgcn, &LOG).sparse - work.sparse;
        assert_eq!(more, 2.0 * 10.0 * 6.0 * 20_000.0 * 64.0);
        lightgcn.sampling.max_batches = 5;
        assert_eq!(Work::of(&lightgcn, &LOG).sparse, (more + work.sparse) / 2.0);
    }

    /// 75,000 pairs; 100 users with 10 items of 100 neighbours each.
    #[test]
    fn neighbours_and_counts_by_hand() {
        let knn = Work::of(&RunConfig::defaults_for(ModelName::ItemKnn), &LOG);
        assert_eq!((knn.dense, knn.sparse), (0.0, 750_000.0 + 100_000.0));
        let counts = Work::of(&RunConfig::defaults_for(ModelName::Popularity), &LOG);
        assert_eq!((counts.dense, counts.sparse), (0.0, 10_000.0));
    }

    /// 500 items: an inverse of 500 by 500. 1,500 systems of 64 unknowns, 10,000 interactions from both sides, 16 times.
    #[test]
    fn least_squares_and_inverses_by_hand() {
        let ease = Work::of(&RunConfig::defaults_for(ModelName::Ease), &LOG);
        // 100 users with 10 items each, whose rows of 500 are added up.
        let lists = 100.0 * 10.0 * 500.0;
        assert_eq!(ease.dense, 500.0 * 500.0 * 500.0 / 2.0 + lists);
        let few = LogCounts {
            users: 100.0,
            ..LOG
        };
        let ease = Work::of(&RunConfig::defaults_for(ModelName::Ease), &few);
        let lists = 100.0 * 100.0 * 500.0;
        assert_eq!(ease.dense, 100.0 * 100.0 * 50.0 + 10_000.0 * 500.0 + lists);
        let ials = Work::of(&RunConfig::defaults_for(ModelName::Ials), &LOG);
        let systems = 1500.0 * 64.0 * 64.0 * 64.0 / 3.0;
        let found = 16.0 * 3.0 * (systems + 10_000.0 * 64.0 * 64.0) + 100.0 * 500.0 * 64.0;
        assert_eq!((ials.dense, ials.sparse), (found, 0.0));
    }

    #[test]
    fn a_filter_without_vectors_costs_its_lists_alone() {
        let mut config = RunConfig::defaults_for(ModelName::GfCf);
        if let Some(filter) = &mut config.filter {
            filter.vectors = 0;
        }
        let work = Work::of(&config, &LOG);
        assert_eq!((work.dense, work.sparse), (0.0, 100.0 * 20_000.0));
        assert_eq!(work.units(), 5.0 * 2e6 / 1e9);
    }
}
