//! The OpenAPI document: every route in it is there, and answers have the form that it says.

use serde_json::{Map, Value, json};

use super::Service;
use super::http::{encoded, request};
use super::lists::train;
use crate::data::Workspace;

/// What is wrong with a value by a schema of the document, of the parts of JSON Schema that it uses.
fn faults(document: &Value, schema: &Value, value: &Value, place: &str) -> Vec<String> {
    if let Some(target) = schema["$ref"].as_str() {
        let target = document.pointer(target.strip_prefix('#').unwrap());
        return faults(
            document,
            target.unwrap_or_else(|| panic!("{schema}")),
            value,
            place,
        );
    }
    if let Some(some) = schema["oneOf"].as_array() {
        let fits = |schema: &&Value| faults(document, schema, value, place).is_empty();
        return match some.iter().filter(fits).count() {
            1 => Vec::new(),
            n => vec![format!("{place}: {n} of {} forms fit {value}", some.len())],
        };
    }
    let types = match &schema["type"] {
        Value::Array(types) => types.clone(),
        one => vec![one.clone()],
    };
    let is_of = |kind: &Value| match kind.as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("integer") => value.is_u64() || value.is_i64(),
        Some("number") => value.is_number(),
        Some("boolean") => value.is_boolean(),
        Some("null") => value.is_null(),
        _ => panic!("an unknown type in {schema}"),
    };
    if !types.iter().any(is_of) {
        return vec![format!("{place}: {value} is none of {types:?}")];
    }
    let mut found = Vec::new();
    for (at, inner) in value.as_array().into_iter().flatten().enumerate() {
        found.extend(faults(
            document,
            &schema["items"],
            inner,
            &format!("{place}[{at}]"),
        ));
    }
    let nothing = Map::new();
    let members = value.as_object().unwrap_or(&nothing);
    let known = schema["properties"].as_object().unwrap_or(&nothing);
    for (name, inner) in members {
        match known.get(name) {
            Some(schema) => {
                found.extend(faults(document, schema, inner, &format!("{place}.{name}")))
            }
            None => match &schema["additionalProperties"] {
                Value::Object(_) => found.extend(faults(
                    document,
                    &schema["additionalProperties"],
                    inner,
                    &format!("{place}.{name}"),
                )),
                _ => found.push(format!("{place}.{name}: not in the document")),
            },
        }
    }
    for name in schema["required"].as_array().into_iter().flatten() {
        if value.is_object() && !members.contains_key(name.as_str().unwrap()) {
            found.push(format!("{place}.{name}: missing"));
        }
    }
    found
}

/// The body of a request to a route, where it takes one.
fn bodies(path: &str) -> Vec<Option<Value>> {
    match path {
        "/v1/users/recommendations" => vec![
            Some(json!({"users": ["user-1", "nobody"]})),
            Some(json!({"users": ["user-1"], "filters": {"k": 2, "only": ["none", "3"]}})),
        ],
        "/v1/recommendations" => vec![Some(json!({"histories": [["3", 17, "none"], []]}))],
        "/v1/interactions" => vec![
            Some(json!({"interactions": [{"user": "a", "item": "none"}]})),
            Some(json!({"interactions": [{"user": "a", "item": 3, "time": 9}]})),
        ],
        "/v1/items" => vec![Some(json!({"items": [{
            "item": "new", "features": {"title": "x", "genres": ["a", 7], "year": 1999.5}, "vectors": [[0.5, 1]],
        }]}))],
        _ => vec![None],
    }
}

