//! The items most like an item.

use axum::extract;
use axum::response::Response;

use super::super::answers::{SimilarItems, json, places};
use super::super::openapi::Faults;
use super::super::problem::Problem;
use super::super::ranking::Work;
use super::super::requests::{ArmQuery, ListQuery, PathKey, Runs};
use super::super::state::State;
use super::catalogue::item_of;

/// The items most like an item
///
/// What `sagebrush similar` lists; what that means is the model's. Of several runs side by side the first one answers.
#[utoipa::path(
    get,
    path = "/v1/items/{key}/similar",
    tag = "lists",
    params(("key" = String, Path, description = "The item's key"), ListQuery, ArmQuery),
    responses((status = 200, description = "The items", body = SimilarItems), Faults)
)]
pub(super) async fn similar(
    extract::State(app): extract::State<State>,
    runs: Runs,
    PathKey(key): PathKey,
    query: ListQuery,
) -> Result<Response, Problem> {
    let snapshot = runs.of_nobody()?;
    let item = item_of(&snapshot, &key)?;
    let items = snapshot.run.recommender.items();
    let asked = query.filters(items)?.asked(&app, &snapshot)?;
    let lists = app
        .ranking
        .lists(&snapshot, asked.options, Work::Similar(item))
        .await?;
    let list = lists.first().ok_or_else(Problem::internal)?;
    json(&SimilarItems {
        run: &snapshot.id,
        arm: snapshot.arm_name(),
        item: &key,
        items: places(&snapshot, list),
        unknown_items: asked.unknown,
    })
}
