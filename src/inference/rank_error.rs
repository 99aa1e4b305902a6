//! Errors of ranking.

use crate::failure::{Fails, Failure};

/// Errors of ranking.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RankError {
    /// A list of no items was asked for.
    #[error("K is 0, so every list would be empty; ask for at least 1 item")]
    ZeroK,
    /// A user id that the scores do not cover.
    #[error("user id {user} is unknown: there are {n_users} users, numbered from 0")]
    UnknownUser {
        /// The internal id.
        user: u32,
        /// Users there are.
        n_users: usize,
    },
    /// A list of items to rank among or to leave out that is not one.
    #[error(
        "a list of item ids must ascend, each once and below {n_items}; item id {item} does not"
    )]
    ItemList {
        /// The item out of place.
        item: u32,
        /// Items there are.
        n_items: usize,
    },
    /// Seen lists made for another set of users.
    #[error(
        "the seen items cover {seen} users, but {n_users} users are scored; both must come from one data set"
    )]
    SeenUsers {
        /// Users of the seen lists.
        seen: usize,
        /// Users there are.
        n_users: usize,
    },
    /// A score that cannot be ranked.
    #[error(
        "the score of item id {item} for user id {user} is not a number; the model has diverged: train again with a smaller `--learning-rate`"
    )]
    NotANumber {
        /// The internal user id.
        user: u32,
        /// The internal item id.
        item: u32,
    },
    /// The device that ranks failed.
    #[error("the device failed while ranking: {0}; try `--device cpu`")]
    Device(String),
    /// A vector that has no direction to compare.
    #[error(
        "the vector of item id {item} holds a value that is not a number; the model has diverged: train again with a smaller `--learning-rate`"
    )]
    VectorNotANumber {
        /// The internal item id.
        item: u32,
    },
}

impl Fails for RankError {
    fn failure(&self) -> Failure {
        match self {
            Self::ZeroK => Failure::Usage,
            Self::Device(_) => Failure::DeviceUnavailable,
            _ => Failure::BadData,
        }
    }
}
