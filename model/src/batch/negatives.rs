//! Batch-shared negatives.

/// Batch-shared negatives: items that every user of a batch is compared with, except those the user is known to have.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SharedNegatives {
    /// The items; an item may come twice.
    pub items: Vec<u32>,
    /// Where each user's part of `known` begins; one more than there are users.
    pub known_ptr: Vec<u32>,
    /// Places in `items` that are not compared with a user, user after user.
    pub known: Vec<u32>,
    /// The correction of scores where negatives are sampled by popularity; `None` where they are not.
    pub log_q: Option<LogQ>,
}

/// `log(q(i) * n_items)` of items that come with probability `q(i)` a draw, which makes it 0 where
/// items are drawn uniformly (Bengio and Senécal, 2008). Taken off the scores of positives and of
/// shared negatives in the sampled softmax.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LogQ {
    /// One a positive.
    pub positives: Vec<f32>,
    /// One a shared negative.
    pub shared: Vec<f32>,
}
