//! Makes the record of a contest that is over: figures, intervals, the winner and why.

use std::collections::BTreeMap;

use super::candidates::{Candidate, POPULARITY};
use super::course::{Contest, seconds};
use super::journal::{Journal, Measurement};
use super::measure::values_of;
use super::rounds::{Standing, first_looks};
use super::verdict::{self, Verdict, verdict};
use crate::evaluation::{Bootstrap, Estimate};
use crate::numbers::counted;
use crate::run::{ContestRecord, Entrant};

/// A candidate's last figures.
struct Last<'a> {
    name: &'a str,
    values: Vec<f64>,
}

/// The record of what the journal holds.
pub(super) fn of(
    contest: &Contest<'_>,
    journal: &Journal,
    standings: &[Standing],
) -> ContestRecord {
    let last = last_of_each(contest, journal);
    let measured: Vec<verdict::Measured<'_>> = last
        .iter()
        .map(|one| verdict::Measured {
            values: &one.values,
            is_popularity: one.name == POPULARITY,
        })
        .collect();
    let seed = contest.field.base().seed;
    let found = verdict(&measured, seed);
    let columns: Vec<&[f64]> = last.iter().map(|one| &*one.values).collect();
    let bootstrap = Bootstrap {
        seed,
        ..Bootstrap::default()
    };
    let estimates = bootstrap.estimates(&columns);
    let figures: BTreeMap<&str, Estimate> =
        last.iter().map(|one| one.name).zip(estimates).collect();
    let name_of = |at: Option<usize>| at.map_or("", |at| last[at].name);
    let (winner, best) = match popularity_wins(contest, &found) {
        true => (POPULARITY, POPULARITY),
        false => (name_of(found.winner), name_of(found.best)),
    };
    let mut candidates = entrants(contest, journal, standings, &figures);
    candidates.sort_by(|a, b| {
        let mean = |one: &Entrant| one.mean.unwrap_or(f64::NEG_INFINITY);
        mean(b).total_cmp(&mean(a))
    });
    let asked = journal.asked();
    ContestRecord {
        effort: asked.effort().as_str().to_owned(),
        budget: contest.budget,
        memory_limit: asked.memory_limit,
        metric: contest.scales.metric.clone(),
        users: contest.scales.users.len(),
        winner: winner.to_owned(),
        why: why(contest, winner, best, &found),
        candidates,
        seconds: seconds(journal),
    }
}

/// The last figures of everybody who has any; the cheaper candidates first, so that equal figures are theirs.
fn last_of_each<'a>(contest: &'a Contest<'_>, journal: &Journal) -> Vec<Last<'a>> {
    let whole = |at: usize| contest.units[at].last().copied().unwrap_or(0.0);
    let mut order: Vec<usize> = (0..contest.field.candidates.len()).collect();
    order.sort_by(|&a, &b| whole(a).total_cmp(&whole(b)));
    let names = order
        .into_iter()
        .map(|at| contest.field.candidates[at].name)
        .filter(|name| *name != POPULARITY);
    std::iter::once(POPULARITY)
        .chain(names)
        .filter_map(|name| {
            let of_one = |one: &&Measurement| one.candidate == name && one.left.is_none();
            let last = journal.measured().iter().rfind(of_one)?;
            Some(Last {
                name,
                values: values_of(&last.millionths),
            })
        })
        .collect()
}

/// Whether no candidate with lists of one's own does as well as popularity, which can be had.
fn popularity_wins(contest: &Contest<'_>, found: &Verdict) -> bool {
    let mut candidates = contest.field.candidates.iter();
    let can_be_had = candidates.any(|one| one.name == POPULARITY);
    can_be_had && (found.winner.is_none() || found.is_behind)
}

fn why(contest: &Contest<'_>, winner: &str, best: &str, found: &Verdict) -> String {
    let metric = &contest.scales.metric;
    let users = counted(contest.scales.users.len(), "user");
    let ahead = match found.ahead {
        Some(ahead) => format!("{:+.4} [{:+.4}, {:+.4}]", ahead.mean, ahead.low, ahead.high),
        None => String::new(),
    };
    let why = match winner == best {
        true => format!("{winner} has the best {metric} of {users}"),
        false => format!(
            "{winner} is the cheapest whose {metric} of {users} is within one standard error of the best, {best}"
        ),
    };
    match found.is_beyond_popularity() {
        true if ahead.is_empty() => why,
        true => format!("{why}; it is ahead of popularity by {ahead}"),
        false if winner == POPULARITY => {
            format!("{why}: no candidate with lists of one's own does as well")
        }
        false => format!(
            "there is nothing to learn that popularity does not know: no candidate is ahead of it beyond what chance \
             does ({winner} by {ahead} in {metric} of {users})"
        ),
    }
}

fn entrants(
    contest: &Contest<'_>,
    journal: &Journal,
    standings: &[Standing],
    figures: &BTreeMap<&str, Estimate>,
) -> Vec<Entrant> {
    let looked_at = first_looks(standings, f64::INFINITY);
    debug_assert_eq!(looked_at.len(), standings.len());
    let in_field = contest
        .field
        .candidates
        .iter()
        .any(|one| one.name == POPULARITY);
    let popularity = figures.get(POPULARITY).filter(|_| !in_field);
    let popularity = popularity.map(|figure| Entrant {
        name: POPULARITY.to_owned(),
        model: POPULARITY.to_owned(),
        settings: BTreeMap::new(),
        units: 0.0,
        epochs: None,
        mean: Some(figure.mean),
        low: Some(figure.low),
        high: Some(figure.high),
        left: None,
    });
    let places = contest.field.candidates.iter().enumerate();
    let measured = places.map(|(at, candidate)| {
        let of_one = |one: &&Measurement| one.candidate == candidate.name;
        let last = journal.measured().iter().rfind(of_one);
        let figure = figures.get(candidate.name);
        let n_measured = journal.measured().iter().filter(of_one).count();
        let failed = last.and_then(|last| last.left.clone());
        let left = contest.too_large[at].clone().or(failed).or_else(|| {
            last.is_none().then(|| {
                format!(
                    "a first look takes {:.0} units of work, more than the budget has left",
                    contest.units[at][0]
                )
            })
        });
        Entrant {
            name: candidate.name.to_owned(),
            model: candidate.config.model.name.to_string(),
            settings: own_settings(candidate),
            units: contest.units[at].iter().take(n_measured).sum(),
            epochs: last
                .filter(|last| candidate.is_trained() && last.left.is_none())
                .map(|last| candidate.at(last.rung).training.epochs),
            mean: figure.map(|figure| figure.mean),
            low: figure.map(|figure| figure.low),
            high: figure.map(|figure| figure.high),
            left,
        }
    });
    let absent = contest.field.left.iter().map(|(name, why)| Entrant {
        name: (*name).to_owned(),
        model: String::new(),
        settings: BTreeMap::new(),
        units: 0.0,
        epochs: None,
        mean: None,
        low: None,
        high: None,
        left: Some(why.clone()),
    });
    popularity
        .into_iter()
        .chain(measured)
        .chain(absent)
        .collect()
}

fn own_settings(candidate: &Candidate) -> BTreeMap<String, String> {
    let own = candidate.own.iter();
    own.map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect()
}
