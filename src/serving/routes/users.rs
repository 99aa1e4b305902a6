//! Lists of users by their keys.

use axum::extract;
use axum::response::Response;
use serde::Deserialize;
use utoipa::ToSchema;

use super::super::answers::{ForUser, ForUsers, OfKey, Unknown, json, places, written};
use super::super::openapi::Faults;
use super::super::people;
use super::super::problem::Problem;
use super::super::requests::{
    ArmQuery, Filters, Json, Key, ListQuery, PathKey, Runs, check_batch, in_order, keys,
};
use super::super::state::State;

/// The list of a user
///
/// What `sagebrush recommend` lists. Items that the user has are left out, those of `POST /v1/interactions` as well; who
/// has new ones is ranked by all of them. A user whom the run does not know gets the most popular items.
#[utoipa::path(
    get,
    path = "/v1/users/{key}/recommendations",
    tag = "lists",
    params(("key" = String, Path, description = "The user's key"), ListQuery, ArmQuery),
    responses((status = 200, description = "The list", body = ForUser), Faults)
)]
pub(super) async fn of_user(
    extract::State(app): extract::State<State>,
    runs: Runs,
    PathKey(key): PathKey,
    query: ListQuery,
) -> Result<Response, Problem> {
    if app.forgotten.has_user(&key) {
        return Err(forgotten(&key));
    }
    let snapshot = runs.of_user(&key)?;
    let items = snapshot.run.recommender.items();
    let asked = query.filters(items)?.asked(&app, &snapshot)?;
    let who = people::of_user(&snapshot, app.interactions.added(), &key);
    let lists = people::lists(&app, &snapshot, asked.options, vec![who]).await?;
    let list = lists.first().ok_or_else(Problem::internal)?;
    json(&ForUser {
        run: Some(&snapshot.id),
        arm: snapshot.arm_name(),
        user: &key,
        source: list.source.name(),
        items: places(&snapshot, list),
        unknown_items: asked.unknown,
    })
}

/// Users, and what their lists may hold.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Users {
    /// The users' keys.
    users: Vec<Key>,
    /// What the lists may hold.
    #[serde(default)]
    #[schema(required = false)]
    filters: Filters,
}

/// The lists of several users
///
/// As the list of each alone, in the order of the request; or what is wrong, of a user who was forgotten. Where several runs
/// are served side by side, each list comes from the run of its user's arm and names both.
#[utoipa::path(
    post,
    path = "/v1/users/recommendations",
    tag = "lists",
    params(ArmQuery),
    request_body = Users,
    responses((status = 200, description = "A list a user", body = ForUsers), Faults)
)]
pub(super) async fn of_users(
    extract::State(app): extract::State<State>,
    runs: Runs,
    Json(Users { users, filters }): Json<Users>,
) -> Result<Response, Problem> {
    check_batch("users", users.len(), &app.limits)?;
    let users = keys(users);
    let forgotten_keys = app.forgotten.list();
    let arms = users.iter().map(|key| runs.arm_of_user(key));
    let (mut lists, mut unknown_items) = (Vec::new(), Unknown::default());
    for part in runs.parts(arms)? {
        let asked = filters.clone().asked(&app, &part.snapshot)?;
        unknown_items = unknown_items.or(asked.unknown);
        let added = app.interactions.added();
        let whom = part.at.iter().map(|&at| &*users[at]);
        let whom = whom.map(|key| match forgotten_keys.has_user(key) {
            // Somebody of whom nothing is known, in whose place the answer has a fault.
            true => people::nobody(),
            false => people::of_user(&part.snapshot, added, key),
        });
        let made = people::lists(&app, &part.snapshot, asked.options, whom.collect()).await?;
        lists.extend(part.of(made));
    }
    let only = runs.only().map(str::to_owned);
    written(in_order(lists), move |lists| {
        let lists = users.iter().zip(lists).map(|(user, one)| -> OfKey<'_> {
            if forgotten_keys.has_user(user) {
                return OfKey::Fault(forgotten(user).fault);
            }
            let (run, arm) = one.named();
            OfKey::List(ForUser {
                run,
                arm,
                user,
                source: one.list.source.name(),
                items: places(&one.snapshot, &one.list),
                unknown_items: Unknown::default(),
            })
        });
        json(&ForUsers {
            run: only.as_deref(),
            lists: lists.collect(),
            unknown_items,
        })
    })
    .await
}

pub(super) fn forgotten(key: &str) -> Problem {
    Problem::gone(format!("user `{key}` was forgotten"))
}
