//! What is refused, with which status and words; and that nothing of it costs the service its life.

use std::time::Duration;

use serde_json::json;

use super::Service;
use super::http::{Client, request};
use super::lists::train;
use crate::data::Workspace;

fn run(arguments: &[&str]) -> (Workspace, Service) {
    let work = Workspace::new();
    train(&work, "popularity", "run");
    let service = Service::start(&work, &[&["--run", "run"][..], arguments].concat());
    (work, service)
}

#[test]
fn what_makes_no_sense_is_refused_with_a_sentence() {
    let (_work, service) = run(&[]);
    let user = "/v1/users/user-5/recommendations";
    for (query, status, expected) in [
        ("k=0", 422, "`k` is 0"),
        ("k=1001", 422, "--max-k"),
        ("k=-3", 422, "no number of items"),
        ("k=NaN", 422, "no number of items"),
        ("k=99999999999999999999", 422, "no number of items"),
        ("size=3", 422, "there is no parameter `size`"),
        ("only=none", 422, "unknown item `none`"),
        ("only=", 422, "a key is empty"),
        ("category=Drama", 422, "knows no categories"),
        ("include_seen=2", 422, "`true` or `false`"),
    ] {
        service
            .get(&format!("{user}?{query}"))
            .refused(status, expected);
    }
    for (path, status) in [
        ("/v1/users/%FF/recommendations", 400),
        ("/v1/users/%20/recommendations", 422),
        ("/v1/users//recommendations", 422),
        ("/v1/users/../../etc/passwd", 404),
        ("/v1", 404),
        ("/favicon.ico", 404),
        ("/v1/recommendations", 405),
    ] {
        service.get(path).refused(status, "");
    }
    // A key like any other, which nobody has.
    let nobody = service.get("/v1/users/%2e%2e%2f%2e%2e%2fetc%2fpasswd").ok();
    assert_eq!(nobody["known"], false);
    for (body, status, expected) in [
        ("", 400, "the body is empty"),
        ("{", 400, "the body: "),
        ("{\"histories\": [[NaN]]}", 400, "the body: "),
        ("\u{0}", 400, "the body: "),
        ("[]", 422, ""),
        ("null", 422, ""),
        ("{\"histories\": []}", 422, "`histories` is empty"),
        ("{\"histories\": [[1.5]]}", 422, "a text or a whole number"),
        ("{\"histories\": [[\"\"]]}", 422, "a key is empty"),
        ("{\"histories\": [[1]], \"k\": 3}", 422, "unknown field `k`"),
        (
            "{\"histories\": [[1]], \"filters\": {\"k\": 0}}",
            422,
            "`k` is 0",
        ),
        (
            "{\"histories\": [[1]], \"filters\": {\"k\": 1e99}}",
            422,
            "",
        ),
        (
            "{\"histories\": [[1]], \"filters\": {\"only\": []}}",
            422,
            "`only` names no item",
        ),
        (
            "{\"histories\": [[1]], \"histories\": [[2]]}",
            422,
            "duplicate field",
        ),
    ] {
        service
            .post_text("/v1/recommendations", body)
            .refused(status, expected);
    }
    let deep = format!("{{\"histories\": {}", "[".repeat(100_000));
    service
        .post_text("/v1/recommendations", &deep)
        .refused(422, "a text or a whole number");
    let bytes = request(
        "POST",
        "/v1/recommendations",
        &[],
        b"{\"histories\": [[\"\xff\"]]}",
    );
    service.client().ask(&bytes).unwrap().refused(400, "");
    for (body, expected) in [
        (
            json!({"interactions": [{"user": "a", "item": "b", "time": -1}]}),
            "`time` is -1",
        ),
        (
            json!({"interactions": [{"user": "a", "item": "b", "time": 1e12}]}),
            "",
        ),
        (
            json!({"interactions": [{"user": "a"}]}),
            "missing field `item`",
        ),
        (
            json!({"interactions": [{"user": " ", "item": "b"}]}),
            "a key is empty",
        ),
        (json!({"interactions": []}), "`interactions` is empty"),
    ] {
        service
            .post("/v1/interactions", &body)
            .refused(422, expected);
    }
    service
        .post_text("/v1/items", "{}")
        .refused(422, "missing field `items`");
    let new = json!({"items": [{"item": "new", "features": {"title": "x"}}]});
    service.post("/v1/items", &new).refused(501, "refresh");
    // What is no HTTP at all ends its connection, and nothing else.
    let mut client = service.client();
    client
        .send(b"\x16\x03\x01\x02\x00\x01\x00 rubbish\r\n\r\n")
        .unwrap();
    assert!(client.answer().map_or(true, |answer| answer.status == 400));
    service.get(user).ok();
    service.stop();
}

#[test]
fn batches_bodies_and_lists_have_limits() {
    let (_work, service) = run(&["--max-batch", "3", "--max-k", "2", "--max-body", "2kB"]);
    let users = |n: usize| json!({"users": vec!["user-1"; n]});
    service.post("/v1/users/recommendations", &users(3)).ok();
    let refused = service.post("/v1/users/recommendations", &users(4));
    refused.refused(413, "--max-batch");
    service
        .post("/v1/users/recommendations", &users(500))
        .refused(413, "--max-body");
    let list = service.get("/v1/users/user-1/recommendations").ok();
    assert_eq!(
        list["items"].as_array().unwrap().len(),
        2,
        "the default is no more than the limit"
    );
    service
        .get("/v1/users/user-1/recommendations?k=3")
        .refused(422, "--max-k");
    // A body that claims to be huge is refused before it is there.
    let mut client = service.client();
    let head =
        "POST /v1/recommendations HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999999\r\n\r\n{";
    client
        .ask(head.as_bytes())
        .unwrap()
        .refused(413, "--max-body");
    service.stop();
}

