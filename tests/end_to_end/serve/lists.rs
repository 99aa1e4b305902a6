//! What is answered is what the commands list, for every kind of model.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Service;
use super::http::encoded;
use crate::data::{Workspace, quick};

/// One model of each kind of scorer.
const MODELS: [&str; 6] = ["mf", "gf-cf", "item-knn", "ease", "ials", "popularity"];

/// A run of a model on the log of the folder.
pub(crate) fn train(work: &Workspace, model: &str, out: &str) {
    let small: &[&str] = match model {
        "mf" => &["--dim", "8", "--epochs", "2", "--batch-size", "128"],
        "gf-cf" => &["--set", "filter.vectors=6"],
        "ials" => &["--set", "ials.dim=8"],
        _ => &[],
    };
    let train = ["train", "log.csv", "--model", model, "--out", out, "-q"];
    work.succeed(&[&train[..], small].concat());
}

/// The items of a list, with their scores.
type Places = Vec<(String, f64)>;

/// Lists by user, from the rows that the program prints.
fn by_user(rows: &Value) -> BTreeMap<String, Places> {
    let mut lists = BTreeMap::<String, Places>::new();
    for row in rows.as_array().unwrap() {
        let user = row["user"].as_str().unwrap_or("").to_owned();
        lists.entry(user).or_default().extend(place(row));
    }
    lists
}

/// Commands print the keys of a log of numbers as numbers; answers have texts.
fn place(row: &Value) -> Option<(String, f64)> {
    let item = &row["item"];
    let item = item
        .as_str()
        .map_or_else(|| item.to_string(), str::to_owned);
    Some((item, row["score"].as_f64()?))
}

/// The places of an answer, which count from 1.
pub(crate) fn places(answer: &Value) -> Places {
    let items = answer["items"].as_array().unwrap();
    for (rank, place) in (1..).zip(items) {
        assert_eq!(place["rank"], rank);
        assert!(place["item"].is_string());
    }
    items.iter().filter_map(place).collect()
}

#[test]
fn answers_are_what_the_commands_list_for_every_kind_of_model() {
    let work = Workspace::new();
    work.write("only.txt", b"3\n17\n18\n19\n44\n59\n");
    work.write("exclude.txt", b"17\n20\n21\n");
    for model in MODELS {
        train(&work, model, model);
        let service = Service::start(&work, &["--run", model, "--read-only"]);
        let all = by_user(&work.json(&["recommend", "--run", model, "--all", "-k", "7"]));
        assert_eq!(all.len(), 120);
        let id = service.get("/version").ok()["run"].clone();
        for (user, expected) in &all {
            let answer = service.get(&format!("/v1/users/{user}/recommendations?k=7"));
            assert_eq!(answer.header("sagebrush-run"), id.as_str());
            let answer = answer.ok();
            assert_eq!(&places(&answer), expected, "{model} {user}");
            assert_eq!((&answer["run"], &answer["user"]), (&id, &json!(user)));
        }
        let users: Vec<&String> = all.keys().collect();
        let batch = json!({"users": users, "filters": {"k": 7}});
        let batch = service.post("/v1/users/recommendations", &batch).ok();
        assert_eq!(batch["run"], id);
        for (list, (user, expected)) in batch["lists"].as_array().unwrap().iter().zip(&all) {
            assert_eq!(list["user"], json!(user));
            assert_eq!(&places(list), expected, "{model} {user}");
        }
        filtered(&work, model, &service);
        histories(&work, model, &service);
        similar(&work, model, &service);
        strangers(model, &service);
        reranked(&work, model, &service);
        explained(&work, model, &service);
        service.stop();
    }
}

fn reranked(work: &Workspace, model: &str, service: &Service) {
    let query = "/v1/users/user-5/recommendations?k=4&diversity=0.4&damp_popularity=0.2";
    if model == "popularity" {
        let refused = service.get(query);
        assert_eq!(refused.status, 422);
        assert!(refused.json()["error"].as_str().unwrap().contains("alike"));
        return;
    }
    let recommend = ["recommend", "--run", model, "--user", "user-5", "-k", "4"];
    let flags = ["--diversity", "0.4", "--damp-popularity", "0.2"];
    let expected = by_user(&work.json(&[&recommend[..], &flags].concat()));
    assert_eq!(
        places(&service.get(query).ok()),
        expected["user-5"],
        "{model}"
    );
    let filters = json!({"k": 4, "diversity": 0.4, "damp_popularity": 0.2});
    let batch = json!({"users": ["user-5"], "filters": filters});
    let batch = service.post("/v1/users/recommendations", &batch).ok();
    assert_eq!(places(&batch["lists"][0]), expected["user-5"], "{model}");
    let wrong = service.get("/v1/users/user-5/recommendations?diversity=2");
    assert_eq!(wrong.status, 422);
}

