//! New items over HTTP: in lists at once as the commands list them, kept through a kill, in the next run as well.

use std::collections::HashSet;
use std::sync::Mutex;

use serde_json::{Value, json};

use super::Service;
use super::http::request;
use super::lists::{places, train};
use crate::data::Workspace;

/// A run of PinSAGE on films, and two rows of new ones.
fn trained() -> Workspace {
    let work = Workspace::new();
    let film = |item: u32| format!("{item},Film {item} of {},g{}\n", item / 15, item / 15);
    let films: String = (0..60).map(film).collect();
    work.write(
        "films.csv",
        format!("item_id,title,genres\n{films}").as_bytes(),
    );
    work.write(
        "new.csv",
        b"item_id,title,genres\nnew-1,Film 3 of 0,g0\nnew-2,The \"last\" Film of 3,g3|g1\n",
    );
    train_on_films(&work, "run", &[]);
    work
}

fn train_on_films(work: &Workspace, out: &str, more: &[&str]) {
    let train = [
        "train", "log.csv", "--model", "pinsage", "--dim", "8", "--epochs", "1",
    ];
    let features = [
        "--set",
        "features.categories=[\"genres\"]",
        "--items",
        "films.csv",
    ];
    work.succeed(&[&train[..], &features, &["--out", out, "-q"], more].concat());
}

fn new_items() -> Value {
    json!({"items": [
        {"item": "new-1", "features": {"title": "Film 3 of 0", "genres": "g0"}},
        {"item": "new-2", "features": {"title": "The \"last\" Film of 3", "genres": ["g3", "g1"]}},
    ]})
}

/// Lists as the program prints them, and as answers have them.
fn same(answer: &Value, rows: &Value, what: &str) {
    let text = |item: &Value| {
        item.as_str()
            .map_or_else(|| item.to_string(), str::to_owned)
    };
    let expected: Vec<(String, f64, Value)> = rows
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            (
                text(&row["item"]),
                row["score"].as_f64().unwrap(),
                row["title"].clone(),
            )
        })
        .collect();
    let found: Vec<(String, f64, Value)> = answer["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            (
                text(&row["item"]),
                row["score"].as_f64().unwrap(),
                row["title"].clone(),
            )
        })
        .collect();
    assert!(!expected.is_empty());
    assert_eq!(found, expected, "{what}");
}

/// Everything a service says of new items is what the commands say with the same rows of a file.
fn check(work: &Workspace, service: &Service) {
    let with = ["--with", "new.csv", "-k", "61"];
    let similar = work.json(&[&["similar", "--run", "run", "--item", "new-1"][..], &with].concat());
    same(
        &service.get("/v1/items/new-1/similar?k=61").ok(),
        &similar,
        "similar",
    );
    for user in ["user-5", "user-6"] {
        let list = work.json(&[&["recommend", "--run", "run", "--user", user][..], &with].concat());
        let answer = service
            .get(&format!("/v1/users/{user}/recommendations?k=61"))
            .ok();
        same(&answer, &list, user);
        let items: Vec<String> = places(&answer).into_iter().map(|(item, _)| item).collect();
        assert!(items.contains(&"new-1".to_owned()) && items.contains(&"new-2".to_owned()));
    }
    let list = work.json(
        &[
            &["recommend", "--run", "run", "--history", "new-2,3"][..],
            &with,
        ]
        .concat(),
    );
    let history = json!({"histories": [["new-2", "3"]], "filters": {"k": 61}});
    same(
        &service.post("/v1/recommendations", &history).ok()["lists"][0],
        &list,
        "history",
    );
    let only = service
        .get("/v1/users/user-5/recommendations?only=new-2,new-1")
        .ok();
    assert_eq!(only["items"].as_array().unwrap().len(), 2);
    let of_category = service
        .get("/v1/users/user-5/recommendations?k=61&category=g1")
        .ok();
    let of_category: Vec<String> = places(&of_category)
        .into_iter()
        .map(|(item, _)| item)
        .collect();
    assert!(
        of_category.contains(&"new-2".to_owned()) && !of_category.contains(&"new-1".to_owned())
    );
}

