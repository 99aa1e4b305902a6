//! The bodies of answers, each with the id of the run that it comes from.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::problem::{Fault, Problem};
use super::ranking::List;
use super::snapshot::Snapshot;
use crate::inference::{Ranked, Why};

/// Keys that an answer names where it counts them.
const NAMED: usize = 20;
/// Lists with more places than this are written on a thread for long work.
const PLACES_AT_ONCE: usize = 5_000;

/// Keys in a request that no item of the run has.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct Unknown {
    /// How many.
    pub(super) count: usize,
    /// The first of them.
    pub(super) keys: Vec<String>,
}

impl Unknown {
    pub(super) fn add(&mut self, key: &str) {
        self.count += 1;
        if self.keys.len() < NAMED {
            self.keys.push(key.to_owned());
        }
    }

    pub(super) fn is_none(&self) -> bool {
        self.count == 0
    }
}

/// One place of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Place<'a> {
    /// From 1.
    rank: u32,
    /// The item's key.
    item: &'a str,
    /// Its score, or its similarity.
    score: f64,
    /// Its title, where known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    title: Option<&'a str>,
    /// Why it is there, where the request asks with `explain`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    why: Option<&'a Why>,
}

/// The list of a user.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ForUser<'a> {
    /// The run that it comes from; absent in a batch, which has it once.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(super) run: Option<&'a str>,
    /// The user's key.
    pub(super) user: &'a str,
    /// `model`, or `popularity` where the run knows nothing of the user.
    pub(super) source: &'static str,
    /// Best first; shorter than asked for where fewer items may be listed.
    pub(super) items: Vec<Place<'a>>,
    /// Keys of the request that no item of the run has; absent where there are none.
    #[serde(skip_serializing_if = "Unknown::is_none")]
    #[schema(required = false)]
    pub(super) unknown_items: Unknown,
}

/// The list of a user in a batch, or why there is none.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(super) enum OfKey<'a> {
    /// The list.
    List(ForUser<'a>),
    /// What is wrong.
    Fault(Fault),
}

/// Lists of several users.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ForUsers<'a> {
    /// The run that all come from.
    pub(super) run: &'a str,
    /// In the order of the request.
    pub(super) lists: Vec<OfKey<'a>>,
    /// Keys of `only` and `exclude` that no item of the run has; absent where there are none.
    #[serde(skip_serializing_if = "Unknown::is_none")]
    #[schema(required = false)]
    pub(super) unknown_items: Unknown,
}

/// The list for a history, or what is wrong with the history.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(super) enum ForHistory<'a> {
    /// The list.
    List {
        /// `model`, or `popularity` where the run knows nothing of these items.
        source: &'static str,
        /// Best first; shorter than asked for where fewer items may be listed.
        items: Vec<Place<'a>>,
        /// Keys of the history that no item of the run has; absent where there are none.
        #[serde(skip_serializing_if = "Unknown::is_none")]
        #[schema(required = false)]
        unknown_items: Unknown,
    },
    /// What is wrong.
    Fault(Fault),
}

/// Lists for several histories.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ForHistories<'a> {
    /// The run that all come from.
    pub(super) run: &'a str,
    /// In the order of the request.
    pub(super) lists: Vec<ForHistory<'a>>,
    /// Keys of `only` and `exclude` that no item of the run has; absent where there are none.
    #[serde(skip_serializing_if = "Unknown::is_none")]
    #[schema(required = false)]
    pub(super) unknown_items: Unknown,
}

/// The items most like one.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SimilarItems<'a> {
    /// The run that it comes from.
    pub(super) run: &'a str,
    /// The item's key.
    pub(super) item: &'a str,
    /// Most like it first.
    pub(super) items: Vec<Place<'a>>,
    /// Keys of `only` and `exclude` that no item of the run has; absent where there are none.
    #[serde(skip_serializing_if = "Unknown::is_none")]
    #[schema(required = false)]
    pub(super) unknown_items: Unknown,
}

/// Interactions that were taken.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Taken<'a> {
    /// The run that knew items or not.
    pub(super) run: &'a str,
    /// How many.
    pub(super) accepted: usize,
    /// How many of the request are of forgotten users or with withdrawn items, and were not taken; absent where none are.
    #[serde(skip_serializing_if = "is_zero")]
    #[schema(required = false)]
    pub(super) left_out: usize,
    /// Items that the run does not know. They are kept for the next one; absent where there are none.
    #[serde(skip_serializing_if = "Unknown::is_none")]
    #[schema(required = false)]
    pub(super) unknown_items: Unknown,
}

/// New items that were taken.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AddedItems<'a> {
    /// The run that they were added to.
    pub(super) run: &'a str,
    /// How many: all of the request.
    pub(super) accepted: usize,
}

/// Somebody was forgotten, or something withdrawn.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Gone<'a> {
    /// The run that knew the key or not.
    pub(super) run: &'a str,
    /// Whether it did.
    pub(super) known: bool,
    /// How many interactions the service had kept, which it keeps no longer.
    pub(super) interactions: usize,
}

// Serde asks by reference.
#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_zero(n: &usize) -> bool {
    *n == 0
}

/// Whether the service is there.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Health {
    /// `ok`, or `stopping`.
    pub(super) status: &'static str,
    /// The run that is served.
    pub(super) run: String,
}

/// What answers.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Version {
    /// `sagebrush`.
    pub(super) name: &'static str,
    /// Of the program.
    pub(super) version: &'static str,
    /// The run that is served.
    pub(super) run: String,
}

/// The places of a list, in keys and titles of the run it was made from.
pub(super) fn places<'a>(snapshot: &'a Snapshot, list: &'a List) -> Vec<Place<'a>> {
    let recommender = &snapshot.run.recommender;
    let whys = list.whys.iter().map(Some).chain(std::iter::repeat(None));
    let place = |((rank, place), why): ((u32, &Ranked), Option<&'a Why>)| Place {
        rank,
        item: recommender.items().key(place.item),
        score: f64::from(place.score),
        title: recommender.title(place.item),
        why,
    };
    (1..).zip(&list.items).zip(whys).map(place).collect()
}

/// JSON as an answer.
///
/// # Errors
/// A value that JSON cannot hold.
pub(super) fn json(value: &impl Serialize) -> Result<Response, Problem> {
    let mut text = Vec::with_capacity(512);
    serde_json::to_writer(&mut text, value).map_err(|_| Problem::internal())?;
    Ok(of_text(text))
}

/// Writes an answer that holds lists; where they are long, on a thread on which others do not wait.
///
/// # Errors
/// A value that JSON cannot hold.
pub(super) async fn written(
    snapshot: Arc<Snapshot>,
    lists: Vec<List>,
    write: impl FnOnce(&Snapshot, &[List]) -> Result<Response, Problem> + Send + 'static,
) -> Result<Response, Problem> {
    let n_places: usize = lists.iter().map(|list| list.items.len()).sum();
    if n_places <= PLACES_AT_ONCE {
        return write(&snapshot, &lists);
    }
    let written = tokio::task::spawn_blocking(move || write(&snapshot, &lists));
    written.await.map_err(|_| Problem::internal())?
}

fn of_text(text: Vec<u8>) -> Response {
    let json = HeaderValue::from_static("application/json");
    ([(header::CONTENT_TYPE, json)], Body::from(text)).into_response()
}