#[test]
fn every_route_of_the_document_is_there_and_answers_as_it_says() {
    let work = Workspace::new();
    train(&work, "mf", "run");
    let service = Service::start(&work, &["--run", "run"]);
    let document = service.get("/openapi.json").ok();
    assert!(document["openapi"].as_str().unwrap().starts_with("3."));
    let mut n_routes = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            n_routes += 1;
            let bodies = match &**method {
                "post" => bodies(path),
                _ => vec![None],
            };
            for body in bodies {
                let key = match (path.contains("/items/"), method == "delete") {
                    (true, true) => "18",
                    (true, false) => "17",
                    (false, true) => "user-6",
                    (false, false) => "user-5",
                };
                let path = path.replace("{key}", &encoded(key));
                let text = body.as_ref().map_or(String::new(), Value::to_string);
                if let Some(body) = &body {
                    let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
                    assert_eq!(faults(&document, schema, body, &path), [""; 0]);
                }
                let asked = request(&method.to_uppercase(), &path, &[], text.as_bytes());
                let answer = service.client().ask(&asked).unwrap();
                let said = &operation["responses"][answer.status.to_string()];
                assert!(said.is_object(), "{method} {path}: {}", answer.status);
                assert_ne!(answer.status, 404, "{method} {path}");
                assert!(answer.header("sagebrush-run").is_some(), "{path}");
                let kind = answer
                    .header("content-type")
                    .unwrap()
                    .split(';')
                    .next()
                    .unwrap();
                let schema = &said["content"][kind]["schema"];
                assert!(schema.is_object(), "{method} {path}: {kind}");
                if kind == "application/json" {
                    let found = faults(&document, schema, &answer.json(), &path);
                    assert_eq!(found, [""; 0], "{}", answer.text());
                }
            }
        }
    }
    assert_eq!(n_routes, 19, "all routes are in the document");
    // What is only so after something was forgotten.
    let asked = [
        (
            "/v1/users/recommendations",
            json!({"users": ["user-6", "user-5"]}),
        ),
        (
            "/v1/interactions",
            json!({"interactions": [{"user": "user-6", "item": "3"}]}),
        ),
    ];
    for (path, body) in asked {
        let answer = service.post(path, &body).ok();
        let content = &document["paths"][path]["post"]["responses"]["200"]["content"];
        let schema = &content["application/json"]["schema"];
        assert_eq!(
            faults(&document, schema, &answer, path),
            [""; 0],
            "{answer}"
        );
    }
    let fault = service.get("/v1/users/user-5/recommendations?k=0");
    let schema = json!({"$ref": "#/components/schemas/Fault"});
    assert_eq!(faults(&document, &schema, &fault.json(), "fault"), [""; 0]);
    service.stop();
}

#[test]
fn the_page_needs_nothing_from_elsewhere() {
    let work = Workspace::new();
    train(&work, "popularity", "run");
    let service = Service::start(&work, &["--run", "run", "--read-only"]);
    for path in ["/", "/api", "/assets/app.js", "/assets/style.css"] {
        let answer = service.get(path);
        assert_eq!(answer.status, 200, "{path}");
        let text = answer.text();
        assert!(
            !text.contains("http://") && !text.contains("https://"),
            "{path}"
        );
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"));
        assert!(
            answer.header("access-control-allow-origin").is_none(),
            "other sites may not ask"
        );
        // Whatever a page loads is a file of the service.
        for part in text.split(['"', '\'']) {
            let name = part
                .strip_prefix("./")
                .or_else(|| part.strip_prefix("assets/"));
            if let Some(name) = name.filter(|name| name.contains('.')) {
                assert_eq!(
                    service.get(&format!("/assets/{name}")).status,
                    200,
                    "{part}"
                );
            }
        }
    }
    service
        .get("/assets/none.js")
        .refused(404, "nothing at this path");
    service.stop();
}

#[test]
fn metrics_count_what_happened() {
    let work = Workspace::new();
    train(&work, "popularity", "run");
    let service = Service::start(&work, &["--run", "run"]);
    for _ in 0..3 {
        service.get("/v1/users/user-5/recommendations").ok();
    }
    service
        .get("/v1/users/nobody/recommendations?k=0")
        .refused(422, "");
    service.get("/nothing").refused(404, "");
    let body = json!({"interactions": [{"user": "a", "item": "1"}, {"user": "a", "item": "none"}]});
    service.post("/v1/interactions", &body).ok();
    let requests = |route: &str, method: &str, status: u16| {
        service.metric(&format!(
            "sagebrush_requests_total{{route=\"{route}\",method=\"{method}\",status=\"{status}\"}}"
        ))
    };
    let route = "/v1/users/{key}/recommendations";
    assert_eq!(requests(route, "GET", 200), 3.0);
    assert_eq!(requests(route, "GET", 422), 1.0);
    assert_eq!(requests("none", "GET", 404), 1.0);
    assert_eq!(service.metric("sagebrush_interactions_total"), 2.0);
    assert_eq!(service.metric("sagebrush_unknown_items_total"), 1.0);
    let seconds = format!("sagebrush_request_duration_seconds_count{{route=\"{route}\"}}");
    assert_eq!(service.metric(&seconds), 4.0);
    let text = service.get("/metrics").text();
    assert!(text.ends_with("# EOF\n"));
    service.stop();
}