#[test]
fn new_items_are_in_lists_at_once_and_in_the_next_run() {
    let work = trained();
    let service = Service::start(&work, &["--run", "run", "--watch"]);
    assert!(
        !work.path("run.items.jsonl").exists(),
        "no file before there is an item"
    );
    let added = service.post("/v1/items", &new_items()).ok();
    assert_eq!(added["accepted"], 2, "{added}");
    check(&work, &service);
    assert_eq!(service.metric("sagebrush_new_items_total"), 2.0);
    service.wait_for("the run of before to be freed", |service| {
        service.metric("sagebrush_runs_in_memory") == 1.0
    });
    service.stop();
    let service = Service::start(&work, &["--run", "run", "--watch"]);
    check(&work, &service);
    // Somebody takes one; a refresh gives it its vector, and the other one is still there.
    let before = service.get("/v1/items/new-1/similar?k=5").ok();
    let rows = json!({"interactions": [{"user": "user-5", "item": "new-1"}, {"user": "fan", "item": "new-1"}]});
    assert!(service.post("/v1/interactions", &rows).ok()["unknown_items"].is_null());
    let done = work.json(&["refresh", "--run", "run", "run.interactions.jsonl"]);
    assert_eq!(done["refreshed"]["items_with_vectors"], 1, "{done}");
    service.wait_for("the refreshed run", |service| {
        service.metric("sagebrush_reloads_total{result=\"done\"}") == 1.0
    });
    let after = service.get("/v1/items/new-1/similar?k=5").ok();
    assert_eq!(after["items"], before["items"], "the same vector");
    assert_ne!(after["run"], before["run"]);
    let near: Vec<String> = places(&service.get("/v1/items/new-1/similar?k=61").ok())
        .into_iter()
        .map(|(item, _)| item)
        .collect();
    assert!(near.contains(&"new-2".to_owned()));
    service
        .post("/v1/items", &new_items())
        .refused(409, "`new-1` is known already");
    // Withdrawn, it is gone for good.
    service.delete("/v1/items/new-2").ok();
    service
        .get("/v1/items/new-2/similar")
        .refused(404, "was withdrawn");
    assert!(
        !String::from_utf8(work.read("run.items.jsonl"))
            .unwrap()
            .contains("new-2")
    );
    let again = json!({"items": [{"item": "new-2", "features": {"title": "x"}}]});
    service
        .post("/v1/items", &again)
        .refused(422, "was withdrawn");
    service.stop();
    let service = Service::start(&work, &["--run", "run"]);
    service.get("/v1/items/new-2/similar").refused(404, "");
    service.stop();
    // The file is an item file for a training, beside the one there is.
    std::fs::create_dir(work.path("items")).unwrap();
    std::fs::copy(work.path("films.csv"), work.path("items/films.csv")).unwrap();
    std::fs::copy(work.path("run.items.jsonl"), work.path("items/new.jsonl")).unwrap();
    work.write(
        "more.csv",
        b"user_id,item_id,rating,timestamp\nuser-1,new-1,5,1600000000\n",
    );
    let train = [
        "train", "log.csv", "more.csv", "--model", "pinsage", "--dim", "8", "--epochs", "1",
    ];
    let features = [
        "--set",
        "features.categories=[\"genres\"]",
        "--items",
        "items",
    ];
    work.succeed(&[&train[..], &features, &["--out", "next", "-q"]].concat());
    let items: Vec<String> = serde_json::from_slice(&work.read("next/items.json")).unwrap();
    let titles: Vec<Value> = serde_json::from_slice(&work.read("next/titles.json")).unwrap();
    let at = items.iter().position(|item| item == "new-1").unwrap();
    assert_eq!(titles[at], "Film 3 of 0");
}

/// With vectors of pictures, as the command reads them of a file.
#[test]
fn vectors_come_with_the_request() {
    let work = crate::new_items::trained();
    let rows = String::from_utf8(work.read("new.csv")).unwrap();
    let mut lines = rows.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let header = lines.next().unwrap();
    let pictures = work.read("new.npy");
    let floats: Vec<f32> = pictures[pictures.len() - 10 * 8 * 4..]
        .chunks(4)
        .map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap()))
        .collect();
    let items: Vec<Value> = lines
        .zip(floats.chunks(8))
        .map(|(fields, picture)| {
            let features: serde_json::Map<String, Value> = header
                .iter()
                .zip(&fields)
                .skip(1)
                .filter(|(name, _)| ["title", "topic"].contains(*name))
                .map(|(name, field)| ((*name).to_owned(), json!(field)))
                .collect();
            json!({"item": fields[0], "features": features, "vectors": [picture]})
        })
        .collect();
    let service = Service::start(&work, &["--run", "run"]);
    let mut wrong = items[0].clone();
    wrong["vectors"] = json!([[1.0, 2.0]]);
    service
        .post("/v1/items", &json!({"items": [wrong]}))
        .refused(422, "has 2 numbers, and the model was trained with 8");
    let mut two = items[0].clone();
    two["vectors"] = json!([[], []]);
    service.post("/v1/items", &json!({"items": [two]})).refused(
        422,
        "it has 2 vectors, and the model was trained with 1 files",
    );
    service.post("/v1/items", &json!({"items": items})).ok();
    let with = ["--with", "new.csv", "--with-vectors", "new.npy", "-k", "20"];
    for item in ["195", "190"] {
        let near = work.json(&[&["similar", "--run", "run", "--item", item][..], &with].concat());
        same(
            &service.get(&format!("/v1/items/{item}/similar?k=20")).ok(),
            &near,
            item,
        );
    }
    service.stop();
    let service = Service::start(&work, &["--run", "run"]);
    let near = work.json(&[&["similar", "--run", "run", "--item", "195"][..], &with].concat());
    same(
        &service.get("/v1/items/195/similar?k=20").ok(),
        &near,
        "after a start",
    );
    service.stop();
}

