//! The evaluation itself: rank everything, measure each user, summarise.

use super::bootstrap::Bootstrap;
use super::cohort::EvaluationData;
use super::compare::compare;
use super::comparison::Comparison;
use super::evaluator::Evaluator;
use super::result::{Evaluation, PerUser, SystemDetail, headline_depth};
use crate::failure::{Fails, Failure};
use crate::inference::{RankError, ScoreSource};

/// At which depths, and with which intervals.
#[derive(Debug, Clone, PartialEq)]
pub struct EvaluationOptions {
    /// Depths of the metrics.
    pub ks: Vec<usize>,
    /// The intervals.
    pub bootstrap: Bootstrap,
}

impl Default for EvaluationOptions {
    fn default() -> Self {
        Self {
            ks: vec![10, 20, 50],
            bootstrap: Bootstrap::default(),
        }
    }
}

/// Errors of an evaluation.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum EvaluationError {
    /// No depth was given.
    #[error("no K to evaluate at; give at least one, such as 20")]
    NoDepth,
    /// The confidence is not a share.
    #[error("a confidence of {0} is not a share between 0 and 1; 0.95 is usual")]
    Confidence(f64),
    /// There is no user to average over.
    #[error(
        "no user has both train and held-out items ({n_cold} have held-out items only, {n_without} have none held out); hold out more, or check that the test file has the same users"
    )]
    NoUsers {
        /// Users with held-out but no train items.
        n_cold: usize,
        /// Users with nothing held out.
        n_without: usize,
    },
    /// Pieces over different sets of users.
    #[error(
        "{part} covers {found} users where the held-out lists cover {expected}; all must come from one split"
    )]
    Users {
        /// The piece at fault.
        part: String,
        /// Its users.
        found: usize,
        /// Users of the held-out lists.
        expected: usize,
    },
    /// An item beyond a system's catalogue.
    #[error(
        "item id {item} of the split is unknown to `{system}`, which scores {n_items} items; it was built from other data"
    )]
    UnknownItem {
        /// The system.
        system: String,
        /// The item.
        item: u32,
        /// Items of the system.
        n_items: usize,
    },
    /// A system could not be ranked.
    #[error("cannot rank with `{system}`: {source}")]
    Rank {
        /// The system.
        system: String,
        /// What went wrong.
        source: RankError,
    },
}

impl Fails for EvaluationError {
    fn failure(&self) -> Failure {
        match self {
            Self::Rank { source, .. } => match source {
                RankError::ZeroK => Failure::Usage,
                RankError::Device(_) => Failure::DeviceUnavailable,
                _ => Failure::BadData,
            },
            _ => Failure::BadData,
        }
    }
}

/// An evaluation with its details.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluated {
    /// The summary, as in `evaluation.json`.
    pub summary: Evaluation,
    /// One entry per system, in the order given.
    pub details: Vec<SystemDetail>,
}

