//! `[walks]`: the neighbourhoods of items that PinSAGE pools.

use super::PINSAGE;
use super::section::section;
use crate::config::accepts::Accepts;
use crate::config::choice::closed_choice;

closed_choice! {
    /// `walks.pooling`: how the neighbours of an item become one vector.
    PoolingName {
        /// Their mean, weighted by how often short walks visit them.
        Importance = "importance",
        /// Their plain mean.
        Mean = "mean",
        /// The largest of each component.
        Max = "max",
    }
}

section! {
    /// The neighbourhoods of items: the items that short random walks visit most.
    ["walks"] WalkSettings { models: PINSAGE }

    /// Random walks from each item.
    count: usize {
        default: 100;
        accepts: Accepts::Whole(1, 100_000),
    }

    /// Steps of a walk. Each goes to another item of a user who has the last one.
    length: usize {
        default: 3;
        accepts: Accepts::Whole(1, 100),
    }

    /// Neighbours kept of each item: those visited most often.
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
