//! Traces, against a receiver that takes what the exporter sends and decodes it.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;

use super::Service;
use super::http::request;
use super::lists::train;
use crate::data::Workspace;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";

/// What a collector was sent.
#[derive(Default)]
struct Received {
    spans: Vec<Span>,
    resource: BTreeMap<String, String>,
    keys: Vec<String>,
}

/// A collector of one connection after another.
fn collector() -> (String, Arc<Mutex<Received>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let received = Arc::new(Mutex::new(Received::default()));
    let into = Arc::clone(&received);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (stream, into) = (stream.unwrap(), Arc::clone(&into));
            std::thread::spawn(move || {
                let mut reader = BufReader::new(stream);
                while take(&mut reader, &into).is_some() {}
            });
        }
    });
    (address, received)
}

/// Takes one request; `None` at the end of the connection.
fn take(reader: &mut BufReader<std::net::TcpStream>, into: &Mutex<Received>) -> Option<()> {
    let (mut length, mut line, mut first) = (0, String::new(), String::new());
    loop {
        line.clear();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let text = line.trim_end();
        if first.is_empty() {
            first = text.to_owned();
        }
        if let Some((name, value)) = text.split_once(':') {
            match &*name.to_ascii_lowercase() {
                "content-length" => length = value.trim().parse().unwrap(),
                "x-key" => into.lock().unwrap().keys.push(value.trim().to_owned()),
                _ => {}
            }
        }
        if text.is_empty() {
            break;
        }
    }
    assert!(first.starts_with("POST /v1/traces "), "{first}");
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let sent = ExportTraceServiceRequest::decode(&body[..]).unwrap();
    let mut into = into.lock().unwrap();
    for of_resource in sent.resource_spans {
        let resource = of_resource.resource.unwrap();
        into.resource.extend(texts(&resource.attributes));
        into.spans.extend(
            of_resource
                .scope_spans
                .into_iter()
                .flat_map(|scope| scope.spans),
        );
    }
    let answer =
        b"HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\ncontent-length: 0\r\n\r\n";
    reader.get_mut().write_all(answer).ok()
}

fn texts(attributes: &[KeyValue]) -> BTreeMap<String, String> {
    let text = |value: &Option<AnyValue>| match value.as_ref().and_then(|value| value.value.clone())
    {
        Some(Value::StringValue(text)) => text,
        Some(Value::IntValue(number)) => number.to_string(),
        other => format!("{other:?}"),
    };
    attributes
        .iter()
        .map(|one| (one.key.clone(), text(&one.value)))
        .collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn a_request_is_a_span_of_the_trace_that_it_belongs_to() {
    let work = Workspace::new();
    train(&work, "mf", "run");
    let (address, received) = collector();
    let variables = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &*address),
        ("OTEL_EXPORTER_OTLP_HEADERS", "x-key=secret"),
        (
            "OTEL_RESOURCE_ATTRIBUTES",
            "deployment.environment.name=test",
        ),
        ("OTEL_BSP_SCHEDULE_DELAY", "100"),
    ];
    let service = Service::start_with(&work, &["--run", "run", "--read-only"], &variables);
    let path = "/v1/users/user-5/recommendations";
    let parent = format!("traceparent: 00-{TRACE}-{PARENT}-01");
    let answer = service
        .client()
        .ask(&request("GET", path, &[&parent], b""))
        .unwrap();
    answer.ok();
    // Not sampled by who sent it: nothing is sent on.
    let unsampled = format!("traceparent: 00-{TRACE}-{PARENT}-00");
    service
        .client()
        .ask(&request("GET", "/ready", &[&unsampled], b""))
        .unwrap()
        .ok();
    service.get("/nothing").refused(404, "");
    let run = answer.header("sagebrush-run").unwrap().to_owned();
    // What is still waiting is sent when the service ends.
    service.stop();
    let received = received.lock().unwrap();
    assert_eq!(received.resource["service.name"], "sagebrush");
    assert_eq!(received.resource["deployment.environment.name"], "test");
    assert!(received.keys.iter().all(|key| key == "secret") && !received.keys.is_empty());
    let named = |name: &str| {
        let found: Vec<&Span> = received
            .spans
            .iter()
            .filter(|span| span.name == name)
            .collect();
        assert_eq!(found.len(), 1, "{name}: {:?}", received.spans);
        found[0]
    };
    let span = named("GET /v1/users/{key}/recommendations");
    assert_eq!(
        (hex(&span.trace_id), hex(&span.parent_span_id)),
        (TRACE.to_owned(), PARENT.to_owned())
    );
    assert_eq!(span.kind, 2, "of a server");
    let attributes = texts(&span.attributes);
    for (name, expected) in [
        ("http.request.method", "GET"),
        ("http.route", "/v1/users/{key}/recommendations"),
        ("url.path", path),
        ("http.response.status_code", "200"),
        ("sagebrush.run", &run),
    ] {
        assert_eq!(attributes[name], expected, "{name}");
    }
    assert!(span.end_time_unix_nano > span.start_time_unix_nano);
    let rank = named("rank");
    assert_eq!(
        (&rank.trace_id, &rank.parent_span_id),
        (&span.trace_id, &span.span_id)
    );
    let other = named("GET none");
    assert!(other.parent_span_id.is_empty() && other.trace_id != span.trace_id);
    assert!(!received.spans.iter().any(|span| span.name == "GET /ready"));
}

#[test]
fn variables_that_cannot_be_met_are_told_and_a_collector_that_is_away_is_no_obstacle() {
    let work = Workspace::new();
    train(&work, "popularity", "run");
    let refused = |variables: &[(&str, &str)], expected: &str| {
        let mut program = work.program(&["serve", "--run", "run", "--port", "0"]);
        let output = program.envs(variables.iter().copied()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(expected), "{said}");
    };
    let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9");
    refused(
        &[endpoint, ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")],
        "`http/protobuf` alone",
    );
    refused(
        &[("OTEL_EXPORTER_OTLP_ENDPOINT", "https://collector")],
        "give an address with `http://`",
    );
    let off = [
        endpoint,
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        ("OTEL_SDK_DISABLED", "true"),
    ];
    Service::start_with(&work, &["--run", "run", "--read-only"], &off).stop();
    let service = Service::start_with(&work, &["--run", "run", "--read-only"], &[endpoint]);
    service.get("/v1/users/user-5/recommendations").ok();
    service.stop();
}
