//! Two runs side by side: a stable share of users each, and no list of both.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Service;
use super::http::{Answer, request};
use super::lists::train;
use super::reload::{expected, publish_as};
use crate::data::Workspace;

/// Users who are asked for; most of them are nobody's.
const N_USERS: u32 = 800;

fn path(user: &str) -> String {
    format!("/v1/users/{user}/recommendations?k=15")
}

/// A folder with two runs, and links `main` and `next` to them.
fn two_runs() -> Workspace {
    let work = Workspace::new();
    train(&work, "mf", "a");
    train(&work, "gf-cf", "b");
    publish_as(&work, "a", "main");
    publish_as(&work, "b", "next");
    work
}

fn start(work: &Workspace, more: &[&str]) -> Service {
    let arguments = ["--run", "main", "--also", "next=25%", "--watch"];
    Service::start(work, &[&arguments[..], more].concat())
}

/// The arm of an answer, which its body and its headers tell alike.
fn arm_of(answer: &Answer) -> String {
    let body = answer.ok();
    let arm = body["arm"].as_str().unwrap();
    assert_eq!(answer.header("sagebrush-arm"), Some(arm));
    assert_eq!(answer.header("sagebrush-run"), body["run"].as_str());
    arm.to_owned()
}

fn arms(service: &Service) -> Vec<String> {
    let mut client = service.client();
    let mut ask = |user: u32| {
        let path = path(&format!("user-{user}"));
        arm_of(&client.ask(&request("GET", &path, &[], b"")).unwrap())
    };
    (0..N_USERS).map(&mut ask).collect()
}

#[test]
fn shares_are_as_asked_and_the_same_after_a_restart() {
    let work = two_runs();
    let service = start(&work, &["--read-only"]);
    let first = arms(&service);
    let n = first.iter().filter(|arm| *arm == "next").count() as f64;
    let (all, share) = (f64::from(N_USERS), 0.25);
    let bound = 4.0 * (all * share * (1.0 - share)).sqrt();
    assert!((n - all * share).abs() <= bound, "{n} of {all} users");
    let version = service.get("/version").ok();
    assert_eq!(version["arms"][0]["arm"], "main");
    assert_eq!(version["arms"][0]["share"], 0.75);
    assert_eq!(version["arms"][1]["arm"], "next");
    assert_eq!(version["run"], version["arms"][0]["run"]);
    service.stop();
    let service = start(&work, &["--read-only"]);
    assert_eq!(arms(&service), first);
    service.stop();
    let service = start(&work, &["--read-only", "--salt", "another"]);
    assert_ne!(arms(&service), first);
    service.stop();
}

/// Lists of each run, by its id.
fn lists_of_runs(work: &Workspace) -> (BTreeMap<String, BTreeMap<String, Value>>, [String; 2]) {
    let [a, b] = ["a", "b"].map(|run| expected(work, run));
    let ids = [a.0.clone(), b.0.clone()];
    ([a, b].into(), ids)
}

/// The list of an answer without what tells where it is from.
fn bare(answer: &Value) -> Value {
    let mut bare = answer.clone();
    let members = bare.as_object_mut().unwrap();
    members.retain(|name, _| name != "run" && name != "arm");
    bare
}

#[test]
fn every_list_is_of_one_run_and_a_batch_has_those_of_each_alone() {
    let work = two_runs();
    let (expected, [a, b]) = lists_of_runs(&work);
    let service = start(&work, &["--read-only"]);
    let run_of = BTreeMap::from([("main", &a), ("next", &b)]);
    let users: Vec<String> = (0..40).map(|user| format!("user-{user}")).collect();
    let mut alone = Vec::new();
    for user in &users {
        let answer = service.get(&path(user)).ok();
        let run = answer["run"].as_str().unwrap();
        assert_eq!(run, run_of[answer["arm"].as_str().unwrap()]);
        assert_eq!(bare(&answer), bare(&expected[run][&path(user)]), "{user}");
        alone.push(answer);
        for (arm, run) in &run_of {
            let asked = service.get(&format!("{}&arm={arm}", path(user))).ok();
            assert_eq!((&asked["run"], &asked["arm"]), (&json!(run), &json!(arm)));
            assert_eq!(bare(&asked), bare(&expected[*run][&path(user)]), "{user}");
        }
    }
    let body = json!({"users": users, "filters": {"k": 15}});
    let answer = service.post("/v1/users/recommendations", &body);
    assert_eq!(answer.header("sagebrush-arm"), Some("main, next"));
    assert_eq!(answer.header("sagebrush-run"), Some(&*format!("{a}, {b}")));
    let batch = answer.ok();
    assert!(batch.get("run").is_none());
    assert_eq!(batch["lists"], json!(alone));
    let one = service.post("/v1/users/recommendations?arm=next", &body);
    assert_eq!(one.header("sagebrush-arm"), Some("next"));
    for list in one.ok()["lists"].as_array().unwrap() {
        assert_eq!(list["run"], json!(b));
    }
    // Items are similar by the first run, unless another one is asked for.
    let similar = service.get("/v1/items/17/similar");
    assert_eq!(arm_of(&similar), "main");
    assert_eq!(
        arm_of(&service.get("/v1/items/17/similar?arm=next")),
        "next"
    );
    let counted = |arm: &str| {
        service.metric(&format!(
            "sagebrush_requests_total{{route=\"/v1/users/{{key}}/recommendations\",method=\"GET\",status=\"200\",arm=\"{arm}\"}}"
        ))
    };
    let in_next = alone
        .iter()
        .filter(|answer| answer["arm"] == "next")
        .count();
    assert_eq!(counted("next"), (40 + in_next) as f64);
    assert_eq!(counted("main"), (80 - in_next) as f64);
    let of_run = format!("sagebrush_run{{run=\"{b}\",arm=\"next\"}}");
    assert_eq!(service.metric(&of_run), 1.0);
    service.stop();
}