/// The reasons that the program prints, whose keys are numbers there.
fn explained(work: &Workspace, model: &str, service: &Service) {
    let recommend = ["recommend", "--run", model, "--user", "user-5", "-k", "4"];
    let rows = work.json(&[&recommend[..], &["--why", "--reasons", "2"]].concat());
    let answer = service
        .get("/v1/users/user-5/recommendations?k=4&explain=2")
        .ok();
    let places = answer["items"].as_array().unwrap();
    for (row, place) in rows.as_array().unwrap().iter().zip(places) {
        let (expected, why) = (&row["why"], &place["why"]);
        assert_eq!(why["how"], expected["how"], "{model}");
        for term in ["popularity", "rest"] {
            let of = |why: &Value| why[term].as_f64().unwrap();
            let error = (of(why) - of(expected)).abs();
            assert!(error < 1e-5 * (1.0 + of(expected).abs()), "{model} {term}");
        }
        let shares = |why: &Value| -> Vec<f32> {
            let items = why["items"].as_array().unwrap().iter();
            items
                .map(|item| item["share"].as_f64().unwrap() as f32)
                .collect()
        };
        assert_eq!(shares(why), shares(expected), "{model}");
        assert!(shares(why).len() <= 2);
    }
    let history = json!({"histories": [["3", "17"]], "filters": {"k": 2, "explain": 2}});
    let list = &service.post("/v1/recommendations", &history).ok()["lists"][0];
    let how = if model == "popularity" {
        "popularity"
    } else {
        "exact"
    };
    assert_eq!(list["items"][0]["why"]["how"], how, "{model}");
}

fn filtered(work: &Workspace, model: &str, service: &Service) {
    let recommend = ["recommend", "--run", model, "--user", "user-5", "-k", "4"];
    for (flags, query) in [
        (
            &["--only", "only.txt"][..],
            "only=3,17,18&only=19&only=44,59",
        ),
        (&["--exclude", "exclude.txt"], "exclude=17,20,21"),
        (
            &["--only", "only.txt", "--exclude", "exclude.txt"],
            "only=3,17,18,19,44,59&exclude=17",
        ),
        (&["--include-seen"], "include_seen=true"),
    ] {
        let expected = by_user(&work.json(&[&recommend[..], flags].concat()));
        let answer = service
            .get(&format!("/v1/users/user-5/recommendations?k=4&{query}"))
            .ok();
        assert_eq!(places(&answer), expected["user-5"], "{model} {query}");
        assert!(answer["unknown_items"].is_null(), "{answer}");
    }
    let named = service
        .get("/v1/users/user-5/recommendations?only=3,none&exclude=nil,17")
        .ok();
    assert_eq!(
        named["unknown_items"],
        json!({"count": 2, "keys": ["none", "nil"]})
    );
    assert!(places(&named).iter().all(|(item, _)| item == "3"));
}

fn histories(work: &Workspace, model: &str, service: &Service) {
    let history = [
        "recommend",
        "--run",
        model,
        "--history",
        "16,18,25",
        "-k",
        "6",
    ];
    let expected = by_user(&work.json(&history)).into_values().next().unwrap();
    let histories = json!([["16", "18", "25"], [16, 18, 25, 16, "none"], [], ["none"]]);
    let asked = json!({"histories": histories, "filters": {"k": 6}});
    let answer = service.post("/v1/recommendations", &asked).ok();
    let lists = answer["lists"].as_array().unwrap();
    assert_eq!(lists.len(), 4);
    for list in &lists[..2] {
        assert_eq!(places(list), expected, "{model}");
        assert_eq!(list["source"], "model");
    }
    assert!(lists[0]["unknown_items"].is_null());
    assert_eq!(
        lists[1]["unknown_items"],
        json!({"count": 1, "keys": ["none"]})
    );
    assert_eq!(lists[2]["error"], "the history is empty");
    assert_eq!(lists[3]["source"], "popularity");
    assert_eq!(places(&lists[3]).len(), 6);
}

fn similar(work: &Workspace, model: &str, service: &Service) {
    let rows = work.json(&["similar", "--run", model, "--item", "17", "-k", "5"]);
    let expected: Places = rows.as_array().unwrap().iter().filter_map(place).collect();
    let answer = service.get("/v1/items/17/similar?k=5").ok();
    assert_eq!(places(&answer), expected, "{model}");
    service
        .get("/v1/items/nothing/similar")
        .refused(404, "unknown item `nothing`");
}

/// Whom the run does not know is served what is popular, and what is known of whom it knows is the model's.
fn strangers(model: &str, service: &Service) {
    let answer = service.get("/v1/users/nobody/recommendations?k=5").ok();
    assert_eq!(answer["source"], "popularity", "{model}");
    assert_eq!(answer["user"], "nobody");
    assert_eq!(places(&answer).len(), 5);
    let known = service.get("/v1/users/user-5/recommendations").ok();
    assert_eq!(known["source"], "model");
    let both = json!({"users": ["nobody", "user-5", "nobody"], "filters": {"k": 5}});
    let both = service.post("/v1/users/recommendations", &both).ok();
    assert_eq!(places(&both["lists"][0]), places(&answer));
    assert_eq!(places(&both["lists"][1])[..], places(&known)[..5]);
    assert_eq!(both["lists"][2]["source"], "popularity");
}

