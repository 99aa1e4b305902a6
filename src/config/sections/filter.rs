//! `[filter]` and `[chebycf]`: the graph filters.

use super::ModelName::ChebyCf;
use super::section::section;
use super::setting::{Absent, Tune};
use super::{FILTERS, linear, log, usual};
use crate::config::accepts::{Accepts, FRACTION, NON_NEGATIVE, POSITIVE};

section! {
    /// The graph filter. The defaults are those of the publications for Gowalla: CIKM 2021 ("How powerful is graph
    /// convolution for recommendation?") for `gf-cf`, arXiv 2505.00552 and its code for `chebycf`.
    ["filter"] FilterSettings { models: FILTERS }

    /// Leading singular vectors of the ideal low-pass part, 0 for none.
    vectors: usize {
        default: 256, for ChebyCf: 512;
        accepts: Accepts::Whole(0, 65_536),
        tune: Tune::Usually(&[usual(1, log(16.0, 1024.0))]),
    }

    /// Weight of the ideal low-pass part.
    low_pass_weight: f64 {
        default: 0.3, for ChebyCf: 0.2;
        accepts: NON_NEGATIVE,
        tune: Tune::Usually(&[usual(2, log(0.05, 1.0))]),
    }

    /// Power of item degrees that histories are divided by and scores multiplied by: in both parts of `chebycf`, in
    /// the low-pass part of `gf-cf`.
    degree_power: f64 {
        default: 0.5, for ChebyCf: 0.4;
        tune: Tune::Usually(&[usual(3, linear(0.0, 1.0))]),
    }

    /// Whether an item of a user's history counts by the weight of the interaction. In histories that are given each item
    /// counts 1.
    weighted_histories: bool {
        default: false;
        absent: Absent::Was("false"),
    }

    /// Half-life in days after which an item of a user's history counts half, as of the newest training interaction. In
    /// histories that are given each item counts 1. When absent: age does not count.
    half_life_days: Option<f64> {
        default: None;
        accepts: POSITIVE,
    }

    /// Largest residual of a singular vector, the largest singular value being 1. A smaller one takes longer, and ranks no
    /// better.
    tolerance: f64 {
        default: 0.1;
        accepts: FRACTION,
    }
}

section! {
    /// Settings of the model `chebycf` alone, beside `[filter]`.
    ["chebycf"] ChebyCfSettings { models: &[ChebyCf] }

    /// Degree of the Chebyshev polynomial at most.
    order: usize, moved_from "filter.order" {
        default: 8;
        accepts: Accepts::Whole(0, 100),
    }

    /// How flat the polynomial is between low and high frequencies.
    flatness: f64, moved_from "filter.flatness" {
        default: 1.5;
        accepts: POSITIVE,
        tune: Tune::Usually(&[usual(4, linear(0.5, 4.0))]),
    }
}
