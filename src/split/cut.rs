//! The splits: random, leave-last-out, temporal, cold-start items, given files.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::also_seen::{Moments, also_seen};
use super::by_time::{Ties, leave_last_out, newest_are_validation, temporal};
use super::draws::{self, Draws};
use super::parts::{Part, mark, per_user, share};
use super::{Split, SplitError, SplitSummary, TrainSet};
use crate::config::{SplitConfig, SplitDraw, SplitMethod};
use crate::data::{Dataset, Interactions, ItemLists, PairColumns};

/// Cuts a data set; a pure function of the data, the settings and the seed.
///
/// Without a method: the given test file, else a temporal split where there are timestamps, else
/// random. A validation part is cut out of what is left for training, unless its fraction is 0.
///
/// # Errors
/// A method that lacks what it needs, or an empty part.
pub fn split(dataset: &Dataset, config: &SplitConfig, seed: u64) -> Result<Split, SplitError> {
    let method = method_of(dataset, config)?;
    let log = &dataset.interactions;
    let draws = Draws::new(dataset, seed);
    let draws = (config.draw == SplitDraw::PerInteraction).then_some(&draws);
    let untied = |parts| (parts, Ties::default());
    let mut given = None;
    let (parts, ties) = match (method, draws) {
        (SplitMethod::Random, Some(draws)) => untied(draws::random(log, draws, config)),
        (SplitMethod::Random | SplitMethod::RandomPerUser, _) => {
            untied(random_per_user(log, config, seed))
        }
        (SplitMethod::LeaveLastOut, _) => leave_last_out(log, times(log, method)?, config, draws),
        (SplitMethod::Temporal, _) => temporal(log, times(log, method)?, config, draws),
        (SplitMethod::ColdStartItem, _) => {
            untied(cold_start_items(log, config, seed, dataset.items.len()))
        }
        (SplitMethod::Given, _) => {
            given = Some(dataset.given_test.as_ref().ok_or(SplitError::NoTestFile)?);
            validation_only(log, config, seed, draws)
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
    let lists = [&train, &validation, &test];
    let summary = SplitSummary::new(method, lists, n_items, n_test_also_in_log, ties);
    refuse_empty_parts(&summary, config)?;
    let moments = moments(log, &parts, method);
    Ok(Split {
        method,
        also_seen: also_seen(dataset, moments, &lists),
        train: TrainSet::new(train, n_items),
        validation,
        validation_columns: PairColumns::default(),
        test,
        test_columns: PairColumns::default(),
        summary,
    })
}

fn method_of(dataset: &Dataset, config: &SplitConfig) -> Result<SplitMethod, SplitError> {
    let given = dataset.given_test.is_some();
    let random = match config.draw {
        SplitDraw::PerInteraction => SplitMethod::Random,
        SplitDraw::PerUser => SplitMethod::RandomPerUser,
    };
    match config.method {
        Some(SplitMethod::Given) | None if given => Ok(SplitMethod::Given),
        Some(method) if given => Err(SplitError::UnusedTestFile {
            method: method.as_str(),
        }),
        Some(SplitMethod::Random) => Ok(random),
        Some(method) => Ok(method),
        None if dataset.interactions.timestamps.is_some() => Ok(SplitMethod::Temporal),
        None => Ok(random),
    }
}

fn times(log: &Interactions, method: SplitMethod) -> Result<&[i64], SplitError> {
    log.timestamps.as_deref().ok_or(SplitError::NoTimestamps {
        method: method.as_str(),
    })
}

/// When the parts begin that were cut by time.
fn moments(log: &Interactions, parts: &[Part], method: SplitMethod) -> Moments {
    let first = |part: Part| {
        let rows = parts.iter().zip(log.timestamps.as_ref()?);
        rows.filter(|row| *row.0 == part).map(|row| *row.1).min()
    };
    match method {
        // A given test part leaves the validation part to be cut by time.
        SplitMethod::Temporal | SplitMethod::Given => Moments {
            validation: first(Part::Validation),
            test: first(Part::Test),
        },
        _ => Moments::default(),
    }
}

/// Each user's interactions are shuffled by (seed, user): the first are test, the next validation.
fn random_per_user(log: &Interactions, config: &SplitConfig, seed: u64) -> Vec<Part> {
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
/// choosing looks forward as serving does, else at random.
fn validation_only(
    log: &Interactions,
    config: &SplitConfig,
    seed: u64,
    draws: Option<&Draws<'_>>,
) -> (Vec<Part>, Ties) {
    if let Some(times) = &log.timestamps {
        return newest_are_validation(log, times, config, draws);
    }
    let fraction = config.validation_fraction;
    let parts = match draws {
        Some(draws) => draws::draw(log, draws, 0, share(log.len(), fraction)),
        None => per_user(log, |user, rows, parts| {
            shuffle(rows, seed, user);
            let n_validation = share(rows.len(), fraction);
            mark(parts, &rows[..n_validation], Part::Validation);
        }),
    };
    (parts, Ties::default())
}

fn shuffle(rows: &mut [u32], seed: u64, user: u32) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(u64::from(user));
    rows.shuffle(&mut rng);
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

fn refuse_empty_parts(summary: &SplitSummary, config: &SplitConfig) -> Result<(), SplitError> {
    let n_interactions = summary.n_train + summary.n_validation + summary.n_test;
    let more = match summary.method {
        SplitMethod::Random => {
            "each user keeps one interaction for training; give a longer log, users with more interactions, or larger \
             fractions (`--set split.test_fraction=0.3`, `--set split.validation_fraction=0.2`; 0 for no validation)"
        }
        _ => {
            "give a longer log or larger fractions (`--set split.test_fraction=0.3`, `--set split.validation_fraction=0.2`; \
             0 for no validation)"
        }
    };
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