#[test]
fn requests_at_once_share_passes_and_get_their_own_lists() {
    let work = Workspace::new();
    train(&work, "mf", "run");
    let service = Service::start(&work, &["--run", "run", "--read-only"]);
    let all = by_user(&work.json(&["recommend", "--run", "run", "--all", "-k", "20"]));
    std::thread::scope(|scope| {
        for at in 0..16 {
            let (service, all) = (&service, &all);
            scope.spawn(move || {
                let mut client = service.client();
                for (n, (user, expected)) in all.iter().cycle().skip(at * 7).take(200).enumerate() {
                    let k = 1 + (n + at) % 20;
                    let path = format!("/v1/users/{user}/recommendations?k={k}");
                    let request = super::http::request("GET", &path, &[], b"");
                    let answer = client.ask(&request).unwrap().ok();
                    assert_eq!(
                        places(&answer)[..],
                        expected[..k.min(expected.len())],
                        "{path}"
                    );
                }
            });
        }
    });
    let route = "{route=\"/v1/users/{key}/recommendations\",method=\"GET\",status=\"200\"}";
    assert_eq!(
        service.metric(&format!("sagebrush_requests_total{route}")),
        3200.0
    );
    assert_eq!(
        service.metric("sagebrush_lists_total{source=\"model\"}"),
        3200.0
    );
    assert_eq!(
        service.metric("sagebrush_requests_in_flight"),
        1.0,
        "this one"
    );
    service.stop();
}

#[test]
fn keys_are_whatever_the_log_has() {
    let keys = ["a/b c", "Жанна", "100%", "x?y#z", "..", "a,b", "naïve&=+"];
    let mut log = "user_id,item_id\n".to_owned();
    for (at, user) in keys.iter().enumerate() {
        for item in 0..5 {
            log.push_str(&format!(
                "\"{user}\",\"{}/{item}\"\n",
                keys[(at + item) % keys.len()]
            ));
        }
        for item in ["common one", "common/two"] {
            log.push_str(&format!("\"{user}\",\"{item}\"\n"));
        }
    }
    let work = Workspace::new();
    work.write("keys.csv", log.as_bytes());
    work.succeed(&[
        "train",
        "keys.csv",
        "--model",
        "popularity",
        "--split",
        "random",
        "--out",
        "run",
        "-q",
    ]);
    let service = Service::start(&work, &["--run", "run", "--read-only"]);
    for user in keys {
        let expected =
            by_user(&work.json(&["recommend", "--run", "run", "--user", user, "-k", "9"]));
        let answer = service
            .get(&format!("/v1/users/{}/recommendations?k=9", encoded(user)))
            .ok();
        assert_eq!(answer["user"], user);
        assert_eq!(places(&answer), expected[user], "{user}");
    }
    let similar = service.get("/v1/items/common%2Ftwo/similar?k=2").ok();
    assert_eq!(similar["item"], "common/two");
    service
        .get("/v1/items/common/two/similar")
        .refused(404, "%2F");
    let excluded = format!(
        "/v1/users/a%2Fb%20c/recommendations?k=50&exclude={}",
        encoded("a,b/3")
    );
    let answer = service.get(&excluded).ok();
    assert!(
        answer["unknown_items"].is_null(),
        "a key with a comma is a key: {answer}"
    );
    service.stop();
}

#[test]
fn categories_filter_and_titles_are_told() {
    let work = Workspace::new();
    let mut films = "item_id,title,category\n".to_owned();
    for item in 0..60 {
        films.push_str(&format!(
            "{item},Film {item},{}\n",
            ["Odd", "Even"][usize::from(item % 2 == 0)]
        ));
    }
    work.write("films.csv", films.as_bytes());
    work.succeed(&[&quick("log.csv", "run")[..], &["--items", "films.csv"]].concat());
    let service = Service::start(&work, &["--run", "run", "--read-only"]);
    let recommend = [
        "recommend",
        "--run",
        "run",
        "--user",
        "user-9",
        "-k",
        "5",
        "--category",
        "Even",
    ];
    let rows = work.json(&recommend);
    let answer = service
        .get("/v1/users/user-9/recommendations?k=5&category=Even")
        .ok();
    assert_eq!(
        places(&answer),
        by_user(&rows).into_values().next().unwrap()
    );
    for (place, row) in answer["items"]
        .as_array()
        .unwrap()
        .iter()
        .zip(rows.as_array().unwrap())
    {
        assert_eq!(place["title"], row["title"]);
    }
    let unknown = service.get("/v1/users/user-9/recommendations?category=None");
    unknown.refused(422, "no item has the category `None`");
    service.stop();
}
