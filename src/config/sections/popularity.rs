//! `[popularity]`: the most popular items for everybody.

use super::ModelName::Popularity;
use super::section::section;
use super::setting::Tune;
use super::{log, usual};
use crate::config::accepts::POSITIVE;

section! {
    /// Popularity as a model of its own.
    ["popularity"] PopularitySettings { models: &[Popularity] }

    /// Days after which an interaction counts half, seen from the newest training interaction; absent for never. Needs
    /// times.
    half_life_days: Option<f64> {
        default: None;
        accepts: POSITIVE,
        tune: Tune::Usually(&[usual(1, log(0.5, 365.0))]),
    }
}
