//! Another run takes the place of the one that is served: no request fails, and no answer is of both.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use serde_json::Value;

use super::Service;
use super::http::request;
use super::lists::{places, train};
use crate::data::Workspace;

/// Leads the link `current` to a run, in one step.
fn publish(work: &Workspace, run: &str) {
    publish_as(work, run, "current");
}

/// The same with a link of another name.
pub(super) fn publish_as(work: &Workspace, run: &str, link: &str) {
    let aside = work.path("link.new");
    std::os::unix::fs::symlink(run, &aside).unwrap();
    std::fs::rename(&aside, work.path(link)).unwrap();
}

/// The list of each user, by the id of its run, as a service of that run alone gives it.
pub(super) fn expected(work: &Workspace, run: &str) -> (String, BTreeMap<String, Value>) {
    let service = Service::start(work, &["--run", run, "--read-only"]);
    let list = |user: u32| {
        let path = format!("/v1/users/user-{user}/recommendations?k=15");
        (path.clone(), service.get(&path).ok())
    };
    let lists: BTreeMap<String, Value> = (0..40).map(list).collect();
    let id = service.get("/version").ok()["run"]
        .as_str()
        .unwrap()
        .to_owned();
    service.stop();
    (id, lists)
}

#[test]
fn a_reload_under_load_drops_nothing_and_mixes_nothing() {
    let work = Workspace::new();
    train(&work, "mf", "a");
    train(&work, "gf-cf", "b");
    let expected: BTreeMap<_, _> = ["a", "b"].map(|run| expected(&work, run)).into();
    assert_eq!(expected.len(), 2, "each run has its id");
    publish(&work, "a");
    let service = Service::start(&work, &["--run", "current", "--watch", "--read-only"]);
    let (is_over, answered) = (AtomicBool::new(false), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for at in 0..4 {
            let (service, expected, is_over, answered) = (&service, &expected, &is_over, &answered);
            scope.spawn(move || {
                let mut client = service.client();
                let paths: Vec<&String> = expected.values().next().unwrap().keys().collect();
                for path in paths.iter().cycle().skip(at * 10) {
                    if is_over.load(Ordering::Relaxed) {
                        return;
                    }
                    let answer = client.ask(&request("GET", path, &[], b"")).unwrap();
                    let body = answer.ok();
                    let run = body["run"].as_str().unwrap();
                    assert_eq!(answer.header("sagebrush-run"), Some(run));
                    assert_eq!(body, expected[run][*path], "{path}");
                    answered.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        for (n, run) in (1..).zip(["b", "a", "b"]) {
            publish(&work, run);
            if n % 2 == 0 {
                service.signal(libc::SIGHUP);
            }
            let done = "sagebrush_reloads_total{result=\"done\"}";
            service.wait_for("a reload", |service| service.metric(done) >= f64::from(n));
            let before = answered.load(Ordering::Relaxed);
            service.wait_for("answers", |_| {
                answered.load(Ordering::Relaxed) > before + 200
            });
        }
        is_over.store(true, Ordering::Relaxed);
    });
    service.wait_for("the old runs to be freed", |service| {
        service.metric("sagebrush_runs_in_memory") == 1.0
    });
    let (id, _) = super::reload::expected(&work, "b");
    assert_eq!(
        service.metric(&format!("sagebrush_run{{run=\"{id}\"}}")),
        1.0
    );
    service.stop();
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let to = to.join(path.file_name().unwrap());
        match path.is_dir() {
            true => copy(&path, &to),
            false => std::fs::copy(&path, &to).map(|_| ()).unwrap(),
        }
    }
}

#[test]
fn a_bad_run_is_refused_and_the_one_of_before_goes_on() {
    let work = Workspace::new();
    train(&work, "mf", "good");
    train(&work, "item-knn", "other");
    copy(&work.path("other"), &work.path("bad"));
    let mut bytes = work.read("bad/item_knn.safetensors");
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    work.write("bad/item_knn.safetensors", &bytes);
    publish(&work, "good");
    let service = Service::start(&work, &["--run", "current", "--watch", "--log", "json"]);
    let path = "/v1/users/user-3/recommendations";
    let before = service.get(path).ok();
    publish(&work, "bad");
    let refused = "sagebrush_reloads_total{result=\"refused\"}";
    service.wait_for("the refusal", |service| service.metric(refused) >= 1.0);
    assert_eq!(service.get(path).ok(), before);
    let log = service.log();
    let line = log
        .lines()
        .find(|line| line.contains("is refused"))
        .unwrap();
    let line: Value = serde_json::from_str(line).unwrap();
    assert_eq!(line["level"], "WARN");
    assert!(
        line["error"]
            .as_str()
            .unwrap()
            .contains("item_knn.safetensors: damaged"),
        "{line}"
    );
    for line in log.lines() {
        serde_json::from_str::<Value>(line).unwrap();
    }
    // Nothing there at all is refused, too, where somebody asks for it.
    std::fs::remove_file(work.path("current")).unwrap();
    service.signal(libc::SIGHUP);
    service.wait_for("the refusal", |service| {
        service.log().contains("no such run")
    });
    assert_eq!(service.get(path).ok(), before);
    publish(&work, "other");
    service.wait_for("the good one", |service| {
        service.get(path).ok()["run"] != before["run"]
    });
    assert_eq!(
        service.metric("sagebrush_reloads_total{result=\"done\"}"),
        1.0
    );
    service.stop();
}

#[test]
fn a_run_that_is_trained_anew_in_its_place_is_served() {
    let work = Workspace::new();
    train(&work, "popularity", "run");
    let service = Service::start(&work, &["--run", "run", "--watch"]);
    let path = "/v1/users/user-3/recommendations";
    let before = service.get(path).ok();
    let train = [
        "train",
        "log.csv",
        "--model",
        "ease",
        "--out",
        "run",
        "--overwrite",
        "-q",
    ];
    work.succeed(&train);
    service.wait_for("the new run", |service| {
        service.get(path).ok()["run"] != before["run"]
    });
    let rows = work.json(&["recommend", "--run", "run", "--user", "user-3"]);
    let scores: Vec<f64> = rows
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["score"].as_f64().unwrap())
        .collect();
    let answer = service.get(path).ok();
    assert_eq!(
        places(&answer)
            .into_iter()
            .map(|(_, score)| score)
            .collect::<Vec<_>>(),
        scores
    );
    service.stop();
}
