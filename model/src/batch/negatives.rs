//! Batch-shared negatives, and the corrections for how items were drawn.

/// Batch-shared negatives: items that every user of a batch is compared with, except those the user is known to have.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SharedNegatives {
    /// The items that were drawn; an item may come twice.
    pub items: Vec<u32>,
    /// Whether the batch's positives come after them as further negatives.
    pub in_batch: bool,
    /// Where each user's part of `known` begins, `[users + 1]`.
    pub known_ptr: Vec<u32>,
    /// Places, first in `items` and then among the positives, that are not compared with a user, user after user.
    pub known: Vec<u32>,
}

impl SharedNegatives {
    /// How many there are in a batch of `n_users`.
    pub(crate) fn n_places(&self, n_users: usize) -> usize {
        self.items.len() + if self.in_batch { n_users } else { 0 }
    }
}

/// The correction of the sampled softmax (Bengio and Senécal, 2008): `log(q(i) * n_items)` of each candidate, where `q` is
/// the distribution that it was drawn from, so that it is 0 where items are drawn uniformly. The softmax subtracts it from
/// the exponents; no other loss reads it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LogQ {
    /// One for each positive.
    pub positives: Vec<f32>,
    /// One for each per-positive negative.
    pub negatives: Vec<f32>,
    /// One for each place of [`SharedNegatives`].
    pub shared: Vec<f32>,
}
