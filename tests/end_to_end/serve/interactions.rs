//! Interactions as they happen: seen at once, kept through a kill, by one process at a time.

use std::collections::{BTreeSet, HashSet};
use std::sync::Mutex;
use std::time::Duration;

use serde_json::{Value, json};

use super::Service;
use super::http::request;
use super::lists::{places, train};
use crate::data::Workspace;

fn items(answer: &Value) -> Vec<String> {
    places(answer).into_iter().map(|(item, _)| item).collect()
}

fn take(service: &Service, pairs: &[(&str, &str)]) -> Value {
    let row = |(user, item): &(&str, &str)| json!({"user": user, "item": item});
    let rows: Vec<Value> = pairs.iter().map(row).collect();
    service
        .post("/v1/interactions", &json!({"interactions": rows}))
        .ok()
}

/// What the run knows a user by: the lists of the log, but for what is held out to test.
fn list(service: &Service, user: &str, k: usize) -> Value {
    service
        .get(&format!("/v1/users/{user}/recommendations?k={k}"))
        .ok()
}

#[test]
fn lists_follow_what_was_taken_at_once() {
    let work = Workspace::new();
    for model in ["mf", "gf-cf", "ease", "item-knn", "ials"] {
        train(&work, model, model);
        let service = Service::start(&work, &["--run", model]);
        // Somebody new is served as her history is.
        let taken = take(
            &service,
            &[
                ("newcomer", "16"),
                ("newcomer", "18"),
                ("newcomer", "later"),
            ],
        );
        assert_eq!(taken["accepted"], 3);
        assert_eq!(
            taken["unknown_items"],
            json!({"count": 1, "keys": ["later"]})
        );
        let history = [
            "recommend",
            "--run",
            model,
            "--history",
            "16,18",
            "-k",
            "60",
        ];
        let rows = work.json(&history);
        let expected: Vec<f64> = rows
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["score"].as_f64().unwrap())
            .collect();
        let newcomer = list(&service, "newcomer", 60);
        assert_eq!(newcomer["source"], "model", "{model}");
        let scores: Vec<f64> = places(&newcomer)
            .into_iter()
            .map(|(_, score)| score)
            .collect();
        assert_eq!(scores, expected, "{model}");
        assert!(
            !items(&newcomer)
                .iter()
                .any(|item| item == "16" || item == "18")
        );
        // A known user's list leaves the new item out, and is another one.
        let before = list(&service, "user-5", 60);
        let first = items(&before)[0].clone();
        take(&service, &[("user-5", &first)]);
        let after = list(&service, "user-5", 60);
        assert_eq!(after["source"], "model");
        let mut expected: BTreeSet<String> = items(&before).into_iter().collect();
        expected.remove(&first);
        assert_eq!(
            items(&after).into_iter().collect::<BTreeSet<_>>(),
            expected,
            "{model}"
        );
        let score = |answer: &Value| places(answer).last().unwrap().1;
        assert_ne!(score(&before), score(&after), "{model}: the vector follows");
        let seen = service
            .get("/v1/users/user-5/recommendations?k=60&include_seen=true")
            .ok();
        assert!(items(&seen).contains(&first));
        let batch = json!({"users": ["user-5", "user-6", "newcomer"], "filters": {"k": 60}});
        let batch = service.post("/v1/users/recommendations", &batch).ok();
        assert_eq!(places(&batch["lists"][0]), places(&after), "{model}");
        assert_eq!(places(&batch["lists"][2]), places(&newcomer), "{model}");
        // The same after a start.
        service.stop();
        let service = Service::start(&work, &["--run", model]);
        assert_eq!(
            places(&list(&service, "user-5", 60)),
            places(&after),
            "{model}"
        );
        assert_eq!(
            places(&list(&service, "newcomer", 60)),
            places(&newcomer),
            "{model}"
        );
        service.stop();
    }
}

