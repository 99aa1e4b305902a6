//! What stands before the routes: the run of the request, metrics, the log, tokens and limits.

mod guard;
mod observe;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::header;
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use tower_http::catch_panic::CatchPanicLayer;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use super::cors;
use super::openapi::Document;
use super::problem::{Problem, of_panic};
use super::routes;
use super::state::State;

/// All routes with what stands before them.
pub(super) fn router(app: State) -> Router {
    let (lists, of_lists) = routes::lists().split_for_parts();
    let lists = lists.route_layer(from_fn_with_state(app.clone(), guard::guard));
    let (root, mut document) = OpenApiRouter::with_openapi(Document::openapi())
        .merge(routes::root())
        .split_for_parts();
    document.merge(of_lists);
    let document = document.to_json().unwrap_or_default();
    let json = [(header::CONTENT_TYPE, "application/json")];
    let router = root
        .merge(lists)
        .route("/assets/{name}", get(routes::page::asset))
        .route("/openapi.json", get(async move || (json, document.clone())))
        .fallback(async || Problem::no_such_route())
        .method_not_allowed_fallback(async || Problem::other_method());
    within(router, app)
}

/// Routes with what stands before all of them.
pub(super) fn within(router: Router<State>, app: State) -> Router {
    let router = router.layer(CatchPanicLayer::custom(of_panic));
    let router = match app.cors.is_empty() {
        true => router,
        false => router.layer(cors::layer(&app.cors)),
    };
    router
        .layer(from_fn_with_state(app.clone(), observe::observe))
        .layer(DefaultBodyLimit::max(app.limits.body_bytes))
        .with_state(app)
}
