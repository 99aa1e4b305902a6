//! The routes: one plain function each, over the shared state.

mod forget;
mod health;
mod histories;
mod interactions;
mod items;
mod page;
mod similar;
mod users;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::state::State;

/// The routes below `/v1`, for whom a token is asked.
pub(super) fn lists() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(users::of_user))
        .routes(routes!(users::of_users))
        .routes(routes!(histories::of_histories))
        .routes(routes!(similar::similar))
        .routes(routes!(interactions::take))
        .routes(routes!(items::add))
        .routes(routes!(forget::user))
        .routes(routes!(forget::item))
}

/// The routes at the root, which everybody may ask.
pub(super) fn root() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(health::health))
        .routes(routes!(health::ready))
        .routes(routes!(health::version))
        .routes(routes!(health::metrics))
        .routes(routes!(page::page))
}
