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

/// Fewer users than this share of the items, and the inverse of a matrix of users is the shorter way.
const SHARE: f64 = 0.7;
/// That way divides by `l2` over a little more than the users of an item, which has to be this far from 0.
const FAR: f64 = 1e-3;

impl EaseSettings {
    /// Whether the weights come from the inverse of a matrix of users: it is smaller than that of items, and as exact.
    #[must_use]
    pub fn inverts_users(&self, n_users: usize, n_items: usize) -> bool {
        let n_users = n_users as f64;
        n_users < SHARE * n_items as f64 && self.l2 >= FAR * n_users
    }
}
