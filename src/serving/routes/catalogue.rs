//! Users and items: what there is, searched by parts of keys and titles, and what a user has.

use std::cmp::Reverse;
use std::sync::Arc;

use axum::extract;
use axum::response::Response;

use super::super::answers::{Unknown, json};
use super::super::catalogue::{self, About, FoundItem, FoundItems, FoundUsers, OneUser};
use super::super::openapi::Faults;
use super::super::problem::Problem;
use super::super::requests::{Current, HistoryQuery, PathKey, SearchQuery};
use super::super::snapshot::Snapshot;
use super::super::state::{App, State};
use super::forget::on_a_thread;
use super::users::forgotten;

/// What the run is about
#[utoipa::path(
    get,
    path = "/v1/catalogue",
    tag = "catalogue",
    responses((status = 200, description = "Numbers of users and items, and the categories", body = About), Faults)
)]
pub(super) async fn about(
    extract::State(app): extract::State<State>,
    Current(snapshot): Current,
) -> Result<Response, Problem> {
    apart(&app, move || json(&catalogue::about(&snapshot))).await
}

/// Search users
///
/// By parts of their keys: whole keys first, then beginnings, then the rest, and among these the longest histories.
#[utoipa::path(
    get,
    path = "/v1/users",
    tag = "catalogue",
    params(SearchQuery),
    responses((status = 200, description = "The users", body = FoundUsers), Faults)
)]
pub(super) async fn users(
    extract::State(app): extract::State<State>,
    Current(snapshot): Current,
    SearchQuery { query, limit }: SearchQuery,
) -> Result<Response, Problem> {
    let list = app.forgotten.list();
    apart(&app, move || {
        let keys = snapshot.run.recommender.users();
        // As many more as there may be forgotten ones among them.
        let n = limit + list.n_users();
        let found = snapshot.catalogue.search_users(&snapshot.run, &query, n);
        let found = found.into_iter();
        json(&FoundUsers {
            run: &snapshot.id,
            users: found
                .filter(|&user| !list.has_user(keys.key(user)))
                .take(limit)
                .map(|user| catalogue::found_user(&snapshot, user))
                .collect(),
        })
    })
    .await
}

/// Search items
///
/// By parts of keys and titles, in any order: whole keys first, then beginnings, then words, then the rest, and among
/// these the most popular.
#[utoipa::path(
    get,
    path = "/v1/items",
    tag = "catalogue",
    params(SearchQuery),
    responses((status = 200, description = "The items", body = FoundItems), Faults)
)]
pub(super) async fn items(
    extract::State(app): extract::State<State>,
    Current(snapshot): Current,
    SearchQuery { query, limit }: SearchQuery,
) -> Result<Response, Problem> {
    apart(&app, move || {
        let withdrawn = snapshot.withdrawn();
        let n = limit + withdrawn.len();
        let found = snapshot.catalogue.search_items(&snapshot.run, &query, n);
        let found = found.into_iter();
        json(&FoundItems {
            run: &snapshot.id,
            items: found
                .filter(|item| withdrawn.binary_search(item).is_err())
                .take(limit)
                .map(|item| catalogue::found_item(&snapshot, item))
                .collect(),
        })
    })
    .await
}

/// An item
#[utoipa::path(
    get,
    path = "/v1/items/{key}",
    tag = "catalogue",
    params(("key" = String, Path, description = "The item's key")),
    responses((status = 200, description = "The item", body = FoundItem), Faults)
)]
pub(super) async fn item(
    extract::State(app): extract::State<State>,
    Current(snapshot): Current,
    PathKey(key): PathKey,
) -> Result<Response, Problem> {
    let item = item_of(&snapshot, &key)?;
    apart(&app, move || json(&catalogue::one_item(&snapshot, item))).await
}

/// What a user has
///
/// All that lists leave out: what the log has, and what `POST /v1/interactions` took. A user whom the run does not know is
/// no error.
#[utoipa::path(
    get,
    path = "/v1/users/{key}",
    tag = "catalogue",
    params(("key" = String, Path, description = "The user's key"), HistoryQuery),
    responses((status = 200, description = "The items", body = OneUser), Faults)
)]
pub(super) async fn user(
    extract::State(app): extract::State<State>,
    Current(snapshot): Current,
    PathKey(key): PathKey,
    HistoryQuery { limit }: HistoryQuery,
) -> Result<Response, Problem> {
    if app.forgotten.has_user(&key) {
        return Err(forgotten(&key));
    }
    let added = app.interactions.added().of(&key);
    apart(&app, move || {
        let mut unknown_items = Unknown::default();
        let mut new = Vec::new();
        let mut added: Vec<&str> = added
            .iter()
            .flat_map(|keys| keys.iter())
            .map(|key| &**key)
            .collect();
        added.sort_unstable();
        for key in added {
            match snapshot.item(key) {
                Some(item) => new.push(item),
                None => unknown_items.add(key),
            }
        }
        let user = snapshot.run.recommender.users().id(&key);
        let has = history(&snapshot, user, new);
        let shown = has.iter().take(limit);
        json(&OneUser {
            run: &snapshot.id,
            user: &key,
            known: user.is_some(),
            total: has.len() + unknown_items.count,
            items: shown
                .map(|&item| catalogue::found_item(&snapshot, item))
                .collect(),
            unknown_items,
        })
    })
    .await
}

/// The item that a path names.
///
/// # Errors
/// A key that no item has; an item that was withdrawn.
pub(super) fn item_of(snapshot: &Snapshot, key: &str) -> Result<u32, Problem> {
    snapshot
        .item(key)
        .ok_or_else(|| match snapshot.run.recommender.item_id(key) {
            Err(error) => Problem::from(error).into_not_found(),
            Ok(_) => Problem::gone(format!("item `{key}` was withdrawn")),
        })
}

/// What a user has: the new ones, and the others by how popular they are.
fn history(snapshot: &Snapshot, user: Option<u32>, mut new: Vec<u32>) -> Vec<u32> {
    let seen = user.map_or(&[][..], |user| snapshot.run.recommender.seen().of(user));
    new.retain(|item| seen.binary_search(item).is_err());
    let mut known = seen.to_vec();
    let withdrawn = snapshot.withdrawn();
    known.retain(|item| withdrawn.binary_search(item).is_err());
    let names = snapshot.catalogue.items(&snapshot.run);
    for items in [&mut new, &mut known] {
        items.sort_by_key(|&item| (Reverse(names.count(item)), item));
    }
    new.extend(known);
    new
}

/// Looks through keys and titles on a thread on which nobody waits for a list.
///
/// # Errors
/// What the work answers.
async fn apart(
    app: &App,
    work: impl FnOnce() -> Result<Response, Problem> + Send + 'static,
) -> Result<Response, Problem> {
    let permit = Arc::clone(&app.searches).acquire_owned().await;
    on_a_thread(move || {
        let answer = work();
        drop(permit);
        answer
    })
    .await
}
