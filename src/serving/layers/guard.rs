//! Who may ask for lists, how many at once, and for how long.

use axum::extract::{self, Request};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::super::problem::Problem;
use super::super::state::State;

/// Answers a request that carries a token, where the service has any, and comes when there is room.
pub(super) async fn guard(
    extract::State(app): extract::State<State>,
    request: Request,
    next: Next,
) -> Response {
    if let Some(tokens) = &*app.tokens.load()
        && tokens.name_of(request.headers()).is_none()
    {
        return Problem::no_token().into_response();
    }
    let Ok(_permit) = app.permits.try_acquire() else {
        return Problem::too_many(app.limits.concurrent).into_response();
    };
    match tokio::time::timeout(app.limits.request, next.run(request)).await {
        Ok(answer) => answer,
        Err(_) => Problem::too_slow(app.limits.request).into_response(),
    }
}
