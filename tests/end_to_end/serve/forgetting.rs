//! Users forgotten and items withdrawn over HTTP: at once, and for good.

use std::collections::HashSet;
use std::sync::Mutex;

use serde_json::{Value, json};

use super::http::request;
use super::lists::{places, train};
use super::{Answer, Service};
use crate::data::Workspace;

impl Service {
    pub(crate) fn delete(&self, path: &str) -> Answer {
        self.client()
            .ask(&request("DELETE", path, &[], b""))
            .unwrap()
    }
}

fn list_of(user: &str) -> String {
    format!("/v1/users/{user}/recommendations?k=60")
}

fn items(answer: &Value) -> Vec<String> {
    places(answer).into_iter().map(|(item, _)| item).collect()
}

fn kept(work: &Workspace) -> String {
    String::from_utf8(work.read("run.interactions.jsonl")).unwrap()
}

#[test]
fn a_forgotten_user_has_no_list_any_more() {
    let work = Workspace::new();
    train(&work, "mf", "run");
    train(&work, "gf-cf", "next");
    let service = Service::start(&work, &["--run", "run", "--watch"]);
    let rows: Vec<Value> = [
        ("user-5", "3"),
        ("newcomer", "4"),
        ("newcomer", "5"),
        ("user-6", "4"),
    ]
    .map(|(user, item)| json!({"user": user, "item": item}))
    .into();
    service
        .post("/v1/interactions", &json!({"interactions": rows}))
        .ok();
    let gone = service.delete("/v1/users/user-5").ok();
    assert_eq!(
        (&gone["known"], &gone["interactions"]),
        (&json!(true), &json!(1))
    );
    let gone = service.delete("/v1/users/newcomer").ok();
    assert_eq!(
        (&gone["known"], &gone["interactions"]),
        (&json!(false), &json!(2))
    );
    service
        .get(&list_of("user-5"))
        .refused(404, "`user-5` was forgotten");
    service
        .get(&list_of("newcomer"))
        .refused(404, "was forgotten");
    let batch = json!({"users": ["user-6", "user-5", "user-7"]});
    let batch = service.post("/v1/users/recommendations", &batch).ok();
    assert!(
        batch["lists"][1]["error"]
            .as_str()
            .unwrap()
            .contains("forgotten"),
        "{batch}"
    );
    for (at, user) in [(0, "user-6"), (2, "user-7")] {
        assert_eq!(batch["lists"][at]["user"], user);
        assert_eq!(batch["lists"][at]["items"].as_array().unwrap().len(), 10);
    }
    assert_eq!(kept(&work).lines().count(), 1);
    assert!(kept(&work).contains("user-6") && !kept(&work).contains("newcomer"));
    // What comes in of them from now on is not taken.
    let rows =
        json!({"interactions": [{"user": "user-5", "item": "9"}, {"user": "user-6", "item": "9"}]});
    let taken = service.post("/v1/interactions", &rows).ok();
    assert_eq!(
        (&taken["accepted"], &taken["left_out"]),
        (&json!(1), &json!(1))
    );
    assert!(!kept(&work).contains("user-5"));
    assert_eq!(
        service.metric("sagebrush_forgotten_total{kind=\"user\"}"),
        2.0
    );
    // The same in the next run, and after a start.
    std::fs::rename(work.path("run"), work.path("old")).unwrap();
    std::fs::rename(work.path("next"), work.path("run")).unwrap();
    let done = "sagebrush_reloads_total{result=\"done\"}";
    service.wait_for("the next run", |service| service.metric(done) == 1.0);
    service
        .get(&list_of("user-5"))
        .refused(404, "was forgotten");
    service.stop();
    let service = Service::start(&work, &["--run", "run"]);
    service
        .get(&list_of("user-5"))
        .refused(404, "was forgotten");
    service.get(&list_of("user-6")).ok();
    service.stop();
    // A training leaves them out, and the command takes them out of the run.
    let done = work.json(&["forget", "--run", "run"]);
    assert_eq!(done["forgotten"]["users"], 1, "{done}");
    train(&work, "mf", "fresh");
    let known = |run: &str| String::from_utf8(work.read(&format!("{run}/users.json"))).unwrap();
    assert!(!known("run").contains("\"user-5\"") && known("fresh").contains("\"user-5\""));
}

