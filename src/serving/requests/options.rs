//! What lists may hold, in the words of a request, and as the recommender takes it.

use serde::Deserialize;
use utoipa::ToSchema;

use super::super::answers::Unknown;
use super::super::problem::Problem;
use super::super::settings::Limits;
use super::super::snapshot::Snapshot;
use super::super::state::App;
use super::body::{Key, keys};
use crate::inference::{ListOptions, Reranking};

/// Items of a list that names no number.
const K: usize = 10;

/// What lists may hold, beside the other members of a body.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(in super::super) struct Filters {
    /// Items of a list at most.
    #[schema(minimum = 1, default = 10)]
    pub(in super::super) k: Option<usize>,
    /// The only category that a list may hold.
    pub(in super::super) category: Option<String>,
    /// The only items that a list may hold.
    pub(in super::super) only: Option<Vec<Key>>,
    /// Items that no list holds.
    pub(in super::super) exclude: Vec<Key>,
    /// Whether a list may hold what its user or its history has.
    pub(in super::super) include_seen: bool,
    /// How much variety counts beside relevance, from 0 (not at all) to 1.
    pub(in super::super) diversity: f64,
    /// How much popular items lose, from 0 (nothing) on.
    pub(in super::super) damp_popularity: f64,
    /// Items of one category that a list holds at most.
    #[schema(minimum = 1)]
    pub(in super::super) category_cap: Option<usize>,
    /// How many of the person's items each place names that speak for it; no reasons are told where it is absent.
    pub(in super::super) explain: Option<usize>,
}

/// What lists may hold, and which of its items the run does not know.
pub(in super::super) struct Asked {
    pub(in super::super) options: ListOptions,
    pub(in super::super) unknown: Unknown,
}

impl Filters {
    /// Checks them against the limits, and counts items that the run does not know.
    ///
    /// # Errors
    /// `k` of 0 or beyond the limit, too many items, `only` of none.
    pub(in super::super) fn asked(self, app: &App, snapshot: &Snapshot) -> Result<Asked, Problem> {
        let limits = &app.limits;
        let k = self.k.unwrap_or(K.min(limits.k));
        if k == 0 {
            return Err(Problem::unmet("`k` is 0", "ask for at least one item"));
        }
        if k > limits.k {
            return Err(Problem::unmet(
                format!("`k` is {k}, and lists have {} items at most", limits.k),
                "`sagebrush serve --max-k` is the limit",
            ));
        }
        if self.explain.is_some_and(|n| n > limits.k) {
            return Err(Problem::unmet(
                format!("`explain` is beyond the {} items of a list", limits.k),
                "name fewer, such as 3",
            ));
        }
        let (only, exclude) = (self.only.map(keys), keys(self.exclude));
        if only.as_ref().is_some_and(Vec::is_empty) {
            return Err(Problem::unmet(
                "`only` names no item",
                "leave it out, or name some",
            ));
        }
        let mut unknown = Unknown::default();
        for (name, keys) in [("only", only.as_ref()), ("exclude", Some(&exclude))] {
            let keys = keys.map_or(&[][..], Vec::as_slice);
            if keys.len() > limits.keys {
                return Err(Problem::too_large(
                    format!(
                        "`{name}` has {} items, and {} at most are taken",
                        keys.len(),
                        limits.keys
                    ),
                    "name fewer, or a category",
                ));
            }
            keys.iter()
                .filter(|key| snapshot.item(key).is_none())
                .for_each(|key| unknown.add(key));
        }
        app.metrics.unknown_items.inc_by(unknown.count as u64);
        let options = ListOptions {
            k,
            include_seen: self.include_seen,
            exclude,
            only,
            category: self.category,
            rerank: Reranking {
                diversity: self.diversity,
                popularity_damping: self.damp_popularity,
                category_cap: self.category_cap,
            },
            reasons: self.explain,
            withdrawn: snapshot.withdrawn(),
        };
        Ok(Asked { options, unknown })
    }
}

/// Refuses a batch of nothing, and one beyond the limit.
pub(in super::super) fn check_batch(what: &str, n: usize, limits: &Limits) -> Result<(), Problem> {
    match n {
        0 => Err(Problem::unmet(
            format!("`{what}` is empty"),
            "give at least one",
        )),
        n if n > limits.batch => Err(Problem::too_large(
            format!(
                "`{what}` has {n} entries, and {} at most are taken at once",
                limits.batch
            ),
            "send them in parts; `sagebrush serve --max-batch` is the limit",
        )),
        _ => Ok(()),
    }
}
