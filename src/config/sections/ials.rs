//! `[ials]`: alternating least squares.

use super::ModelName::Ials;
use super::section::section;
use super::setting::Tune;
use super::{linear, log, usual};
use crate::config::accepts::{Accepts, NON_NEGATIVE, POSITIVE};

section! {
    /// iALS: factors whose product is near 1 where users have items and near 0 elsewhere (Hu, Koren and Volinsky 2008), with
    /// the settings of Rendle et al. (RecSys 2022).
    ["ials"] IalsSettings { models: &[Ials] }

    /// Width of a vector.
    dim: usize {
        default: 64;
        accepts: Accepts::Whole(1, 4096),
        tune: Tune::Usually(&[usual(3, log(16.0, 256.0))]),
    }

    /// Weight of every pair of a user and an item, beside 1 for the interactions.
    alpha: f64 {
        default: 0.1;
        accepts: POSITIVE,
        tune: Tune::Usually(&[usual(1, log(0.01, 2.0))]),
    }

    /// Weight of the L2 penalty.
    l2: f64 {
        default: 0.003;
        accepts: POSITIVE,
        tune: Tune::Usually(&[usual(2, log(1e-4, 0.1))]),
    }

    /// Power of the frequency of a user or an item that the penalty is scaled by: 0 penalizes all alike, 1 by the weight of
    /// their pairs.
    l2_power: f64 {
        default: 1.0;
        accepts: NON_NEGATIVE,
        tune: Tune::Usually(&[usual(4, linear(0.0, 1.0))]),
    }

    /// Times that items and then users are solved.
    iterations: usize {
        default: 16;
        accepts: Accepts::Whole(1, 10_000),
    }
}
