//! The run of a request, and what metrics and the log say of it.

use std::time::Instant;

use axum::extract::{self, MatchedPath, Request};
use axum::http::HeaderName;
use axum::middleware::Next;
use axum::response::Response;

use super::super::metrics::Answered;
use super::super::state::State;

/// The header of the run's id, on every answer.
const RUN: HeaderName = HeaderName::from_static("sagebrush-run");
/// The route of a path that is none.
const NO_ROUTE: &str = "none";

/// Takes the run that the request is answered from, once, and says afterwards how it went.
pub(super) async fn observe(
    extract::State(app): extract::State<State>,
    mut request: Request,
    next: Next,
) -> Response {
    let began = Instant::now();
    let snapshot = app.current.load_full();
    let header = snapshot.header.clone();
    request.extensions_mut().insert(snapshot);
    let matched = request.extensions().get::<MatchedPath>();
    let route = matched.map_or(NO_ROUTE, MatchedPath::as_str).to_owned();
    let method = known_method(request.method().as_str());
    let path = tracing::enabled!(tracing::Level::INFO).then(|| request.uri().path().to_owned());
    let in_flight = InFlight::new(&app);
    let mut answer = next.run(request).await;
    drop(in_flight);
    answer.headers_mut().insert(RUN, header);
    let (status, took) = (answer.status().as_u16(), began.elapsed());
    if let Some(path) = path {
        let ms = took.as_secs_f64() * 1e3;
        match status {
            500.. => tracing::warn!(method, path, status, ms, "request"),
            400.. => tracing::info!(method, path, status, ms, "request"),
            _ => tracing::debug!(method, path, status, ms, "request"),
        }
    }
    let method = method.to_owned();
    let answered = Answered {
        route,
        method,
        status,
    };
    app.metrics.answered(answered, took);
    answer
}

/// Methods that clients make up make no labels.
fn known_method(method: &str) -> &'static str {
    match method {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "OTHER",
    }
}

/// Counts a request as long as it is worked on, also where its client goes away.
struct InFlight<'a>(&'a State);

impl<'a> InFlight<'a> {
    fn new(app: &'a State) -> Self {
        app.metrics.in_flight.inc();
        Self(app)
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.metrics.in_flight.dec();
    }
}
