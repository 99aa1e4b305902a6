//! The runs of a request, and what metrics and the log say of it.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{self, MatchedPath, Request};
use axum::http::HeaderName;
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument;

use super::super::metrics::Answered;
use super::super::state::State;
use super::super::traces;

/// The header of the run's id, on every answer; of a batch that several arms answered, of each.
const RUN: HeaderName = HeaderName::from_static("sagebrush-run");
/// The header of the arm, where the service has several runs side by side.
const ARM: HeaderName = HeaderName::from_static("sagebrush-arm");
/// The route of a path that is none.
const NO_ROUTE: &str = "none";

/// Takes the runs that the request may be answered from, once, and says afterwards how it went.
pub(super) async fn observe(
    extract::State(app): extract::State<State>,
    mut request: Request,
    next: Next,
) -> Response {
    let began = Instant::now();
    let taken = Arc::new(app.take());
    request.extensions_mut().insert(Arc::clone(&taken));
    let matched = request.extensions().get::<MatchedPath>();
    let route = matched.map_or(NO_ROUTE, MatchedPath::as_str).to_owned();
    let method = known_method(request.method().as_str());
    let path = tracing::enabled!(tracing::Level::INFO).then(|| request.uri().path().to_owned());
    let span = traces::request(request.headers(), method, &route, request.uri().path());
    let in_flight = InFlight::new(&app);
    let mut answer = next.run(request).instrument(span.clone()).await;
    drop(in_flight);
    let (run, arm) = taken.headers();
    answer.headers_mut().insert(RUN, run);
    if let Some(arm) = arm {
        answer.headers_mut().insert(ARM, arm);
    }
    let (status, took) = (answer.status().as_u16(), began.elapsed());
    traces::answered(&span, status, &taken);
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
        arm: taken.label(),
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
