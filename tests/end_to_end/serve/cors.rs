//! Other sites' pages: they may ask where they are named, and nowhere else.

use super::Service;
use super::http::request;
use super::lists::train;
use crate::data::Workspace;

const PREFLIGHT: [&str; 3] = [
    "origin: https://shop.example",
    "access-control-request-method: POST",
    "access-control-request-headers: authorization,content-type",
];

#[test]
fn named_sites_may_ask_and_others_may_not() {
    let work = Workspace::new();
    train(&work, "popularity", "run");
    work.write("tokens.txt", b"shop:one\n");
    let arguments = ["--run", "run", "--read-only", "--token-file", "tokens.txt"];
    let path = "/v1/users/recommendations";
    let ask = |service: &Service, method: &str, headers: &[&str]| {
        service
            .client()
            .ask(&request(method, path, headers, b""))
            .unwrap()
    };
    let service = Service::start(&work, &arguments);
    assert!(
        ask(&service, "OPTIONS", &PREFLIGHT)
            .header("access-control-allow-origin")
            .is_none()
    );
    service.stop();
    let cors = [
        "--cors",
        "https://shop.example",
        "--cors",
        "http://localhost:3000",
    ];
    let service = Service::start(&work, &[&arguments[..], &cors].concat());
    // A browser asks first, and without the token.
    let first = ask(&service, "OPTIONS", &PREFLIGHT);
    assert_eq!(first.status, 200);
    let allowed = |name: &str| first.header(name).unwrap_or_default().to_owned();
    assert_eq!(
        allowed("access-control-allow-origin"),
        "https://shop.example"
    );
    assert!(allowed("access-control-allow-methods").contains("POST"));
    assert!(allowed("access-control-allow-headers").contains("authorization"));
    let answer = ask(&service, "POST", &["origin: http://localhost:3000"]);
    answer.refused(401, "");
    assert_eq!(
        answer.header("access-control-allow-origin"),
        Some("http://localhost:3000")
    );
    assert!(
        answer
            .header("access-control-expose-headers")
            .unwrap()
            .contains("sagebrush-run")
    );
    let other = ask(&service, "POST", &["origin: https://elsewhere.example"]);
    assert!(other.header("access-control-allow-origin").is_none());
    service.stop();
    let serve = [
        "serve",
        "--run",
        "run",
        "--port",
        "0",
        "--cors",
        "shop.example",
    ];
    work.refused(&serve, 2, "`shop.example` is no site");
}
