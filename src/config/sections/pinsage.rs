//! `[pinsage]`: what PinSAGE has alone, beside its features and neighbourhoods.

use super::PINSAGE;
use super::section::section;
use super::setting::Absent;
use crate::config::accepts::{Accepts, POSITIVE};
use crate::config::choice::closed_choice;

closed_choice! {
    /// `pinsage.start`: what the weights begin with.
    Start {
        /// Embeddings begin as a latent semantic analysis of item features (LSA warm start).
        Lsa = "lsa" was "content",
        /// Random weights.
        Random = "random",
    }
}

closed_choice! {
    /// `pinsage.query`: what stands for a user beside a positive.
    QueryItem {
        /// The mean of `pinsage.query_items` other items of the user; serving uses the mean of all.
        History = "history",
        /// Any other item of the user.
        Another = "another",
        /// The item before it in the user's history by time, where there is one (the paper's pairs).
        Before = "before",
    }
}

section! {
    /// Settings of the model `pinsage` alone, as are `[features]` and `[walks]`.
    ["pinsage"] PinSageSettings { models: PINSAGE, absent: Absent::Default }

    /// Width of the layers that make the embeddings.
    hidden: usize, moved_from "model.hidden" {
        default: 256;
        accepts: Accepts::Whole(1, 65_536),
    }

    /// The initial weights.
    start: Start, moved_from "model.start" {
        default: Start::Lsa;
    }

    /// The query that stands for a user beside a positive in training.
    query: QueryItem, moved_from "sampling.query" {
        default: QueryItem::History;
    }

    /// Half-life in days after which an item of a user's history counts half, as of the newest training interaction: in the
    /// query `history` and in the vectors of users. In histories that are given each item counts 1. When absent: age does
    /// not count.
    half_life_days: Option<f64> {
        default: None;
        accepts: POSITIVE,
    }

    /// How many of a user's items `history` averages.
    query_items: usize, moved_from "sampling.query_items" {
        default: 30;
        accepts: Accepts::Whole(1, 1000),
    }
}
