//! The dashboard and the alerts of `packaging`: they ask for metrics that the service has.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};

use super::Service;
use super::lists::train;
use crate::data::Workspace;

/// The metrics of the service in a text.
fn named(text: &str) -> BTreeSet<&str> {
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    words
        .filter(|word| word.starts_with("sagebrush_"))
        .collect()
}

/// The labels that selectors and groups of a query name.
fn labels(query: &str) -> BTreeSet<&str> {
    let inner = |(open, close): (char, char)| {
        let parts = query.split(open).skip(1);
        parts.filter_map(move |part| part.split(close).next())
    };
    let selected = inner(('{', '}')).flat_map(|inner| inner.split(','));
    let selected = selected.filter_map(|one| one.split(['=', '!', '~']).next());
    let grouped = query.split(" by (").skip(1);
    let grouped = grouped.flat_map(|rest| rest.split(')').next().unwrap_or("").split(','));
    selected.chain(grouped).map(str::trim).collect()
}

fn packaging(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging");
    std::fs::read_to_string(folder.join(name)).unwrap()
}

fn queries(panels: &Value) -> Vec<String> {
    let targets = panels.as_array().unwrap().iter();
    let targets = targets.flat_map(|panel| panel["targets"].as_array().unwrap());
    targets
        .map(|target| target["expr"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn the_dashboard_and_the_alerts_ask_for_metrics_that_there_are() {
    let work = Workspace::new();
    train(&work, "popularity", "run");
    let service = Service::start(&work, &["--run", "run"]);
    service.get("/v1/users/user-5/recommendations").ok();
    service
        .post(
            "/v1/interactions",
            &json!({"interactions": [{"user": "a", "item": "none"}]}),
        )
        .ok();
    // A run that is damaged is refused, and counted.
    work.write("run/MANIFEST.json", b"{}");
    service.signal(libc::SIGHUP);
    service.wait_for("a refusal", |service| {
        service.metric("sagebrush_reloads_total{result=\"refused\"}") > 0.0
    });
    let metrics = service.get("/metrics").text();
    let samples: String = metrics
        .lines()
        .filter(|line| !line.starts_with('#'))
        .collect::<Vec<_>>()
        .join("\n");
    let known = named(&samples);
    let alerts = packaging("alerts.yml");
    let dashboard: Value = serde_json::from_str(&packaging("grafana.json")).unwrap();
    let queries = queries(&dashboard["panels"]);
    assert!(queries.len() >= 12, "a panel asks for something");
    let all = queries.join("\n");
    let (of_alerts, of_dashboard) = (named(&alerts), named(&all));
    assert!(of_alerts.len() >= 4 && of_dashboard.len() >= 10);
    for name in of_alerts.union(&of_dashboard) {
        assert!(known.contains(name), "{name} is no metric of the service");
    }
    let of_service = labels(&samples);
    let of_prometheus = BTreeSet::from(["job", "instance", "le", ""]);
    for query in &queries {
        for label in labels(query) {
            let is_known = of_service.contains(label) || of_prometheus.contains(label);
            assert!(is_known, "no metric has the label `{label}`: {query}");
        }
    }
    service.stop();
}
