//! `[evaluation]`: what is measured on the test part.

use super::ALL;
use super::section::section;
use super::setting::{Absent, Tune};
use crate::config::accepts::{Accepts, LONGEST_LIST};

section! {
    /// Measurements on the test part.
    ["evaluation"] EvaluationConfig { models: ALL, tune: Tune::Fixed("a search does not use the test part") }

    /// List lengths: each metric is measured at each.
    ks: Vec<usize> {
        default: vec![10, 20, 50];
        accepts: Accepts::Wholes(1, LONGEST_LIST),
    }

    /// Bootstrap resamples behind each interval; 0 for none.
    bootstrap: usize {
        default: 1000;
        accepts: Accepts::Whole(0, 100_000),
    }
    /// Whether the popularity of an item is the sum of the weights of its interactions, not their number.
    weighted_popularity: bool {
        default: false;
        absent: Absent::Was("false"),
    }
}
