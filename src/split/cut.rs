//! The splits: random per user, leave-last-out, temporal, cold-start items, given files.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::{Split, SplitError, SplitSummary, TrainSet};
use crate::config::{SplitConfig, SplitMethod};
use crate::data::{Dataset, Interactions, ItemLists};

/// The part an interaction goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Train,
    Validation,
    Test,
}

/// Cuts a data set; a pure function of the data, the settings and the seed.
///
/// Without a method: the given test file, else a temporal split where there are timestamps, else
/// random per user. A validation part is cut out of what is left for training, unless its fraction is 0.
///
/// # Errors
/// A method that lacks what it needs, or an empty part.
pub fn split(dataset: &Dataset, config: &SplitConfig, seed: u64) -> Result<Split, SplitError> {
    let method = method_of(dataset, config)?;
    let log = &dataset.interactions;
    let (parts, given) = match method {
        SplitMethod::Random => (random(log, config, seed), None),
        SplitMethod::LeaveLastOut => (leave_last_out(log, times(log, method)?, config), None),
        SplitMethod::Temporal => (temporal(log, times(log, method)?, config), None),
        SplitMethod::ColdStartItem => (
            cold_start_items(log, config, seed, dataset.items.len()),
            None,
        ),
        SplitMethod::Given => {
            let given = dataset.given_test.as_ref().ok_or(SplitError::NoTestFile)?;
            (validation_only(log, config, seed), Some(given))
        }
    };
    let n_users = dataset.users.len();
    let lists = |part| pick(log, &parts, part, n_users);
    let (train, validation) = (lists(Part::Train), lists(Part::Validation));
    let (test, n_test_also_in_log) = match given {
        None => (lists(Part::Test), 0),
        Some(given) => without(given, &[&train, &validation]),
    };
    let n_items = dataset.items.len();
    let summary = summary(
        method,
        &train,
        &validation,
        &test,
        n_items,
        n_test_also_in_log,
    );
    refuse_empty_parts(&summary, config)?;
    Ok(Split {
        method,
        train: TrainSet::new(train, n_items),
        validation,
        test,
        summary,
    })
}

fn method_of(dataset: &Dataset, config: &SplitConfig) -> Result<SplitMethod, SplitError> {
    let given = dataset.given_test.is_some();
    match config.method {
        Some(SplitMethod::Given) | None if given => Ok(SplitMethod::Given),
        Some(method) if given => Err(SplitError::UnusedTestFile {
            method: method.as_str(),
        }),
        Some(method) => Ok(method),
        None if dataset.interactions.timestamps.is_some() => Ok(SplitMethod::Temporal),
        None => Ok(SplitMethod::Random),
    }
}

fn times(log: &Interactions, method: SplitMethod) -> Result<&[i64], SplitError> {
    log.timestamps.as_deref().ok_or(SplitError::NoTimestamps {
        method: method.as_str(),
    })
}

/// How many of `n` a fraction takes, rounded, leaving at least one.
fn share(n: usize, fraction: f64) -> usize {
    ((n as f64 * fraction).round() as usize).min(n.saturating_sub(1))
}

/// Each user's interactions are shuffled by (seed, user): the first are test, the next validation.
fn random(log: &Interactions, config: &SplitConfig, seed: u64) -> Vec<Part> {
    per_user(log, |user, rows, parts| {
        shuffle(rows, seed, user);
        let n_test = share(rows.len(), config.test_fraction);
        let n_validation = share(rows.len() - n_test, config.validation_fraction);
        mark(parts, &rows[..n_test], Part::Test);
        mark(
            parts,
            &rows[n_test..n_test + n_validation],
            Part::Validation,
        );
    })
}

/// Items with an interaction are shuffled by the seed. All interactions of the first items are test, those of the next
/// items validation, so that no item of either part has an interaction in training.
fn cold_start_items(
    log: &Interactions,
    config: &SplitConfig,
    seed: u64,
    n_items: usize,
) -> Vec<Part> {
    let mut is_there = vec![false; n_items];
    log.items
        .iter()
        .for_each(|&item| is_there[item as usize] = true);
    let mut items: Vec<u32> = (0..n_items as u32)
        .filter(|&item| is_there[item as usize])
        .collect();
    items.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
    let n_test = share(items.len(), config.test_fraction);
    let n_validation = share(items.len() - n_test, config.validation_fraction);
    let mut of_item = vec![Part::Train; n_items];
    mark(&mut of_item, &items[..n_test], Part::Test);
    let validation = &items[n_test..n_test + n_validation];
    mark(&mut of_item, validation, Part::Validation);
    log.items
        .iter()
        .map(|&item| of_item[item as usize])
        .collect()
}

/// Given test files leave only the validation part to cut: by time where the log has it, so that
/// choosing looks forward as serving does, else random per user.
fn validation_only(log: &Interactions, config: &SplitConfig, seed: u64) -> Vec<Part> {
    let fraction = config.validation_fraction;
    if let Some(times) = &log.timestamps {
        let mut parts = vec![Part::Train; log.len()];
        let order = by_time(log, times);
        let n_validation = share(order.len(), fraction);
        mark(
            &mut parts,
            &order[order.len() - n_validation..],
            Part::Validation,
        );
        return parts;
    }
    per_user(log, |user, rows, parts| {
        shuffle(rows, seed, user);
        mark(
            parts,
            &rows[..share(rows.len(), fraction)],
            Part::Validation,
        );
    })
}

