//! Uniform negatives by rejection against a user's training items, in a bounded number of tries.

use rand::Rng;
use rand::RngExt;

/// Draws tried before a negative is given up. A user with half the catalogue misses with probability
/// 2^-128; only users with (almost) every item ever do.
pub const MAX_TRIES: u32 = 128;

/// A uniform item that is not in `positives` (ascending), or `None` after [`MAX_TRIES`] draws.
pub(super) fn uniform_negative(rng: &mut impl Rng, n_items: u32, positives: &[u32]) -> Option<u32> {
    (0..MAX_TRIES).find_map(|_| {
        let item = rng.random_range(0..n_items);
        positives.binary_search(&item).is_err().then_some(item)
    })
}
