//! Draws by the seed: each interaction has a number that depends on the seed and the keys of its user and item alone.
//!
//! Neither the order of rows, nor internal ids, nor other users decide, so a log that grows keeps the draws it had.

use std::cell::OnceCell;

use rayon::prelude::*;

use super::parts::{Part, share};
use crate::config::SplitConfig;
use crate::data::{Dataset, IdMap, Interactions};

/// The numbers of all interactions that may be.
pub(super) struct Draws<'a> {
    dataset: &'a Dataset,
    seed: u64,
    tables: OnceCell<Tables>,
}

/// What an interaction's number is mixed from: a number a user and one an item.
struct Tables {
    users: Vec<u64>,
    items: Vec<u64>,
}

impl<'a> Draws<'a> {
    /// Nothing is computed before the first number is asked for.
    pub(super) fn new(dataset: &'a Dataset, seed: u64) -> Self {
        let tables = OnceCell::new();
        Self {
            dataset,
            seed,
            tables,
        }
    }

    /// The number of an interaction.
    pub(super) fn of(&self, user: u32, item: u32) -> u64 {
        let tables = self.tables.get_or_init(|| Tables {
            users: of_keys(&self.dataset.users, "user", self.seed),
            items: of_keys(&self.dataset.items, "item", self.seed),
        });
        mix(mix(tables.users[user as usize]).wrapping_add(tables.items[item as usize]))
    }

    /// Of rows of one user, the one with the largest number: the one to keep for training. It is any of them with the
    /// same chance, popular items or not.
    pub(super) fn kept(&self, log: &Interactions, rows: impl Iterator<Item = u32>) -> Option<u32> {
        rows.max_by_key(|&row| {
            let (user, item) = (log.users[row as usize], log.items[row as usize]);
            (self.of(user, item), row)
        })
    }
}

fn of_keys(keys: &IdMap, kind: &str, seed: u64) -> Vec<u64> {
    let of_key = |key: &str| {
        let mut hasher = blake3::Hasher::new();
        hasher.update(kind.as_bytes());
        hasher.update(&seed.to_le_bytes());
        hasher.update(key.as_bytes());
        let mut number = [0; 8];
        number.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
        u64::from_le_bytes(number)
    };
    keys.keys().par_iter().map(|key| of_key(key)).collect()
}

/// A bijection in which each bit of the result depends on all bits (the last steps of SplitMix64).
fn mix(mut number: u64) -> u64 {
    number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

/// The interactions with the smallest numbers are test, the next validation; the largest of each user is kept for
/// training. So every interaction is held out as often as any other, but for those that users would lack.
///
/// The parts are as large as the shares say, over the log. Where users keep too many, the parts share what is left.
pub(super) fn random(log: &Interactions, draws: &Draws<'_>, config: &SplitConfig) -> Vec<Part> {
    let n_test = share(log.len(), config.test_fraction);
    let n_validation = share(log.len() - n_test, config.validation_fraction);
    draw(log, draws, n_test, n_validation)
}

/// Marks that many interactions as test and validation, or as many as users can spare.
pub(super) fn draw(
    log: &Interactions,
    draws: &Draws<'_>,
    n_test: usize,
    n_validation: usize,
) -> Vec<Part> {
    let mut numbers = Vec::with_capacity(log.len());
    each_free(log, draws, |_, number| numbers.push(number));
    let (n_test, n_validation) = fitted(n_test, n_validation, numbers.len());
    let n_held_out = n_test + n_validation;
    let validation_ends = nth(&mut numbers, n_held_out);
    let test_ends = nth(&mut numbers[..n_held_out], n_test).or(validation_ends);
    let is_before = |number: u64, end: Option<u64>| end.is_none_or(|end| number < end);
    let mut parts = vec![Part::Train; log.len()];
    each_free(log, draws, |row, number| {
        if is_before(number, test_ends) {
            parts[row as usize] = Part::Test;
        } else if is_before(number, validation_ends) {
            parts[row as usize] = Part::Validation;
        }
    });
    parts
}

/// The two sizes, in proportion where there are no more than `free` in all.
fn fitted(n_test: usize, n_validation: usize, free: usize) -> (usize, usize) {
    let wanted = n_test + n_validation;
    if wanted <= free {
        return (n_test, n_validation);
    }
    let both = n_test > 0 && n_validation > 0 && free > 1;
    let least = usize::from(both);
    let test = (free as f64 * n_test as f64 / wanted as f64).round() as usize;
    let test = test.clamp(least, free - least);
    (test, free - test)
}

/// The number that is greater than `at` others; `None` where there is none. The smaller ones come before it.
fn nth(numbers: &mut [u64], at: usize) -> Option<u64> {
    (at < numbers.len()).then(|| *numbers.select_nth_unstable(at).1)
}

/// Calls `take` with each row that no user keeps, and its number. The log is sorted by user.
fn each_free(log: &Interactions, draws: &Draws<'_>, mut take: impl FnMut(u32, u64)) {
    let mut start = 0;
    for users in log.users.chunk_by(|a, b| a == b) {
        let rows = start..start + users.len() as u32;
        start = rows.end;
        let kept = draws.kept(log, rows.clone());
        for row in rows.filter(|&row| Some(row) != kept) {
            take(row, draws.of(users[0], log.items[row as usize]));
        }
    }
}
