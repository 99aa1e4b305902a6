//! Batch-shared negatives.

/// Batch-shared negatives: items that every user of a batch is compared with, except those the user is known to have.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SharedNegatives {
    /// The items; an item may come twice.
    pub items: Vec<u32>,
    /// Where each user's part of `known` begins, `[users + 1]`.
    pub known_ptr: Vec<u32>,
    /// Places in `items` that are not compared with a user, user after user.
    pub known: Vec<u32>,
    /// The correction of scores where negatives are sampled by popularity; `None` where they are not.
    pub log_q: Option<LogQ>,
}

/// The correction of sampled softmax (Bengio and Senécal, 2008): `log(q(i) * n_items)` of items that are drawn with
/// probability `q(i)`, so that it is 0 where items are drawn uniformly. The loss subtracts it, times the temperature,
/// from the scores of positives and of batch-shared negatives.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LogQ {
    /// One for each positive.
    pub positives: Vec<f32>,
    /// One for each batch-shared negative.
    pub shared: Vec<f32>,
}
