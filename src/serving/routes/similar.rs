//! The items most like an item.

use axum::extract;
use axum::response::Response;

use super::super::answers::{SimilarItems, json, places};
use super::super::openapi::Faults;
use super::super::problem::Problem;
use super::super::ranking::Work;
use super::super::requests::{Current, ListQuery, PathKey};
use super::super::state::State;

/// The items most like an item
///
/// What `sagebrush similar` lists; what that means is the model's.
#[utoipa::path(
    get,
    path = "/v1/items/{key}/similar",
    tag = "lists",
    params(("key" = String, Path, description = "The item's key"), ListQuery),
    responses((status = 200, description = "The items", body = SimilarItems), Faults)
)]
pub(super) async fn similar(
    extract::State(app): extract::State<State>,
    Current(snapshot): Current,
    PathKey(key): PathKey,
    query: ListQuery,
) -> Result<Response, Problem> {
    let recommender = &snapshot.run.recommender;
    let item = snapshot
        .item(&key)
        .ok_or_else(|| match recommender.item_id(&key) {
            Err(error) => Problem::from(error).into_not_found(),
            Ok(_) => Problem::gone(format!("item `{key}` was withdrawn")),
        })?;
    let asked = query.filters(recommender.items())?.asked(&app, &snapshot)?;
    let lists = app
        .ranking
        .lists(&snapshot, asked.options, Work::Similar(item))
        .await?;
    let list = lists.first().ok_or_else(Problem::internal)?;
    json(&SimilarItems {
        run: &snapshot.id,
        item: &key,
        items: places(&snapshot, list),
        unknown_items: asked.unknown,
    })
}