#[test]
fn a_withdrawn_item_is_nowhere_from_the_next_request_on() {
    let work = Workspace::new();
    for model in ["mf", "gf-cf", "item-knn", "ease", "ials", "popularity"] {
        train(&work, model, model);
        let service = Service::start(&work, &["--run", model]);
        let item = items(&service.get(&list_of("user-5")).ok())[0].clone();
        let rows =
            json!({"interactions": [{"user": "fan", "item": item}, {"user": "fan", "item": "3"}]});
        service.post("/v1/interactions", &rows).ok();
        let before: Vec<Value> = (0..120)
            .map(|user| service.get(&list_of(&format!("user-{user}"))).ok())
            .collect();
        let gone = service.delete(&format!("/v1/items/{item}")).ok();
        assert_eq!(
            (&gone["known"], &gone["interactions"]),
            (&json!(true), &json!(1))
        );
        let check = |service: &Service| {
            for (user, before) in before.iter().enumerate() {
                let path = list_of(&format!("user-{user}"));
                let mut expected = items(before);
                expected.retain(|listed| *listed != item);
                let reasons = service.get(&format!("{path}&explain=60")).ok();
                assert_eq!(items(&reasons), expected, "{model} {user}");
                for place in reasons["items"].as_array().unwrap() {
                    let why = place["why"]["items"].as_array().unwrap();
                    assert!(
                        why.iter().all(|reason| reason["item"] != item.as_str()),
                        "{model} {place}"
                    );
                }
            }
            service
                .get(&format!("/v1/items/{item}/similar"))
                .refused(404, "was withdrawn");
            let near = service.get("/v1/items/3/similar?k=60").ok();
            assert!(!items(&near).contains(&item));
            let history = json!({"histories": [[item, "3"]], "filters": {"k": 60, "explain": 9, "include_seen": true}});
            let list = service.post("/v1/recommendations", &history).ok()["lists"][0].clone();
            assert_eq!(list["unknown_items"]["keys"], json!([item]), "{model}");
            assert!(!items(&list).contains(&item));
            let fan = service.get(&list_of("fan")).ok();
            assert!(!items(&fan).contains(&item) && !items(&fan).contains(&"3".to_owned()));
            let only = service
                .get(&format!("{}&only={item},4", list_of("nobody")))
                .ok();
            assert_eq!(only["unknown_items"]["keys"], json!([item]));
            assert_eq!(items(&only), ["4"]);
        };
        check(&service);
        service.stop();
        let service = Service::start(&work, &["--run", model]);
        check(&service);
        service.stop();
    }
}

/// Kills the service at some moment while users are forgotten from several sides.
#[test]
fn what_was_forgotten_survives_a_kill() {
    let work = Workspace::new();
    train(&work, "popularity", "run");
    let acknowledged = Mutex::new(HashSet::new());
    for round in 0..3u64 {
        let service = Service::start(&work, &["--run", "run"]);
        let rows: Vec<Value> = (0..800)
            .map(|n| json!({"user": format!("r{round}-n{n}-"), "item": (n % 60).to_string()}))
            .collect();
        service
            .post("/v1/interactions", &json!({"interactions": rows}))
            .ok();
        let after = std::time::Duration::from_millis(200 + 90 * round);
        service.kill_while(after, 4, |side, client| {
            for n in (side..800).step_by(4) {
                let user = format!("r{round}-n{n}-");
                let path = format!("/v1/users/{user}");
                match client.ask(&request("DELETE", &path, &[], b"")) {
                    Ok(answer) if answer.status == 200 => {
                        acknowledged.lock().unwrap().insert(user);
                    }
                    _ => return,
                }
            }
        });
    }
    let acknowledged = acknowledged.into_inner().unwrap();
    assert!(
        acknowledged.len() > 10,
        "{} were acknowledged",
        acknowledged.len()
    );
    println!("{} were acknowledged before the kills", acknowledged.len());
    let service = Service::start(&work, &["--run", "run"]);
    let text = kept(&work);
    for user in &acknowledged {
        assert!(!text.contains(user), "{user} is kept");
        service.get(&list_of(user)).refused(404, "was forgotten");
    }
    assert!(text.lines().count() > 100, "the others are kept");
    service.stop();
}

/// What another process forgets a service that watches hears of, and takes out of the file that it keeps.
#[test]
fn a_service_hears_of_what_the_command_forgets() {
    let work = Workspace::new();
    train(&work, "mf", "run");
    let service = Service::start(&work, &["--run", "run", "--watch"]);
    let rows =
        json!({"interactions": [{"user": "user-5", "item": "3"}, {"user": "user-6", "item": "3"}]});
    service.post("/v1/interactions", &rows).ok();
    let reader = Service::start(&work, &["--run", "run", "--read-only", "--watch"]);
    work.succeed(&["forget", "--run", "run", "--user", "user-5", "--item", "44"]);
    assert_eq!(kept(&work).lines().count(), 1, "{}", kept(&work));
    for service in [&service, &reader] {
        service.wait_for("the list", |service| {
            service.get(&list_of("user-5")).status == 404
        });
        service.wait_for("the run", |service| {
            service.metric("sagebrush_reloads_total{result=\"done\"}") == 1.0
        });
        service.get("/v1/items/44/similar").refused(404, "");
    }
    reader
        .delete("/v1/users/user-6")
        .refused(501, "--read-only");
    reader.delete("/v1/items/3").refused(501, "--read-only");
    let items = json!({"items": [{"item": "new", "features": {"title": "x"}}]});
    reader.post("/v1/items", &items).refused(501, "--read-only");
    reader.stop();
    service.stop();
}

#[test]
fn tokens_guard_what_forgets() {
    let work = Workspace::new();
    train(&work, "popularity", "run");
    work.write("tokens.txt", b"shop:0123456789abcdef0123456789abcdef\n");
    let service = Service::start(&work, &["--run", "run", "--token-file", "tokens.txt"]);
    for path in ["/v1/users/user-5", "/v1/items/3"] {
        service.delete(path).refused(401, "token");
    }
    service
        .post("/v1/items", &json!({"items": []}))
        .refused(401, "token");
    assert!(!work.path("run.forgotten.jsonl").exists());
    let token = "authorization: Bearer 0123456789abcdef0123456789abcdef";
    let delete = request("DELETE", "/v1/users/a%2Fb%20c", &[token], b"");
    service.client().ask(&delete).unwrap().ok();
    let list = request("GET", "/v1/users/a%2Fb%20c/recommendations", &[token], b"");
    service
        .client()
        .ask(&list)
        .unwrap()
        .refused(404, "`a/b c` was forgotten");
    service.stop();
}