#[test]
fn what_is_wrong_with_new_items_is_told_and_none_is_taken() {
    let work = trained();
    let service = Service::start(&work, &["--run", "run", "--max-batch", "3"]);
    let refused = |items: Value, status: u16, expected: &str| {
        service
            .post("/v1/items", &json!({"items": items}))
            .refused(status, expected);
    };
    let good = json!({"item": "good", "features": {"title": "A film"}});
    let with = |bad: Value| json!([good, bad]);
    refused(
        with(json!({"item": 17, "features": {"title": "x"}})),
        409,
        "`17` is known already",
    );
    refused(
        with(json!({"item": "x", "features": {"colour": "red"}})),
        422,
        "no column `colour`",
    );
    refused(
        with(json!({"item": "x", "features": {"title": {}}})),
        422,
        "neither a text nor a number",
    );
    refused(
        with(json!({"item": "x", "features": {"genres": ["a|b"]}})),
        422,
        "what stands between",
    );
    refused(with(json!({"item": "x"})), 422, "has no feature");
    refused(
        with(json!({"item": "x", "features": {"title": "x"}, "vectors": [[1]]})),
        422,
        "0 files",
    );
    refused(with(good.clone()), 422, "stands twice");
    refused(with(json!({"item": ""})), 422, "a key is empty");
    refused(
        with(json!({"item": "x", "colour": 1})),
        422,
        "unknown field `colour`",
    );
    refused(json!([]), 422, "is empty");
    refused(json!([1, 2, 3, 4]), 422, "invalid type: integer `1`");
    let many: Vec<Value> = (0..4)
        .map(|n| json!({"item": format!("x{n}"), "features": {"title": "x"}}))
        .collect();
    refused(json!(many), 413, "--max-batch");
    service.get("/v1/items/good/similar").refused(404, "");
    assert!(!work.path("run.items.jsonl").exists());
    service.stop();
    // A model of ids has nothing to say of what is new.
    train(&work, "ease", "ease");
    let service = Service::start(&work, &["--run", "ease"]);
    service
        .post("/v1/items", &json!({"items": [good]}))
        .refused(501, "sagebrush train --model pinsage");
    service.stop();
    // A line that is no item keeps the service from starting, and is named.
    work.write("run.items.jsonl", b"{\"title\":\"x\"}\n");
    work.refused(
        &["serve", "--run", "run", "--port", "0"],
        65,
        "run.items.jsonl: damaged: line 1: ",
    );
}

/// Kills the service at some moment while new items come in from several sides.
#[test]
fn new_items_that_were_acknowledged_survive_a_kill() {
    let work = trained();
    let acknowledged = Mutex::new(HashSet::new());
    for round in 0..3u64 {
        let service = Service::start(&work, &["--run", "run"]);
        let after = std::time::Duration::from_millis(300 + 110 * round);
        service.kill_while(after, 3, |side, client| {
            for n in 0.. {
                let key = format!("r{round}-s{side}-n{n}");
                let title = format!("Film {n} of {side}");
                let item = json!({"item": key, "features": {"title": title}});
                let body = json!({"items": [item]}).to_string();
                match client.ask(&request("POST", "/v1/items", &[], body.as_bytes())) {
                    Ok(answer) if answer.status == 200 => {
                        acknowledged.lock().unwrap().insert(key);
                    }
                    _ => return,
                }
            }
        });
    }
    let acknowledged = acknowledged.into_inner().unwrap();
    println!("{} were acknowledged before the kills", acknowledged.len());
    assert!(
        acknowledged.len() > 5,
        "{} were acknowledged",
        acknowledged.len()
    );
    let mut file = work.read("run.items.jsonl");
    file.extend_from_slice(b"{\"item_id\":\"torn");
    work.write("run.items.jsonl", &file);
    let service = Service::start(&work, &["--run", "run"]);
    let mut client = service.client();
    for item in &acknowledged {
        let asked = request("GET", &format!("/v1/items/{item}/similar?k=3"), &[], b"");
        assert_eq!(
            client.ask(&asked).unwrap().ok()["items"]
                .as_array()
                .unwrap()
                .len(),
            3
        );
    }
    service.stop();
}
