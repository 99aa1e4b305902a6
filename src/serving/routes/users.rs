//! Lists of users by their keys.

use axum::extract;
use axum::response::Response;
use serde::Deserialize;
use utoipa::ToSchema;

use super::super::answers::{ForUser, ForUsers, OfKey, Unknown, json, places, written};
use super::super::openapi::Faults;
use super::super::people::{self, Who};
use super::super::problem::Problem;
use super::super::requests::{Current, Filters, Json, Key, ListQuery, PathKey, check_batch, keys};
use super::super::state::State;

/// The list of a user
///
/// What `sagebrush recommend` lists. Items that the user has are left out, those of `POST /v1/interactions` as well; who
/// has new ones is ranked by all of them. A user whom the run does not know gets the most popular items.
#[utoipa::path(
    get,
    path = "/v1/users/{key}/recommendations",
    tag = "lists",
    params(("key" = String, Path, description = "The user's key"), ListQuery),
    responses((status = 200, description = "The list", body = ForUser), Faults)
)]
pub(super) async fn of_user(
    extract::State(app): extract::State<State>,
    Current(snapshot): Current,
    PathKey(key): PathKey,
    query: ListQuery,
) -> Result<Response, Problem> {
    if app.forgotten.has_user(&key) {
        return Err(forgotten(&key));
    }
    let items = snapshot.run.recommender.items();
    let asked = query.filters(items)?.asked(&app, &snapshot)?;
    let who = people::of_user(&snapshot, app.interactions.added(), &key);
    let lists = people::lists(&app, &snapshot, asked.options, vec![who]).await?;
    let list = lists.first().ok_or_else(Problem::internal)?;
    json(&ForUser {
        run: Some(&snapshot.id),
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
/// As the list of each alone, in the order of the request; or what is wrong, of a user who was forgotten.
#[utoipa::path(
    post,
    path = "/v1/users/recommendations",
    tag = "lists",
    request_body = Users,
    responses((status = 200, description = "A list a user", body = ForUsers), Faults)
)]
pub(super) async fn of_users(
    extract::State(app): extract::State<State>,
    Current(snapshot): Current,
    Json(Users { users, filters }): Json<Users>,
) -> Result<Response, Problem> {
    check_batch("users", users.len(), &app.limits)?;
    let asked = filters.asked(&app, &snapshot)?;
    let (users, unknown_items) = (keys(users), asked.unknown);
    let added = app.interactions.added();
    let list = app.forgotten.list();
    let is_there = |key: &String| !list.has_user(key);
    let are_there: Vec<bool> = users.iter().map(is_there).collect();
    let whom: Vec<Who> = users
        .iter()
        .filter(|key| is_there(key))
        .map(|key| people::of_user(&snapshot, added, key))
        .collect();
    let lists = people::lists(&app, &snapshot, asked.options, whom).await?;
    written(snapshot, lists, move |snapshot, lists| {
        let mut lists = lists.iter();
        let keys = users.iter().zip(are_there);
        let lists = keys.map(|(user, is_there)| match is_there.then(|| lists.next()) {
            None => OfKey::Fault(forgotten(user).fault),
            Some(None) => OfKey::Fault(Problem::internal().fault),
            Some(Some(list)) => OfKey::List(ForUser {
                run: None,
                user,
                source: list.source.name(),
                items: places(snapshot, list),
                unknown_items: Unknown::default(),
            }),
        });
        json(&ForUsers {
            run: &snapshot.id,
            lists: lists.collect(),
            unknown_items,
        })
    })
    .await
}

fn forgotten(key: &str) -> Problem {
    Problem::gone(format!("user `{key}` was forgotten"))
}
