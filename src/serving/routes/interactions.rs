//! Interactions as they happen.

use std::time::{SystemTime, UNIX_EPOCH};

use axum::extract;
use axum::response::Response;
use serde::Deserialize;
use utoipa::ToSchema;

use super::super::answers::{Taken, Unknown, json};
use super::super::interactions::Interaction;
use super::super::openapi::Faults;
use super::super::problem::Problem;
use super::super::requests::{Current, Json, Key, check_batch};
use super::super::state::State;

/// The end of the year 9999.
const TIME_MAX: i64 = 253_402_300_799;

/// Interactions as they happened.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Interactions {
    /// All of them are taken, or none.
    interactions: Vec<Happened>,
}

/// Somebody took something.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Happened {
    /// The user's key; the run need not know it.
    user: Key,
    /// The item's key; the run need not know it.
    item: Key,
    /// Seconds since 1970; now, where it is left out.
    #[schema(minimum = 0, maximum = 253_402_300_799_i64)]
    time: Option<i64>,
}

/// Take interactions
///
/// They are on disk when the answer comes, and lists know them from then on: what a user has taken is left out, and the
/// others are ranked by it. Those of forgotten users and with withdrawn items are not taken, and counted.
#[utoipa::path(
    post,
    path = "/v1/interactions",
    tag = "interactions",
    request_body = Interactions,
    responses((status = 200, description = "They were taken", body = Taken), Faults)
)]
pub(super) async fn take(
    extract::State(app): extract::State<State>,
    Current(snapshot): Current,
    Json(Interactions { interactions }): Json<Interactions>,
) -> Result<Response, Problem> {
    check_batch("interactions", interactions.len(), &app.limits)?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.map_or(0, |now| now.as_secs() as i64);
    let read = interactions.into_iter().map(|happened| read(happened, now));
    let interactions = read.collect::<Result<Vec<_>, _>>()?;
    let mut unknown_items = Unknown::default();
    let unknown = interactions
        .iter()
        .filter(|row| snapshot.item(&row.item).is_none());
    unknown.for_each(|row| unknown_items.add(&row.item));
    let n_told = interactions.len();
    let left_out = app.interactions.take(interactions).await?;
    let accepted = n_told - left_out;
    app.metrics.interactions.inc_by(accepted as u64);
    app.metrics.unknown_items.inc_by(unknown_items.count as u64);
    json(&Taken {
        run: &snapshot.id,
        accepted,
        left_out,
        unknown_items,
    })
}

fn read(happened: Happened, now: i64) -> Result<Interaction, Problem> {
    let Happened { user, item, time } = happened;
    let time = time.unwrap_or(now);
    if !(0..=TIME_MAX).contains(&time) {
        return Err(Problem::unmet(
            format!("`time` is {time}"),
            "give whole seconds since 1970, or leave it out for now",
        ));
    }
    Ok(Interaction {
        user: user.0,
        item: item.0,
        time,
    })
}
