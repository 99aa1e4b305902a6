//! The pages for people: users, items and their lists, and the API with a form for each route.

use axum::extract::Path;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};

use super::super::page::File;
use super::super::problem::Problem;

/// A page to look at lists
#[utoipa::path(
    get,
    path = "/",
    tag = "service",
    responses((status = 200, description = "The page", content_type = "text/html", body = String))
)]
pub(super) async fn page(headers: HeaderMap) -> Response {
    File::PAGE.answer(&headers)
}

/// The API as a page
#[utoipa::path(
    get,
    path = "/api",
    tag = "service",
    responses((status = 200, description = "The page", content_type = "text/html", body = String))
)]
pub(super) async fn api(headers: HeaderMap) -> Response {
    File::API.answer(&headers)
}

/// What the pages load: styles, scripts, the icon.
pub(in super::super) async fn asset(Path(name): Path<String>, headers: HeaderMap) -> Response {
    match File::asset(&name) {
        Some(file) => file.answer(&headers),
        None => Problem::no_such_route().into_response(),
    }
}
