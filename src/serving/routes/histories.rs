//! Lists for people by the items they have.

use axum::extract;
use axum::response::Response;
use serde::Deserialize;
use utoipa::ToSchema;

use super::super::answers::{ForHistories, ForHistory, Unknown, json, places, written};
use super::super::openapi::Faults;
use super::super::people;
use super::super::problem::Problem;
use super::super::ranking::List;
use super::super::requests::{Current, Filters, Json, Key, check_batch, keys};
use super::super::settings::Limits;
use super::super::snapshot::Snapshot;
use super::super::state::State;

/// Histories, and what their lists may hold.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Histories {
    /// The items that each of some people has.
    histories: Vec<Vec<Key>>,
    /// What the lists may hold.
    #[serde(default)]
    #[schema(required = false)]
    filters: Filters,
}

/// Lists for people by the items they have
///
/// What `sagebrush recommend --history` lists: nobody need be known to the run. Each history has its own answer, in the
/// order of the request, or what is wrong with it. Items that the run does not know are left out, counted and named; who
/// has no other gets the most popular items.
#[utoipa::path(
    post,
    path = "/v1/recommendations",
    tag = "lists",
    request_body = Histories,
    responses((status = 200, description = "A list a history", body = ForHistories), Faults)
)]
pub(super) async fn of_histories(
    extract::State(app): extract::State<State>,
    Current(snapshot): Current,
    Json(Histories { histories, filters }): Json<Histories>,
) -> Result<Response, Problem> {
    check_batch("histories", histories.len(), &app.limits)?;
    let asked = filters.asked(&app, &snapshot)?;
    let mut n_unknown = 0;
    let (mut whom, mut read) = (Vec::new(), Vec::new());
    for history in histories {
        let known = checked(history, &app.limits).map(|keys| {
            let (who, unknown) = people::of_history(&snapshot, &keys);
            n_unknown += unknown.count;
            whom.push(who);
            unknown
        });
        read.push(known);
    }
    app.metrics.unknown_items.inc_by(n_unknown as u64);
    let lists = people::lists(&app, &snapshot, asked.options, whom).await?;
    written(snapshot, lists, move |snapshot, lists| {
        json(&ForHistories {
            run: &snapshot.id,
            lists: answers(snapshot, read, lists),
            unknown_items: asked.unknown,
        })
    })
    .await
}

fn checked(history: Vec<Key>, limits: &Limits) -> Result<Vec<String>, Problem> {
    match history.len() {
        0 => Err(Problem::unmet(
            "the history is empty",
            "name at least one item",
        )),
        n if n > limits.keys => Err(Problem::too_large(
            format!(
                "the history has {n} items, and {} at most are taken",
                limits.keys
            ),
            "leave out the oldest",
        )),
        _ => Ok(keys(history)),
    }
}

/// The lists among what is wrong with other histories.
fn answers<'a>(
    snapshot: &'a Snapshot,
    read: Vec<Result<Unknown, Problem>>,
    lists: &'a [List],
) -> Vec<ForHistory<'a>> {
    let mut lists = lists.iter();
    let answer = |read: Result<Unknown, Problem>| match read.map(|unknown| (unknown, lists.next()))
    {
        Ok((unknown_items, Some(list))) => ForHistory::List {
            source: list.source.name(),
            items: places(snapshot, list),
            unknown_items,
        },
        Ok((_, None)) => ForHistory::Fault(Problem::internal().fault),
        Err(problem) => ForHistory::Fault(problem.fault),
    };
    read.into_iter().map(answer).collect()
}
