//! Users who are forgotten, and items that are withdrawn.

use axum::extract;
use axum::response::Response;

use super::super::answers::{Gone, json};
use super::super::openapi::Faults;
use super::super::problem::Problem;
use super::super::requests::{Current, PathKey};
use super::super::state::State;

/// Forget a user
///
/// At once and for good: the user has no list any more, her interactions that the service keeps are removed from memory and
/// from their file, and later trainings leave her out. What the run itself holds of her `sagebrush forget --run RUN` takes
/// out. A user whom nobody knows is forgotten, too.
#[utoipa::path(
    delete,
    path = "/v1/users/{key}",
    tag = "forgetting",
    params(("key" = String, Path, description = "The user's key")),
    responses((status = 200, description = "The user is forgotten", body = Gone), Faults)
)]
pub(super) async fn user(
    extract::State(app): extract::State<State>,
    Current(snapshot): Current,
    PathKey(key): PathKey,
) -> Result<Response, Problem> {
    let known = snapshot.run.recommender.users().id(&key).is_some();
    let users = vec![key];
    let interactions = on_a_thread(move || app.forget(&users, &[])).await?;
    json(&Gone {
        run: &snapshot.id,
        known,
        interactions,
    })
}

/// Withdraw an item
///
/// At once and for good: from the next request on the item is in no list, is like no item, and is no reason for another
/// one; later trainings leave it out. What the run itself holds of it `sagebrush forget --run RUN` takes out.
#[utoipa::path(
    delete,
    path = "/v1/items/{key}",
    tag = "forgetting",
    params(("key" = String, Path, description = "The item's key")),
    responses((status = 200, description = "The item is withdrawn", body = Gone), Faults)
)]
pub(super) async fn item(
    extract::State(app): extract::State<State>,
    Current(snapshot): Current,
    PathKey(key): PathKey,
) -> Result<Response, Problem> {
    let known = snapshot.run.recommender.items().id(&key).is_some();
    let items = vec![key];
    let interactions = on_a_thread(move || app.forget(&[], &items)).await?;
    json(&Gone {
        run: &snapshot.id,
        known,
        interactions,
    })
}

/// On a thread on which no request waits; it goes on to its end where the client goes away.
pub(super) async fn on_a_thread<T: Send + 'static>(
    change: impl FnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    let changed = tokio::task::spawn_blocking(change);
    changed.await.map_err(|_| Problem::internal())?
}
