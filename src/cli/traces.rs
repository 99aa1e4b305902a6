//! Traces for OpenTelemetry: what the standard `OTEL_*` variables ask for, sent by OTLP over HTTP.

use std::env::var;

use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::SpanExporter;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::Subscriber;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::registry::LookupSpan;

use crate::error::{Result, Usage};
use crate::serving::TRACES;

/// What is called so where the environment gives no name.
const SERVICE: &str = "sagebrush";

/// Sends spans to a collector. Dropped, it sends those that wait.
pub(super) struct Traces(SdkTracerProvider);

impl Traces {
    /// Traces where the environment names a collector, and the layer that hands them its spans.
    ///
    /// # Errors
    /// A protocol or an address that this program does not speak.
    pub(super) fn of_environment<S>() -> Result<(Option<Self>, Option<impl Layer<S>>)>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let Some(endpoint) = collector() else {
            return Ok((None, None));
        };
        check(&endpoint)?;
        let exporter = SpanExporter::builder().with_http().build();
        let exporter = exporter.map_err(|error| {
            Usage(format!(
                "traces cannot be sent to {endpoint} ({error}): correct the `OTEL_*` variables"
            ))
        })?;
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_resource(resource())
            .build();
        let layer = tracing_opentelemetry::layer()
            .with_tracer(provider.tracer(SERVICE))
            .with_location(false)
            .with_threads(false)
            .with_target(false)
            .with_level(false)
            .with_tracked_inactivity(false)
            .with_filter(filter_fn(|metadata| metadata.target() == TRACES));
        Ok((Some(Self(provider)), Some(layer)))
    }
}

impl Drop for Traces {
    fn drop(&mut self) {
        if let Err(error) = self.0.shutdown() {
            tracing::warn!(%error, "the last traces were not sent");
        }
    }
}

/// The collector that the environment names, unless it turns traces off.
fn collector() -> Option<String> {
    let given = |name: &str| var(name).ok().filter(|value| !value.trim().is_empty());
    let is_off = given("OTEL_SDK_DISABLED").is_some_and(|value| value.eq_ignore_ascii_case("true"));
    let exporter = given("OTEL_TRACES_EXPORTER");
    if is_off || exporter.as_deref() == Some("none") {
        return None;
    }
    let endpoint = given("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT");
    let endpoint = endpoint.or_else(|| given("OTEL_EXPORTER_OTLP_ENDPOINT"));
    endpoint.or_else(|| {
        (exporter.as_deref() == Some("otlp")).then(|| "http://localhost:4318".to_owned())
    })
}

/// Refuses what would be dropped without a word.
fn check(endpoint: &str) -> Result<()> {
    for name in [
        "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
        "OTEL_EXPORTER_OTLP_PROTOCOL",
    ] {
        if let Ok(protocol) = var(name)
            && protocol != "http/protobuf"
        {
            return Err(Usage(format!(
                "`{name}` is `{protocol}`, and traces are sent by `http/protobuf` alone: set it to that, with the collector\'s \
                 port for HTTP (4318)"
            ))
            .into());
        }
    }
    if !endpoint.starts_with("http://") {
        return Err(Usage(format!(
            "traces cannot be sent to {endpoint}: give an address with `http://`, of a collector on this machine or in this \
             network, which may send them on encrypted"
        ))
        .into());
    }
    Ok(())
}

/// Who sends them: as `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES` say.
fn resource() -> Resource {
    let is_named = var("OTEL_SERVICE_NAME").is_ok_and(|name| !name.is_empty())
        || var("OTEL_RESOURCE_ATTRIBUTES").is_ok_and(|all| all.contains("service.name="));
    let resource = Resource::builder();
    match is_named {
        true => resource.build(),
        false => resource.with_service_name(SERVICE).build(),
    }
}