/// Ranks the whole catalogue for every user with held-out items, excluded items left out, and measures the lists of
/// every system on the same users.
///
/// Means are over users with held-out and train items. Held-out items that are excluded too (a given test file may
/// repeat train pairs) stay in the denominators although no list can hold them.
///
/// # Errors
/// See [`EvaluationError`]; no user to average over is an error, not a row of zeros.
pub fn evaluate(
    systems: &[(&str, &dyn ScoreSource)],
    data: EvaluationData<'_>,
    options: &EvaluationOptions,
) -> Result<Evaluated, EvaluationError> {
    let ks = depths(options)?;
    check_users(systems, data)?;
    let cohort = data.cohort();
    if cohort.warm.is_empty() {
        let (n_cold, n_without) = (cohort.cold.len(), cohort.n_without_held_out);
        return Err(EvaluationError::NoUsers { n_cold, n_without });
    }
    let n_items = systems.first().map_or(0, |(_, source)| source.n_items());
    let excluded = data.excluded();
    let fingerprint = data.fingerprint(n_items);
    let evaluator = Evaluator {
        data,
        excluded: &excluded,
        ks: &ks,
        bootstrap: options.bootstrap,
        cohort: &cohort,
    };
    let mut measured = Vec::with_capacity(systems.len());
    for &(name, source) in systems {
        measured.push(
            evaluator
                .system(source)
                .map_err(|source| EvaluationError::Rank {
                    system: name.to_owned(),
                    source,
                })?,
        );
    }
    let results = evaluator.results(systems, &measured);
    let details: Vec<SystemDetail> = systems
        .iter()
        .zip(measured)
        .map(|(&(name, _), measured)| evaluator.detail(name, measured, &fingerprint))
        .collect();
    let paired = paired(&details, headline_depth(&ks), options.bootstrap);
    let summary = Evaluation {
        n_users_evaluated: cohort.warm.len(),
        n_users_without_test: cohort.n_without_held_out,
        n_cold_users: cohort.cold.len(),
        n_new_items: data.among.map(<[u32]>::len),
        n_held_out_pairs: cohort
            .warm
            .iter()
            .map(|&user| data.held_out.of(user).len())
            .sum(),
        ks,
        bootstrap: options.bootstrap.resamples,
        confidence: options.bootstrap.confidence,
        fingerprint,
        systems: results,
        paired,
    };
    Ok(Evaluated { summary, details })
}

/// The first system against each of the others, user by user.
fn paired(details: &[SystemDetail], depth: usize, bootstrap: Bootstrap) -> Vec<Comparison> {
    let Some((first, others)) = details.split_first() else {
        return Vec::new();
    };
    let names = ["recall", "ndcg", "hit_rate", "mrr"].map(|name| format!("{name}@{depth}"));
    let at_depth = |detail: &SystemDetail| {
        let metrics = detail.per_user.metrics.iter();
        PerUser {
            metrics: metrics
                .filter(|(name, _)| names.contains(name))
                .map(|(name, values)| (name.clone(), values.clone()))
                .collect(),
            ..detail.per_user.clone()
        }
    };
    let candidate = at_depth(first);
    // A single user cannot be compared; everything else holds for systems evaluated together.
    let against = |other: &SystemDetail| {
        let baseline = (other.name.as_str(), &at_depth(other));
        compare(baseline, (&first.name, &candidate), bootstrap).ok()
    };
    others.iter().filter_map(against).collect()
}

fn depths(options: &EvaluationOptions) -> Result<Vec<usize>, EvaluationError> {
    if !(options.bootstrap.confidence > 0.0 && options.bootstrap.confidence < 1.0) {
        return Err(EvaluationError::Confidence(options.bootstrap.confidence));
    }
    let mut ks = options.ks.clone();
    ks.sort_unstable();
    ks.dedup();
    if ks.is_empty() {
        Err(EvaluationError::NoDepth)
    } else {
        Ok(ks)
    }
}

fn check_users(
    systems: &[(&str, &dyn ScoreSource)],
    data: EvaluationData<'_>,
) -> Result<(), EvaluationError> {
    let expected = data.held_out.n_users();
    let pieces = [
        ("the train lists", Some(data.train)),
        ("the validation lists", data.also_excluded),
    ];
    let counts = pieces
        .iter()
        .filter_map(|&(part, lists)| Some((part.to_owned(), lists?.n_users())))
        .chain(
            systems
                .iter()
                .map(|(name, source)| (format!("`{name}`"), source.n_users())),
        );
    for (part, found) in counts {
        if found != expected {
            return Err(EvaluationError::Users {
                part,
                found,
                expected,
            });
        }
    }
    let lists = [Some(data.train), data.also_excluded, Some(data.held_out)];
    let largest = lists
        .into_iter()
        .flatten()
        .filter_map(|lists| lists.items().iter().max())
        .max();
    for &(system, source) in systems {
        match largest {
            Some(&item) if item as usize >= source.n_items() => {
                let (system, n_items) = (system.to_owned(), source.n_items());
                return Err(EvaluationError::UnknownItem {
                    system,
                    item,
                    n_items,
                });
            }
            _ => {}
        }
    }
    Ok(())
}
