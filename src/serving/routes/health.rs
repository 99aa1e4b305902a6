//! Whether the service is there, what it serves, and its metrics.

use axum::extract;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::super::answers::{ArmOf, Health, Version, json};
use super::super::problem::{Fault, Problem};
use super::super::requests::Current;
use super::super::snapshot::Snapshot;
use super::super::state::State;

/// What Prometheus is told of the form of metrics.
const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Whether the service is alive
#[utoipa::path(
    get,
    path = "/health",
    tag = "service",
    responses((status = 200, description = "It is", body = Health))
)]
pub(super) async fn health(
    extract::State(app): extract::State<State>,
    Current(snapshot): Current,
) -> Result<Response, Problem> {
    json(&Health {
        status: match app.is_stopping() {
            true => "stopping",
            false => "ok",
        },
        run: snapshot.id.clone(),
    })
}

/// Whether to send requests here
#[utoipa::path(
    get,
    path = "/ready",
    tag = "service",
    responses(
        (status = 200, description = "Send them", body = Health),
        (status = 503, description = "The service stops", body = Fault)
    )
)]
pub(super) async fn ready(
    extract::State(app): extract::State<State>,
    Current(snapshot): Current,
) -> Result<Response, Problem> {
    if app.is_stopping() {
        return Err(Problem::unavailable("the service stops", "ask another one"));
    }
    json(&Health {
        status: "ok",
        run: snapshot.id.clone(),
    })
}

/// What answers here
#[utoipa::path(
    get,
    path = "/version",
    tag = "service",
    responses((status = 200, description = "The program and the run", body = Version))
)]
pub(super) async fn version(
    extract::State(app): extract::State<State>,
    Current(snapshot): Current,
) -> Result<Response, Problem> {
    json(&Version {
        name: "sagebrush",
        version: env!("CARGO_PKG_VERSION"),
        run: snapshot.id.clone(),
        arms: arms(&app, &snapshot),
    })
}

/// Metrics for Prometheus
#[utoipa::path(
    get,
    path = "/metrics",
    tag = "service",
    responses((status = 200, description = "The metrics", content_type = "application/openmetrics-text", body = String))
)]
pub(super) async fn metrics(extract::State(app): extract::State<State>) -> Response {
    let text = app.metrics.text();
    (StatusCode::OK, [(header::CONTENT_TYPE, OPENMETRICS)], text).into_response()
}

/// The runs that are served side by side, that of the first arm given.
fn arms(app: &State, first: &Snapshot) -> Vec<ArmOf> {
    let names = app.arms.names();
    let others = app.arms.others().iter();
    let runs = others.map(|arm| arm.current.load().id.clone());
    let runs = [first.id.clone()].into_iter().chain(runs);
    let arm = |((arm, run), share): ((&str, String), f64)| ArmOf {
        arm: arm.to_owned(),
        run,
        share,
    };
    let arms = names.into_iter().zip(runs).zip(app.arms.shares());
    arms.map(arm).collect()
}
