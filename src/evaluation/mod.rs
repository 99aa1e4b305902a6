//! Evaluation: full-ranking metrics with intervals, groups of users, paired comparison of runs.

mod activity;
mod beyond;
mod bootstrap;
mod brief;
mod cohort;
mod compare;
mod comparison;
mod estimate;
mod evaluate;
mod evaluator;
mod half_life;
mod metrics;
mod price;
mod result;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;

pub use beyond::{coverage, gini, novelty};
pub use bootstrap::Bootstrap;
pub use brief::{of_validation, recall_and_ndcg, validation_of_users, validation_users};
pub use cohort::{Cohort, EvaluationData, Ranking, ranked_batches};
pub use compare::{CompareError, compare};
pub use comparison::{Comparison, Difference};
pub use estimate::Estimate;
pub use evaluate::{Evaluated, EvaluationError, EvaluationOptions, evaluate};
pub(crate) use half_life::depth_of;
pub use half_life::{HALF_LIVES_DAYS, best_half_life};
pub use metrics::{
    Metric, average_precision, hit_rate, ndcg, precision, recall, reciprocal_rank, relevance,
};
pub(crate) use price::{Price, ToPrice};
pub use result::{Evaluation, GroupResult, PerUser, SystemDetail, SystemResult};
