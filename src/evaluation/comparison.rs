//! The result of a paired comparison, metric by metric, and its table.

use serde::{Deserialize, Serialize};

/// One metric of two runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// Such as `recall@20`.
    pub metric: String,
    /// Mean of the first run.
    pub baseline: f64,
    /// Mean of the second run.
    pub candidate: f64,
    /// Second minus first.
    pub difference: f64,
    /// Lower end of the difference's bootstrap interval over users.
    pub low: f64,
    /// Upper end of it.
    pub high: f64,
    /// Two-sided paired t-test: the probability of a mean difference at least this large between equal systems.
    pub p_value: f64,
    /// Users for whom the second run is better.
    pub wins: usize,
    /// Users for whom it is worse.
    pub losses: usize,
}

/// Two runs on the same users.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// Name of the first run.
    pub baseline: String,
    /// Name of the second run.
    pub candidate: String,
    /// Users both were evaluated on.
    pub n_users: usize,
    /// One entry per metric that both have, by name.
    pub differences: Vec<Difference>,
}

impl Comparison {
    /// Column heads of [`rows`](Self::rows).
    pub const HEADER: [&str; 7] = [
        "metric",
        "first",
        "second",
        "difference",
        "interval",
        "p",
        "better/worse for",
    ];

    /// The comparison as cells of a table, one row per metric.
    pub fn rows(&self) -> impl Iterator<Item = [String; 7]> + '_ {
        self.differences.iter().map(|d| {
            let p = if d.p_value < 1e-4 {
                "< 0.0001".into()
            } else {
                format!("{:.4}", d.p_value)
            };
            [
                d.metric.clone(),
                format!("{:.4}", d.baseline),
                format!("{:.4}", d.candidate),
                format!("{:+.4}", d.difference),
                format!("{:+.4} to {:+.4}", d.low, d.high),
                p,
                format!("{}/{}", d.wins, d.losses),
            ]
        })
    }
}