/// A request whose body does not come to its end.
fn half(service: &Service) -> Client {
    let mut client = service.client();
    let head = "POST /v1/users/recommendations HTTP/1.1\r\nhost: x\r\ncontent-length: 21\r\n\r\n{\"users\": ";
    client.send(head.as_bytes()).unwrap();
    client
}

#[test]
fn requests_at_once_and_their_time_have_limits() {
    let (_work, service) = run(&["--max-concurrent", "2", "--request-timeout", "3"]);
    let list = "/v1/users/user-1/recommendations";
    let mut slow = [half(&service), half(&service)];
    service.wait_for("two requests", |service| {
        service.metric("sagebrush_requests_in_flight") >= 3.0
    });
    let refused = service.get(list);
    refused.refused(429, "2 requests are worked on already");
    assert_eq!(refused.header("retry-after"), Some("1"));
    service.get("/ready").ok();
    slow[0].send(b"[\"user-1\"]}").unwrap();
    slow[0].answer().unwrap().ok();
    slow[1]
        .answer()
        .unwrap()
        .refused(504, "no answer within 3 s");
    service.get(list).ok();
    service.stop();
}

#[test]
fn tokens_are_asked_for_where_there_are_any() {
    let work = Workspace::new();
    train(&work, "popularity", "run");
    work.write("tokens.txt", b"shop:one\nmail:two\n");
    let service = Service::start(&work, &["--run", "run", "--token-file", "tokens.txt"]);
    let list = "/v1/users/user-1/recommendations";
    let status = |path: &str, headers: &[&str]| {
        service
            .client()
            .ask(&request("GET", path, headers, b""))
            .unwrap()
            .status
    };
    for token in ["one", "two"] {
        assert_eq!(
            status(list, &[&format!("authorization: Bearer {token}")]),
            200
        );
    }
    for wrong in ["Bearer three", "Bearer", "Basic one", "Bearer shop", "one"] {
        assert_eq!(
            status(list, &[&format!("authorization: {wrong}")]),
            401,
            "{wrong}"
        );
    }
    let refused = service.get(list);
    refused.refused(401, "Authorization: Bearer");
    assert_eq!(refused.header("www-authenticate"), Some("Bearer"));
    service
        .post("/v1/interactions", &json!({"interactions": []}))
        .refused(401, "");
    for open in [
        "/health",
        "/ready",
        "/version",
        "/metrics",
        "/openapi.json",
        "/",
    ] {
        assert_eq!(status(open, &[]), 200, "{open}");
    }
    // Tokens are changed without a pause.
    work.write("tokens.txt", b"shop:three\n");
    service.signal(libc::SIGHUP);
    service.wait_for("new tokens", |_| {
        status(list, &["authorization: Bearer three"]) == 200
    });
    assert_eq!(status(list, &["authorization: Bearer one"]), 401);
    service.stop();
    work.write("tokens.txt", b"");
    let serve = [
        "serve",
        "--run",
        "run",
        "--port",
        "0",
        "--token-file",
        "tokens.txt",
    ];
    work.refused(&serve, 2, "no token in it");
}

#[test]
fn a_stop_lets_requests_finish_and_takes_no_more() {
    let (_work, mut service) = run(&[]);
    let mut slow = half(&service);
    let mut idle = service.client();
    idle.ask(&request("GET", "/health", &[], b"")).unwrap().ok();
    service.signal(libc::SIGTERM);
    service.wait_for("the stop", |service| Client::new(&service.address).is_err());
    std::thread::sleep(Duration::from_millis(50));
    slow.send(b"[\"user-1\"]}").unwrap();
    slow.answer().unwrap().ok();
    assert!(service.wait().success());
    assert!(service.log().contains("stopping"), "{}", service.log());
}

#[test]
fn a_stop_waits_no_longer_than_it_is_told_and_a_second_one_not_at_all() {
    let (_work, mut service) = run(&["--stop-timeout", "1"]);
    let _slow = half(&service);
    service.wait_for("a request", |service| {
        service.metric("sagebrush_requests_in_flight") >= 2.0
    });
    service.signal(libc::SIGINT);
    assert_eq!(service.wait().code(), Some(130));
    let (_work, mut service) = run(&[]);
    let _slow = half(&service);
    service.wait_for("a request", |service| {
        service.metric("sagebrush_requests_in_flight") >= 2.0
    });
    service.signal(libc::SIGINT);
    service.wait_for("the stop", |service| Client::new(&service.address).is_err());
    service.signal(libc::SIGINT);
    assert_eq!(service.wait().code(), Some(130));
}

#[test]
fn what_keeps_a_service_from_starting_is_told() {
    let (work, service) = run(&["--read-only"]);
    let (_, port) = service.address.rsplit_once(':').unwrap();
    let serve = ["serve", "--run", "run", "--read-only"];
    let refused = |more: &[&str], code, expected: &str| {
        work.refused(&[&serve[..], more].concat(), code, expected);
    };
    refused(&["--port", port], 75, "--port");
    refused(
        &["--port", "0", "--host", "no.such.host.invalid"],
        2,
        "--host",
    );
    work.refused(
        &["serve", "--run", "nothing", "--port", "0"],
        66,
        "there is no such run",
    );
    work.refused(&["serve", "--run", ".", "--port", "0"], 66, "not a run");
    service.stop();
}
