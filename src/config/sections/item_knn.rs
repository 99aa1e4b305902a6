//! `[item_knn]`: neighbourhoods of items.

use super::ModelName::ItemKnn;
use super::section::section;
use super::setting::Tune;
use super::{log, usual};
use crate::config::accepts::{Accepts, NON_NEGATIVE, POSITIVE};

section! {
    /// Item-kNN: an item's score is the sum of its similarities to those of its neighbours that the user has. The defaults
    /// were the best of a few on a tenth of Gowalla's training pairs, held out for it.
    ["item_knn"] ItemKnnSettings { models: &[ItemKnn] }

    /// Neighbours kept per item.
    neighbours: usize {
        default: 100;
        accepts: Accepts::Whole(1, 65_536),
        tune: Tune::Usually(&[usual(1, log(10.0, 1000.0))]),
    }

    /// Added to the denominator of the cosine: pulls similarities that rest on few users towards 0.
    shrinkage: f64 {
        default: 20.0;
        accepts: NON_NEGATIVE,
        tune: Tune::Usually(&[usual(2, log(1.0, 200.0))]),
    }

    /// Days after which an interaction counts half, seen from the newest training interaction, both where items are taken
    /// together and in a user's history; absent for never. Needs times. Histories that are given count in full.
    half_life_days: Option<f64> {
        default: None;
        accepts: POSITIVE,
    }
}