/// Where histories are weighed by age the new item counts as much as the newest, and PinSAGE's users are means of items.
#[test]
fn lists_follow_where_histories_are_weighed_and_where_users_are_means() {
    let work = Workspace::new();
    let mut films = "item_id,title,genres\n".to_owned();
    for item in 0..60 {
        films.push_str(&format!(
            "{item},Film {item} of {},g{}\n",
            item / 15,
            item / 15
        ));
    }
    work.write("films.csv", films.as_bytes());
    let by_age = [
        "--model",
        "gf-cf",
        "--set",
        "filter.half_life_days=9",
        "--set",
        "filter.vectors=6",
    ];
    let means = [
        "--model",
        "pinsage",
        "--items",
        "films.csv",
        "--dim",
        "8",
        "--epochs",
        "1",
    ];
    for more in [&by_age[..], &means] {
        let out = more[1];
        work.succeed(&[&["train", "log.csv", "--out", out, "-q"], more].concat());
        let service = Service::start(&work, &["--run", out]);
        let before = list(&service, "user-5", 60);
        let first = items(&before)[0].clone();
        take(&service, &[("user-5", &first), ("newcomer", "16")]);
        let after = list(&service, "user-5", 60);
        assert!(!items(&after).contains(&first), "{out}");
        assert_ne!(
            places(&after)[..5],
            places(&before)[1..6],
            "{out}: the vector follows"
        );
        let rows = work.json(&["recommend", "--run", out, "--history", "16", "-k", "60"]);
        let scores = |rows: &Value| {
            let rows = rows.as_array().unwrap().iter();
            rows.map(|row| row["score"].as_f64().unwrap())
                .collect::<Vec<_>>()
        };
        let newcomer = list(&service, "newcomer", 60);
        assert_eq!(scores(&newcomer["items"]), scores(&rows), "{out}");
        service.stop();
    }
}

/// With a map that places users, one who takes nothing new is served by the model's own vector.
#[test]
fn what_the_run_knows_already_changes_nothing() {
    let work = Workspace::new();
    train(&work, "mf", "run");
    let service = Service::start(&work, &["--run", "run"]);
    let log = String::from_utf8(work.read("log.csv")).unwrap();
    let mut rows: Vec<Vec<&str>> = log
        .lines()
        .skip(1)
        .map(|row| row.split(',').collect())
        .collect();
    rows.sort_by_key(|row| row[3].parse::<u64>().unwrap());
    let oldest = rows.iter().find(|row| row[0] == "user-5").unwrap();
    let before = list(&service, "user-5", 30);
    take(&service, &[("user-5", oldest[1])]);
    assert_eq!(places(&list(&service, "user-5", 30)), places(&before));
    service.stop();
}

#[test]
fn a_refresh_reads_the_file_and_the_service_goes_on() {
    let work = Workspace::new();
    train(&work, "gf-cf", "run");
    let service = Service::start(&work, &["--run", "run", "--watch"]);
    let before = list(&service, "user-7", 60);
    let first = items(&before)[0].clone();
    take(&service, &[("user-7", &first), ("quo\"te\\d, user", "17")]);
    let after = list(&service, "user-7", 60);
    let done = work.json(&["refresh", "--run", "run", "run.interactions.jsonl"]);
    assert_eq!(done["refreshed"]["interactions"], 2, "{done}");
    assert_eq!(done["refreshed"]["users"], 1);
    service.wait_for("the refreshed run", |service| {
        service.metric("sagebrush_reloads_total{result=\"done\"}") == 1.0
    });
    let refreshed = list(&service, "user-7", 60);
    assert_ne!(refreshed["run"], before["run"]);
    let set = |answer: &Value| items(answer).into_iter().collect::<BTreeSet<_>>();
    assert_eq!(set(&refreshed), set(&after));
    service.stop();
}

/// Kills the service at some moment while interactions come in from several sides.
#[test]
fn what_was_acknowledged_survives_a_kill() {
    let work = Workspace::new();
    train(&work, "mf", "run");
    let acknowledged = Mutex::new(HashSet::new());
    for round in 0..3u64 {
        let service = Service::start(&work, &["--run", "run"]);
        let after = Duration::from_millis(150 + 70 * round);
        service.kill_while(after, 4, |side, client| {
            for n in 0.. {
                let user = format!("r{round}-s{side}-n{n}");
                let item = (n % 60).to_string();
                let body = json!({"interactions": [{"user": user, "item": item, "time": n}]});
                let bytes = request("POST", "/v1/interactions", &[], body.to_string().as_bytes());
                match client.ask(&bytes) {
                    Ok(answer) if answer.status == 200 => {
                        acknowledged.lock().unwrap().insert((user, item));
                    }
                    _ => return,
                }
            }
        });
    }
    let acknowledged = acknowledged.into_inner().unwrap();
    assert!(
        acknowledged.len() > 20,
        "{} were acknowledged",
        acknowledged.len()
    );
    // A line that a crash tore is no obstacle.
    let mut file = work.read("run.interactions.jsonl");
    file.extend_from_slice(b"{\"user_id\":\"torn");
    work.write("run.interactions.jsonl", &file);
    let service = Service::start(&work, &["--run", "run"]);
    let text = String::from_utf8(work.read("run.interactions.jsonl")).unwrap();
    assert!(text.ends_with("}\n"), "the torn line is cut off");
    let kept: HashSet<(String, String)> = text
        .lines()
        .map(|line| {
            let row: Value = serde_json::from_str(line).unwrap();
            let text = |name: &str| row[name].as_str().unwrap().to_owned();
            (text("user_id"), text("item_id"))
        })
        .collect();
    assert!(acknowledged.is_subset(&kept));
    for (user, item) in acknowledged.iter().take(50) {
        let answer = list(&service, user, 60);
        assert_eq!(answer["source"], "model");
        assert!(!items(&answer).contains(item), "{user} {item}");
    }
    service.stop();
}

