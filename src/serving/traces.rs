//! Spans of requests for OpenTelemetry (feature `otel`). Without it there are none.

use tracing::Span;

#[cfg(not(feature = "otel"))]
pub(super) use none::{answered, ranking, request};
#[cfg(feature = "otel")]
pub(super) use real::{answered, ranking, request};

/// The target of the spans, which a subscriber that sends them on filters by.
pub const TRACES: &str = "otel";

#[cfg(feature = "otel")]
mod real {
    use axum::http::HeaderMap;
    use opentelemetry::propagation::{Extractor, TextMapPropagator};
    use opentelemetry_sdk::propagation::TraceContextPropagator;
    use tracing::field::Empty;
    use tracing_opentelemetry::OpenTelemetrySpanExt;

    use super::super::arms::Taken;
    use super::{Span, TRACES};

    /// The span of a request, by the semantic conventions of HTTP. It belongs to the trace of its `traceparent`.
    pub(in super::super) fn request(
        headers: &HeaderMap,
        method: &str,
        route: &str,
        path: &str,
    ) -> Span {
        let span = tracing::info_span!(
            target: TRACES,
            "request",
            otel.name = format!("{method} {route}"),
            otel.kind = "server",
            otel.status_code = Empty,
            http.request.method = method,
            http.route = route,
            url.path = path,
            http.response.status_code = Empty,
            sagebrush.run = Empty,
            sagebrush.arm = Empty,
        );
        if !span.is_disabled() {
            let parent = TraceContextPropagator::new().extract(&Headers(headers));
            // Fails where no layer sends spans on.
            let _ = span.set_parent(parent);
        }
        span
    }

    /// The span of lists that are made, waiting in the queue included.
    pub(in super::super) fn ranking(lists: usize) -> Span {
        tracing::info_span!(target: TRACES, "rank", sagebrush.lists = lists)
    }

    /// What is known once a request was answered.
    pub(in super::super) fn answered(span: &Span, status: u16, taken: &Taken) {
        if span.is_disabled() {
            return;
        }
        span.record("http.response.status_code", status);
        if status >= 500 {
            span.record("otel.status_code", "ERROR");
        }
        let (run, arm) = taken.headers();
        if let Ok(run) = run.to_str() {
            span.record("sagebrush.run", run);
        }
        if let Some(Ok(arm)) = arm.as_ref().map(|arm| arm.to_str()) {
            span.record("sagebrush.arm", arm);
        }
    }

    struct Headers<'a>(&'a HeaderMap);

    impl Extractor for Headers<'_> {
        fn get(&self, name: &str) -> Option<&str> {
            self.0.get(name)?.to_str().ok()
        }

        fn keys(&self) -> Vec<&str> {
            self.0.keys().map(|name| name.as_str()).collect()
        }
    }
}

#[cfg(not(feature = "otel"))]
mod none {
    use axum::http::HeaderMap;

    use super::super::arms::Taken;
    use super::Span;

    pub(in super::super) fn request(_: &HeaderMap, _: &str, _: &str, _: &str) -> Span {
        Span::none()
    }

    pub(in super::super) fn ranking(_: usize) -> Span {
        Span::none()
    }

    pub(in super::super) fn answered(_: &Span, _: u16, _: &Taken) {}
}
