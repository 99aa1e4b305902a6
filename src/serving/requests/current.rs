//! The run of a request that is about no user: taken once, when the request comes in.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::super::arms::Taken;
use super::super::problem::Problem;
use super::super::snapshot::Snapshot;

/// The run that a request is answered from; of several side by side the first one.
pub(in super::super) struct Current(pub(in super::super) Arc<Snapshot>);

impl<S: Sync> FromRequestParts<S> for Current {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let taken = parts.extensions.get::<Arc<Taken>>();
        let first = taken.and_then(|taken| taken.first());
        first.cloned().map(Self).ok_or_else(Problem::internal)
    }
}