#[test]
fn one_service_at_a_time_keeps_a_file() {
    let work = Workspace::new();
    train(&work, "popularity", "run");
    let service = Service::start(&work, &["--run", "run"]);
    take(&service, &[("a", "1")]);
    let serve = ["serve", "--run", "run", "--port", "0"];
    let refused = work.refused(
        &serve,
        75,
        "run.interactions.jsonl is being written by another sagebrush",
    );
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(
        said.contains(&format!("serve, process {}", service.id())),
        "{said}"
    );
    assert!(said.contains("--read-only"), "{said}");
    let reader = Service::start(&work, &["--run", "run", "--read-only"]);
    let body = json!({"interactions": [{"user": "a", "item": "1"}]});
    reader
        .post("/v1/interactions", &body)
        .refused(501, "--read-only");
    reader.stop();
    let other = Service::start(&work, &["--run", "run", "--interactions", "other.jsonl"]);
    take(&other, &[("b", "2")]);
    other.stop();
    // A file that is moved away is begun anew.
    std::fs::rename(
        work.path("run.interactions.jsonl"),
        work.path("moved.jsonl"),
    )
    .unwrap();
    take(&service, &[("c", "3")]);
    assert!(
        String::from_utf8(work.read("run.interactions.jsonl"))
            .unwrap()
            .contains("\"c\"")
    );
    assert!(
        String::from_utf8(work.read("moved.jsonl"))
            .unwrap()
            .contains("\"a\"")
    );
    service.stop();
    let service = Service::start(&work, &["--run", "run"]);
    service.stop();
    assert!(!work.path(".run.interactions.jsonl.sagebrush-lock").exists());
}

#[test]
fn a_file_that_is_none_is_refused() {
    let work = Workspace::new();
    train(&work, "popularity", "run");
    work.write(
        "run.interactions.jsonl",
        b"{\"user_id\":\"a\",\"item_id\":\"b\",\"timestamp\":1}\nuser,item\n",
    );
    let serve = ["serve", "--run", "run", "--port", "0"];
    work.refused(&serve, 65, "run.interactions.jsonl: damaged: line 2: ");
}

#[test]
fn a_full_disk_takes_no_interaction_and_loses_none() {
    if std::process::Command::new("dash")
        .args(["-c", "true"])
        .status()
        .is_err()
    {
        println!("skipped: there is no dash to set a limit with");
        return;
    }
    let work = Workspace::new();
    train(&work, "popularity", "run");
    let service = Service::start_on_small_disk(&work, 16, "run");
    let body = |n: usize| {
        let row = |at: usize| json!({"user": format!("u{n}-{at}"), "item": "3", "time": 1});
        json!({"interactions": (0..25).map(row).collect::<Vec<_>>()})
    };
    let mut n_taken = 0;
    let refused = loop {
        let answer = service.post("/v1/interactions", &body(n_taken));
        match answer.status {
            200 => n_taken += 1,
            _ => break answer,
        }
        assert!(n_taken < 100, "the disk is never full");
    };
    refused.refused(503, "were not taken");
    assert!(n_taken > 1);
    service
        .post("/v1/interactions", &body(n_taken))
        .refused(503, "were not taken");
    let one = json!({"interactions": [{"user": "last", "item": "3", "time": 1}]});
    service.post("/v1/interactions", &one).ok();
    assert_eq!(
        service.metric("sagebrush_interactions_total"),
        (25 * n_taken + 1) as f64
    );
    service.get("/v1/users/user-5/recommendations").ok();
    assert!(
        service.log().contains("cannot be written"),
        "{}",
        service.log()
    );
    service.stop();
    let service = Service::start(&work, &["--run", "run"]);
    let kept = String::from_utf8(work.read("run.interactions.jsonl")).unwrap();
    assert_eq!(kept.lines().count(), 25 * n_taken + 1);
    take(&service, &[("after", "3")]);
    service.stop();
}
