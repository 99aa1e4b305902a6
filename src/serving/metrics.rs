//! Metrics of a service, as Prometheus reads them.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::encoding::{EncodeLabelSet, text::encode};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

/// The labels of a request that was answered.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct Answered {
    /// As in the OpenAPI document, so that keys make no labels.
    pub(super) route: String,
    pub(super) method: String,
    pub(super) status: u16,
}

/// The labels of how long requests took.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct OfRoute {
    pub(super) route: String,
}

/// How an attempt to serve another run ended.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct Reloaded {
    pub(super) result: &'static str,
}

/// What a list is made of.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct OfSource {
    pub(super) source: &'static str,
}

/// What was forgotten.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfKind {
    kind: &'static str,
}

/// Which run is served.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Served {
    run: String,
}

/// All metrics.
#[derive(Debug)]
pub(super) struct Metrics {
    registry: Registry,
    requests: Family<Answered, Counter>,
    seconds: Family<OfRoute, Histogram, fn() -> Histogram>,
    pub(super) in_flight: Gauge,
    pub(super) lists: Family<OfSource, Counter>,
    /// Lists made in one pass.
    pub(super) batch: Histogram,
    reloads: Family<Reloaded, Counter>,
    served: Family<Served, Gauge>,
    loaded: Gauge<f64, AtomicU64>,
    /// Runs that are in memory: the one that is served, and those whose last requests are worked on.
    pub(super) runs: Gauge,
    pub(super) interactions: Counter,
    pub(super) unknown_items: Counter,
    pub(super) new_items: Counter,
    forgotten: Family<OfKind, Counter>,
}

fn latency() -> Histogram {
    Histogram::new(exponential_buckets(0.000_25, 2.0, 17))
}

impl Metrics {
    pub(super) fn new() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("sagebrush"),
            requests: Family::default(),
            seconds: Family::new_with_constructor(latency as fn() -> Histogram),
            in_flight: Gauge::default(),
            lists: Family::default(),
            batch: Histogram::new(exponential_buckets(1.0, 2.0, 11)),
            reloads: Family::default(),
            served: Family::default(),
            loaded: Gauge::default(),
            runs: Gauge::default(),
            interactions: Counter::default(),
            unknown_items: Counter::default(),
            new_items: Counter::default(),
            forgotten: Family::default(),
        };
        metrics.register();
        metrics
    }

    fn register(&mut self) {
        let Self {
            registry,
            requests,
            seconds,
            in_flight,
            lists,
            batch,
            reloads,
            served,
            loaded,
            runs,
            interactions,
            unknown_items,
            new_items,
            forgotten,
        } = self;
        registry.register("requests", "Requests answered", requests.clone());
        registry.register_with_unit(
            "request_duration",
            "How long requests took",
            Unit::Seconds,
            seconds.clone(),
        );
        registry.register(
            "requests_in_flight",
            "Requests worked on",
            in_flight.clone(),
        );
        registry.register(
            "lists",
            "Lists made, by what they are made of",
            lists.clone(),
        );
        registry.register(
            "ranking_batch_lists",
            "Lists made in one pass over the items",
            batch.clone(),
        );
        registry.register("reloads", "Attempts to serve another run", reloads.clone());
        registry.register("run", "The run that is served", served.clone());
        registry.register_with_unit(
            "run_loaded_timestamp",
            "When it was loaded, since 1970",
            Unit::Seconds,
            loaded.clone(),
        );
        registry.register(
            "runs_in_memory",
            "Runs in memory; 1 once a reload is over",
            runs.clone(),
        );
        registry.register(
            "interactions",
            "Interactions taken and written down",
            interactions.clone(),
        );
        registry.register(
            "unknown_items",
            "Keys in requests that no item of the run has",
            unknown_items.clone(),
        );
        registry.register(
            "new_items",
            "New items taken and written down",
            new_items.clone(),
        );
        registry.register(
            "forgotten",
            "Users forgotten and items withdrawn by requests",
            forgotten.clone(),
        );
    }

    /// Counts an answer.
    pub(super) fn answered(&self, answered: Answered, took: Duration) {
        let route = OfRoute {
            route: answered.route.clone(),
        };
        self.requests.get_or_create(&answered).inc();
        self.seconds
            .get_or_create(&route)
            .observe(took.as_secs_f64());
    }

    /// Another run is served from now on.
    pub(super) fn serves(&self, run: &str) {
        self.served.clear();
        let run = run.to_owned();
        self.served.get_or_create(&Served { run }).set(1);
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        self.loaded.set(now.map_or(0.0, |now| now.as_secs_f64()));
    }

    /// Counts what a request forgot: `user` or `item`.
    pub(super) fn forgot(&self, kind: &'static str, n: usize) {
        if n > 0 {
            self.forgotten
                .get_or_create(&OfKind { kind })
                .inc_by(n as u64);
        }
    }

    /// Counts an attempt to serve another run.
    pub(super) fn reloaded(&self, is_done: bool) {
        let result = match is_done {
            true => "done",
            false => "refused",
        };
        self.reloads.get_or_create(&Reloaded { result }).inc();
    }

    /// The text that Prometheus reads.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        // A `String` takes everything.
        let _ = encode(&mut text, &self.registry);
        text
    }
}