#[test]
fn a_history_is_placed_by_its_items_or_by_its_user() {
    let work = two_runs();
    let service = start(&work, &["--read-only"]);
    let ask = |body: &Value| service.post("/v1/recommendations", body).ok()["lists"].clone();
    let histories: Vec<[String; 2]> = (0..30).map(|n| [n.to_string(), "40".to_owned()]).collect();
    let turned: Vec<[String; 2]> = histories
        .iter()
        .map(|[a, b]| [b.clone(), a.clone()])
        .collect();
    let lists = ask(&json!({"histories": histories}));
    assert_eq!(lists, ask(&json!({"histories": turned})));
    let arms: Vec<&Value> = (lists.as_array().unwrap().iter())
        .map(|list| &list["arm"])
        .collect();
    assert!(arms.contains(&&json!("main")) && arms.contains(&&json!("next")));
    for (history, arm) in histories.iter().zip(arms) {
        assert_eq!(ask(&json!({"histories": [history]}))[0]["arm"], *arm);
    }
    for user in ["user-1", "somebody", "7"] {
        let arm = service.get(&path(user)).ok()["arm"].clone();
        let lists = ask(&json!({"histories": histories, "user": user}));
        let lists = lists.as_array().unwrap();
        assert!(lists.iter().all(|list| list["arm"] == arm), "{user}");
    }
    // What is wrong with a history keeps its place.
    let mixed = ask(&json!({"histories": [["3"], [], ["4"]]}));
    assert_eq!(mixed[1]["error"], "the history is empty");
    assert!(mixed[0]["arm"].is_string() && mixed[2]["arm"].is_string());
    service.stop();
}

#[test]
fn interactions_are_known_to_all_arms_and_each_arm_is_reloaded_by_itself() {
    let work = two_runs();
    let service = start(&work, &[]);
    let body = json!({"interactions": [{"user": "newcomer", "item": "16"}, {"user": "newcomer", "item": "18"}]});
    service.post("/v1/interactions", &body).ok();
    for arm in ["main", "next"] {
        let list = service.get(&format!("{}&arm={arm}", path("newcomer"))).ok();
        assert_eq!(list["source"], "model", "{arm}");
        let places = list["items"].as_array().unwrap();
        assert!(places.iter().all(|place| place["item"] != "16"), "{arm}");
    }
    let version = service.get("/version").ok();
    train(&work, "ease", "c");
    publish_as(&work, "c", "next");
    service.wait_for("another run in `next`", |service| {
        service.get("/version").ok()["arms"][1]["run"] != version["arms"][1]["run"]
    });
    let after = service.get("/version").ok();
    assert_eq!(after["arms"][0], version["arms"][0]);
    let done = "sagebrush_reloads_total{result=\"done\",arm=\"next\"}";
    assert_eq!(service.metric(done), 1.0);
    // An experiment that is over: both links lead to one run, which is told.
    publish_as(&work, "c", "main");
    service.signal(libc::SIGHUP);
    service.wait_for("the same run in both", |service| {
        let version = service.get("/version").ok();
        version["arms"][0]["run"] == version["arms"][1]["run"]
    });
    service.stop();
    let service = start(&work, &["--read-only"]);
    assert!(
        service
            .log()
            .contains("the arms main and next serve the same run")
    );
    service.stop();
}

#[test]
fn arms_that_cannot_be_are_refused() {
    let work = two_runs();
    for (arguments, expected) in [
        (
            &["--also", "next=60%", "--also", "b=41%"][..],
            "100% at most",
        ),
        (&["--also", "next=101%"], "RUN=SHARE%"),
        (&["--also", "next=0.1"], "RUN=SHARE%"),
        (&["--also", "next"], "RUN=SHARE%"),
        (
            &["--also", "next=1%", "--also", "./next=1%"],
            "two arms are called `next`",
        ),
        (&["--also", "main=1%"], "two arms are called `main`"),
        (&["--salt", "x"], "--also"),
    ] {
        let serve = ["serve", "--run", "main", "--port", "0"];
        work.refused(&[&serve[..], arguments].concat(), 2, expected);
    }
    let serve = [
        "serve",
        "--run",
        "main",
        "--port",
        "0",
        "--also",
        "nothing=5%",
    ];
    work.refused(&serve, 66, "there is no such run");
    let service = start(&work, &["--read-only"]);
    let asked = service.get(&format!("{}&arm=other", path("user-1")));
    asked.refused(422, "`main`, `next`");
    service.stop();
    let service = Service::start(&work, &["--run", "main", "--read-only"]);
    let asked = service.get(&format!("{}&arm=main", path("user-1")));
    asked.refused(422, "this service has one run");
    assert!(
        service
            .get(&path("user-1"))
            .header("sagebrush-arm")
            .is_none()
    );
    assert!(service.get("/version").ok().get("arms").is_none());
    service.stop();
}
