//! Lists for people by the items they have.

use axum::extract;
use axum::response::Response;
use serde::Deserialize;
use utoipa::ToSchema;

use super::super::answers::{ForHistories, ForHistory, OfRun, Unknown, json, places, written};
use super::super::openapi::Faults;
use super::super::people;
use super::super::problem::Problem;
use super::super::requests::{ArmQuery, Filters, Json, Key, Runs, check_batch, in_order, keys};
use super::super::settings::Limits;
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
    /// Whose histories they are. Where several runs are served side by side, the user's arm answers; without it each
    /// history has an arm by its items.
    #[schema(required = false, nullable = false)]
    user: Option<Key>,
}

/// Lists for people by the items they have
///
/// What `sagebrush recommend --history` lists: nobody need be known to the run. Each history has its own answer, in the
/// order of the request, or what is wrong with it. Items that the run does not know are left out, counted and named; who
/// has no other gets the most popular items. Where several runs are served side by side, each list comes from one of them
/// and names it and its arm.
#[utoipa::path(
    post,
    path = "/v1/recommendations",
    tag = "lists",
    params(ArmQuery),
    request_body = Histories,
    responses((status = 200, description = "A list a history", body = ForHistories), Faults)
)]
pub(super) async fn of_histories(
    extract::State(app): extract::State<State>,
    runs: Runs,
    Json(asked): Json<Histories>,
) -> Result<Response, Problem> {
    let Histories {
        histories,
        filters,
        user,
    } = asked;
    check_batch("histories", histories.len(), &app.limits)?;
    let arm_of_user = user.map(|Key(user)| runs.arm_of_user(&user));
    // What is wrong with a history has its place among the answers, and no arm.
    let (mut read, mut people) = (Vec::new(), Vec::new());
    for history in histories {
        let history = checked(history, &app.limits);
        read.push(history.map(|keys| people.push(keys)));
    }
    let arms = people.iter().map(|keys| match arm_of_user {
        Some(arm) => arm,
        None => runs.arm_of_history(keys.iter().map(String::as_str)),
    });
    let (mut lists, mut unknown_items, mut n_unknown) = (Vec::new(), Unknown::default(), 0);
    let mut unknown_of: Vec<Unknown> = people.iter().map(|_| Unknown::default()).collect();
    let parts = runs.parts(arms)?;
    if parts.is_empty() {
        // Filters are checked all the same.
        filters.clone().asked(&app, &*runs.of_nobody()?)?;
    }
    for part in parts {
        let asked = filters.clone().asked(&app, &part.snapshot)?;
        unknown_items = unknown_items.or(asked.unknown);
        let mut whom = Vec::with_capacity(part.at.len());
        for &at in &part.at {
            let (who, unknown) = people::of_history(&part.snapshot, &people[at]);
            n_unknown += unknown.count;
            unknown_of[at] = unknown;
            whom.push(who);
        }
        let made = people::lists(&app, &part.snapshot, asked.options, whom).await?;
        lists.extend(part.of(made));
    }
    app.metrics.unknown_items.inc_by(n_unknown as u64);
    let only = runs.only().map(str::to_owned);
    written(in_order(lists), move |lists| {
        json(&ForHistories {
            run: only.as_deref(),
            lists: answers(read, lists.iter().zip(unknown_of)),
            unknown_items,
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

/// The lists, each with the items that its run does not know, among what is wrong with other histories.
fn answers<'a>(
    read: Vec<Result<(), Problem>>,
    mut lists: impl Iterator<Item = (&'a OfRun, Unknown)>,
) -> Vec<ForHistory<'a>> {
    let answer = |read: Result<(), Problem>| match read.map(|()| lists.next()) {
        Ok(Some((one, unknown_items))) => {
            let (run, arm) = one.named();
            ForHistory::List {
                run,
                arm,
                source: one.list.source.name(),
                items: places(&one.snapshot, &one.list),
                unknown_items,
            }
        }
        Ok(None) => ForHistory::Fault(Problem::internal().fault),
        Err(problem) => ForHistory::Fault(problem.fault),
    };
    read.into_iter().map(answer).collect()
}
