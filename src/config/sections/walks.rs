//! `[walks]`: the neighbourhoods of items that PinSAGE pools.

use super::PINSAGE;
use super::section::section;
use crate::config::accepts::Accepts;
use crate::config::choice::closed_choice;

closed_choice! {
    /// `walks.pooling`: how the neighbours of an item become one vector.
    PoolingName {
        /// Their mean, weighted by how often short walks meet them.
        Importance = "importance",
        /// Their plain mean.
        Mean = "mean",
        /// The largest of each component.
        Max = "max",
    }
}

section! {
    /// The neighbourhoods of items: what short random walks meet most.
    ["walks"] WalkSettings { models: PINSAGE }

    /// Random walks from each item.
    count: usize {
        default: 100;
        accepts: Accepts::Whole(1, 100_000),
    }

    /// Steps of a walk, each to an item that a user has beside the last.
    length: usize {
        default: 3;
        accepts: Accepts::Whole(1, 100),
    }

    /// Neighbours kept of an item, those met most.
    // Fewer than the paper's 50: the catalogues of one machine are smaller than its.
    neighbours: usize, was "kept" {
        default: 10;
        accepts: Accepts::Whole(1, 1000),
    }

    /// How the neighbours of an item are pooled.
    pooling: PoolingName {
        default: PoolingName::Importance;
    }
}
