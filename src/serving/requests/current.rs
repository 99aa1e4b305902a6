//! The run of a request: taken once, when the request comes in.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::super::problem::Problem;
use super::super::snapshot::Snapshot;

/// The run that a request is answered from.
pub(in super::super) struct Current(pub(in super::super) Arc<Snapshot>);

impl<S: Sync> FromRequestParts<S> for Current {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let snapshot = parts.extensions.get::<Arc<Snapshot>>().cloned();
        snapshot.map(Self).ok_or_else(Problem::internal)
    }
}
