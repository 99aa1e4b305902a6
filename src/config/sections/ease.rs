//! `[ease]`: the linear autoencoder in closed form.

use super::ModelName::Ease;
use super::section::section;
use super::setting::Tune;
use super::{log, usual};
use crate::config::accepts::POSITIVE;

section! {
    /// EASE: every item's weight for every other that best rebuilds histories, an item itself left out (Steck, WWW 2019).
    ["ease"] EaseSettings { models: &[Ease] }

    /// Weight of the L2 penalty: what is added to the diagonal of the items' co-occurrence counts.
    l2: f64 {
        default: 500.0;
        accepts: POSITIVE,
        tune: Tune::Usually(&[usual(1, log(10.0, 10_000.0))]),
    }
}