/// A user's last interaction is test, the one before validation; users with fewer than three train only.
fn leave_last_out(log: &Interactions, times: &[i64], config: &SplitConfig) -> Vec<Part> {
    per_user(log, |_, rows, parts| {
        if let [.., _, _, _] = rows {
            rows.sort_by_key(|&row| (times[row as usize], log.items[row as usize]));
            let last = rows.len() - 1;
            parts[rows[last] as usize] = Part::Test;
            if config.validation_fraction > 0.0 {
                parts[rows[last - 1] as usize] = Part::Validation;
            }
        }
    })
}

/// The newest interactions of all are test, the newest of the rest validation.
fn temporal(log: &Interactions, times: &[i64], config: &SplitConfig) -> Vec<Part> {
    let order = by_time(log, times);
    let n_test = share(order.len(), config.test_fraction);
    let rest = order.len() - n_test;
    let n_validation = share(rest, config.validation_fraction);
    let mut parts = vec![Part::Train; log.len()];
    mark(&mut parts, &order[rest..], Part::Test);
    mark(
        &mut parts,
        &order[rest - n_validation..rest],
        Part::Validation,
    );
    parts
}

/// Rows from oldest to newest; equal times by user and then by item, whatever the order of the log.
fn by_time(log: &Interactions, times: &[i64]) -> Vec<u32> {
    let mut order: Vec<u32> = (0..log.len() as u32).collect();
    // Pairs are distinct, so no two rows have one key.
    order.sort_unstable_by_key(|&row| {
        let row = row as usize;
        (times[row], log.users[row], log.items[row])
    });
    order
}

/// Calls `cut` with each user's rows; the log is sorted by user, so they lie together.
fn per_user(log: &Interactions, mut cut: impl FnMut(u32, &mut [u32], &mut [Part])) -> Vec<Part> {
    let mut parts = vec![Part::Train; log.len()];
    let (mut start, mut rows) = (0, Vec::new());
    for users in log.users.chunk_by(|a, b| a == b) {
        let end = start + users.len() as u32;
        rows.clear();
        rows.extend(start..end);
        cut(users[0], &mut rows, &mut parts);
        start = end;
    }
    parts
}

fn shuffle(rows: &mut [u32], seed: u64, user: u32) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(u64::from(user));
    rows.shuffle(&mut rng);
}

fn mark(parts: &mut [Part], rows: &[u32], part: Part) {
    rows.iter().for_each(|&row| parts[row as usize] = part);
}

fn pick(log: &Interactions, parts: &[Part], part: Part, n_users: usize) -> ItemLists {
    let pairs = log.users.iter().zip(&log.items).zip(parts);
    let pairs = pairs
        .filter(move |(_, p)| **p == part)
        .map(|((&user, &item), _)| (user, item));
    ItemLists::from_pairs(n_users, pairs)
}

/// The given test interactions that no part of the log has, and how many one has.
fn without(given: &Interactions, log: &[&ItemLists; 2]) -> (ItemLists, usize) {
    let pairs = given.users.iter().copied().zip(given.items.iter().copied());
    let known = |user, item| log.iter().any(|part| part.contains(user, item));
    let also = pairs
        .clone()
        .filter(|&(user, item)| known(user, item))
        .count();
    let new = pairs.filter(|&(user, item)| !known(user, item));
    (ItemLists::from_pairs(log[0].n_users(), new), also)
}

fn summary(
    method: SplitMethod,
    train: &ItemLists,
    validation: &ItemLists,
    test: &ItemLists,
    n_items: usize,
    n_test_also_in_log: usize,
) -> SplitSummary {
    let mut item_trained = vec![false; n_items];
    train
        .items()
        .iter()
        .for_each(|&item| item_trained[item as usize] = true);
    let mut item_tested = vec![false; n_items];
    test.items()
        .iter()
        .for_each(|&item| item_tested[item as usize] = true);
    let users = 0..train.n_users() as u32;
    SplitSummary {
        method,
        n_train: train.n_pairs(),
        n_validation: validation.n_pairs(),
        n_test: test.n_pairs(),
        n_cold_users: users
            .filter(|&u| !test.of(u).is_empty() && train.of(u).is_empty())
            .count(),
        n_cold_items: item_tested
            .iter()
            .zip(item_trained)
            .filter(|&(&t, trained)| t && !trained)
            .count(),
        n_test_also_in_log,
    }
}

fn refuse_empty_parts(summary: &SplitSummary, config: &SplitConfig) -> Result<(), SplitError> {
    let n_interactions = summary.n_train + summary.n_validation + summary.n_test;
    let more = "give a longer log or larger fractions (`split.test_fraction`, `split.validation_fraction`)";
    let parts = [
        (
            "training",
            summary.n_train,
            "give a longer log or smaller fractions",
        ),
        ("validation", summary.n_validation, more),
        ("test", summary.n_test, more),
    ];
    let asked_for = |part: &str| part != "validation" || config.validation_fraction > 0.0;
    match parts.iter().find(|(part, n, _)| *n == 0 && asked_for(part)) {
        None => Ok(()),
        Some(&(part, _, remedy)) => {
            let method = summary.method.as_str();
            Err(SplitError::EmptyPart {
                part,
                method,
                n_interactions,
                remedy,
            })
        }
    }
}

#[cfg(test)]
mod tests;
