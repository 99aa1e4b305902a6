//! `[prior]`: recent popularity as a term of every score.

use super::ALL;
use super::section::section;
use super::setting::{Absent, Tune};
use crate::config::accepts::{NON_NEGATIVE, POSITIVE};
use crate::config::choice::closed_choice;

closed_choice! {
    /// `prior.use`: whether scores have a prior.
    PriorUse {
        /// Where the log has times and is split by time: what is not set is chosen on the validation part, a weight of 0
        /// included.
        Auto = "auto",
        /// No prior.
        Off = "off",
    }
}

section! {
    /// The item prior: to the score of an item `weight * log(1 + p / offset)` is added, where `p` is the item's recent
    /// popularity, the sum of `2^(-age / half-life)` over its interactions.
    ["prior"] PriorConfig {
        models: ALL,
        tune: Tune::Fixed("it is chosen on the validation part by itself, once a model is trained")
    }

    /// Whether scores have a prior.
    r#use: PriorUse {
        default: PriorUse::Auto;
        absent: Absent::Was("\"off\""),
    }

    /// Weight of the prior, in the unit of scores. When absent: chosen on the validation part.
    weight: Option<f64> {
        default: None;
        accepts: NON_NEGATIVE,
    }

    /// Half-life of popularity in days. When absent: chosen on the validation part.
    half_life_days: Option<f64> {
        default: None;
        accepts: POSITIVE,
    }

    /// The popularity from which on it counts: below it the prior grows evenly, above it with the logarithm. When absent:
    /// chosen on the validation part.
    offset: Option<f64> {
        default: None;
        accepts: POSITIVE,
    }
}

impl PriorConfig {
    /// Whether scores may have a prior.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.r#use == PriorUse::Auto
    }

    /// Weight, half-life in days and offset, where all are set and nothing is to be chosen.
    #[must_use]
    pub fn all_set(&self) -> Option<[f64; 3]> {
        Some([self.weight?, self.half_life_days?, self.offset?])
    }

    /// The first of its values that is set.
    #[must_use]
    pub fn first_set(&self) -> Option<&'static str> {
        let values = [
            ("prior.weight", self.weight),
            ("prior.half_life_days", self.half_life_days),
            ("prior.offset", self.offset),
        ];
        let set = values.into_iter().find(|(_, value)| value.is_some());
        set.map(|(key, _)| key)
    }
}
