//! The log of a service, with times, and its traces where the environment names a collector.

use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Registry, fmt};

use super::args::{Global, LogForm};
use super::{filter, has_colour, output};
use crate::error::Result;

#[cfg(feature = "otel")]
use super::traces::Traces;
/// A build without OpenTelemetry traces nothing.
#[cfg(not(feature = "otel"))]
pub(super) enum Traces {}

/// Logs what the service serves and what it refuses; with `-v` every request. What is returned sends traces on until it is
/// dropped.
///
/// # Errors
/// Variables of OpenTelemetry that cannot be met.
pub(super) fn start(global: &Global, form: LogForm) -> Result<Option<Traces>> {
    let level = match (global.quiet, global.verbose) {
        (true, _) => "error",
        (false, 0) => "warn,sagebrush=info",
        (false, _) => "info,sagebrush=debug",
    };
    let log = fmt::layer::<Registry>()
        .with_writer(|| output::Remarks)
        .log_internal_errors(false)
        .with_target(false);
    let log = match form {
        LogForm::Text => log.with_ansi(has_colour()).boxed(),
        #[cfg(feature = "serve")]
        LogForm::Json => log.json().flatten_event(true).boxed(),
        #[cfg(not(feature = "serve"))]
        LogForm::Json => log.with_ansi(false).boxed(),
    };
    let registry = tracing_subscriber::registry().with(log.with_filter(filter(level)));
    #[cfg(feature = "otel")]
    {
        let (traces, layer) = Traces::of_environment()?;
        registry.with(layer).init();
        Ok(traces)
    }
    #[cfg(not(feature = "otel"))]
    {
        registry.init();
        Ok(None)
    }
}
