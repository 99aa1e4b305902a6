//! Honest judgement: full-ranking metrics with intervals, groups of users, paired comparison of runs.

mod activity;
mod audience;
mod beyond;
mod bootstrap;
mod brief;
mod compare;
mod evaluate;
mod judge;
mod metrics;
mod result;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;

pub use audience::{Audience, EvaluationData, Ranking, ranked_batches};
pub use beyond::{coverage, gini, novelty};
pub use brief::{of_validation, recall_and_ndcg};
pub use compare::{CompareConfig, CompareError, Comparison, Difference, compare};
pub use evaluate::{Evaluated, EvaluationConfig, EvaluationError, SystemDetail, evaluate};
pub use metrics::{
    Metric, average_precision, hit_rate, ndcg, precision, recall, reciprocal_rank, relevance,
};
pub use result::{Estimate, Evaluation, GroupResult, PerUser, SystemResult};
