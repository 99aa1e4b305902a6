//! New items, which no service takes yet.

use super::super::openapi::Faults;
use super::super::problem::Problem;

/// Add an item (not yet)
///
/// A run is never changed while it is served. `sagebrush refresh --items FILE` adds items to a run of `pinsage`, and a
/// service that watches the run serves them without a pause.
#[utoipa::path(
    post,
    path = "/v1/items",
    tag = "items",
    responses((status = 501, description = "New items come with a refreshed run", body = super::super::problem::Fault), Faults)
)]
pub(super) async fn add() -> Problem {
    Problem::not_possible(
        "a service takes no new items",
        "`sagebrush refresh --items FILE` adds them to the run, and `sagebrush serve --watch` serves it without a pause",
    )
}
