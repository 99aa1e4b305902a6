//! `retrain` and `rollback`: a run is trained again on what came since, judged, published in one step, and taken back.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::data::Workspace;

/// The time before which `old.csv` ends.
const CUT: i64 = 1_600_000_000 + 7_000_000;

/// The log of the folder as two files: what came before a moment, and what a service kept after it.
fn split_log(work: &Workspace) -> (String, String) {
    let text = String::from_utf8(work.read("log.csv")).unwrap();
    let mut lines = text.lines();
    let mut old = format!("{}\n", lines.next().unwrap());
    let mut kept = String::new();
    for line in lines {
        let fields: Vec<&str> = line.split(',').collect();
        let time: i64 = fields[3].parse().unwrap();
        match time < CUT {
            true => old.push_str(&format!("{line}\n")),
            false => kept.push_str(&format!(
                "{}\n",
                json!({"user_id": fields[0], "item_id": fields[1], "timestamp": time})
            )),
        }
    }
    (old, kept)
}

/// When each pair of what was kept was last taken.
fn latest_kept(kept: &str) -> BTreeMap<(String, String), i64> {
    let mut latest = BTreeMap::new();
    for line in kept.lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        let text = |name: &str| row[name].as_str().unwrap().to_owned();
        let time = row["timestamp"].as_i64().unwrap();
        let known = latest
            .entry((text("user_id"), text("item_id")))
            .or_insert(time);
        *known = time.max(*known);
    }
    latest
}

/// A folder of runs whose link leads to a model of `old.csv`, and what a service kept since.
fn runs(model: &[&str]) -> Workspace {
    let work = Workspace::new();
    let (old, kept) = split_log(&work);
    work.write("old.csv", old.as_bytes());
    std::fs::create_dir(work.path("runs")).unwrap();
    let train = ["train", "old.csv", "--out", "measured", "-q", "--model"];
    work.succeed(&[&train[..], model].concat());
    work.succeed(&[
        "refit",
        "--run",
        "measured",
        "--all",
        "--out",
        "runs/first",
        "-q",
    ]);
    std::os::unix::fs::symlink("first", work.path("runs/current")).unwrap();
    work.write("runs/current.interactions.jsonl", kept.as_bytes());
    work
}

const RETRAIN: [&str; 4] = ["retrain", "--run", "runs/current", "-q"];

fn serving(work: &Workspace) -> PathBuf {
    std::fs::read_link(work.path("runs/current")).unwrap()
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// The difference that decides, of what `--json` prints.
fn ndcg(answer: &Value) -> Value {
    let differences = answer["verdict"]["comparison"]["differences"]
        .as_array()
        .unwrap();
    let found = differences
        .iter()
        .find(|found| found["metric"] == "ndcg@20");
    found.unwrap().clone()
}

#[test]
fn who_was_forgotten_is_in_no_later_run() {
    let work = runs(&["item-knn"]);
    let log = String::from_utf8(work.read("log.csv")).unwrap();
    let user = log.lines().nth(1).unwrap().split(',').next().unwrap();
    let has = |run: &Path| {
        let users = std::fs::read(run.join("users.json")).unwrap();
        let users: Vec<String> = serde_json::from_slice(&users).unwrap();
        users.iter().any(|known| known == user)
    };
    assert!(has(&work.path("runs/current")));
    work.succeed(&["forget", "--run", "runs/current", "--user", user, "-q"]);
    assert!(!has(&work.path("runs/current")));
    let answer = work.json(&RETRAIN);
    assert_eq!(answer["published"], true, "{answer}");
    assert!(!has(Path::new(answer["run"].as_str().unwrap())));
}

#[test]
fn a_run_that_is_not_worse_takes_the_place_and_gives_it_back() {
    let work = runs(&["item-knn"]);
    let answer = work.json(&RETRAIN);
    assert_eq!(answer["published"], true, "{answer}");
    let run = PathBuf::from(answer["run"].as_str().unwrap());
    let name = run.file_name().unwrap().to_str().unwrap().to_owned();
    assert_eq!(serving(&work), Path::new(&name));
    // It was trained on everything: the log and what the service kept.
    let data: Value =
        serde_json::from_slice(&std::fs::read(run.join("data.json")).unwrap()).unwrap();
    let n_rows = String::from_utf8(work.read("log.csv"))
        .unwrap()
        .lines()
        .count()
        - 1;
    let (_, kept) = split_log(&work);
    let n_kept = kept.lines().count();
    let rows: Vec<u64> = (data["sources"].as_array().unwrap().iter())
        .map(|source| source["rows"].as_u64().unwrap())
        .collect();
    assert_eq!(rows.iter().sum::<u64>() as usize, n_rows);
    assert!(rows.contains(&(n_kept as u64)), "{rows:?}");
    let of_all = work.json(&[
        "train", "log.csv", "--model", "item-knn", "--out", "all", "-q",
    ]);
    assert!(of_all["refit"].is_object());
    let pairs: BTreeSet<(String, String)> = (String::from_utf8(work.read("log.csv"))
        .unwrap()
        .lines()
        .skip(1))
    .map(|line| {
        let mut fields = line.split(',').map(str::to_owned);
        (fields.next().unwrap(), fields.next().unwrap())
    })
    .collect();
    assert_eq!(data["refit"]["n_interactions"], pairs.len());
    // What is judged by lies in the newer half of what was kept; no two pairs are of one moment.
    let since = answer["verdict"]["held_out_since"].as_i64().unwrap();
    let latest = latest_kept(&kept);
    let newer = latest.values().filter(|&&time| time > since).count();
    assert_eq!(newer, latest.len().div_ceil(2));
    let decides = ndcg(&answer);
    assert!(decides["low"].as_f64().unwrap() <= decides["difference"].as_f64().unwrap());
    assert!(decides["high"].as_f64().unwrap() >= 0.0);
    // The next one finds nothing new, and changes nothing.
    let again = work.json(&RETRAIN);
    assert_eq!(again, json!({"published": false, "why": "nothing new"}));
    assert_eq!(
        names(&work.path("runs")),
        [
            &*name,
            &format!("{name}.interactions.jsonl"),
            "current",
            "current.interactions.jsonl",
            "current.published.jsonl",
            "first",
        ]
    );
    let back = work.json(&["rollback", "--run", "runs/current"]);
    assert!(back["run"].as_str().unwrap().ends_with("/first"), "{back}");
    assert_eq!(serving(&work), Path::new("first"));
    work.succeed(&[
        "recommend",
        "--run",
        "runs/current",
        "--user",
        "user-3",
        "-q",
    ]);
    let rollback = ["rollback", "--run", "runs/current"];
    work.refused(&rollback, 66, "nothing was published before first");
}

/// The figures of the serving run are those of the lists that its service gives: started with what was kept before the
/// moment, asked for each user, and measured by the formula of the metric.
#[cfg(feature = "serve")]
#[test]
fn the_serving_run_is_measured_by_what_its_service_answers() {
    for model in [&["item-knn"][..], &["mf", "--dim", "8", "--epochs", "3"]] {
        let work = runs(model);
        let answer = work
            .sagebrush(&[&RETRAIN[..], &["--json"]].concat())
            .output()
            .unwrap();
        let answer: Value = serde_json::from_slice(&answer.stdout).unwrap();
        let since = answer["verdict"]["held_out_since"].as_i64().unwrap();
        let (_, kept) = split_log(&work);
        let (mut before, mut newest) = (String::new(), BTreeMap::new());
        for ((user, item), time) in latest_kept(&kept) {
            match time > since {
                true => {
                    newest
                        .entry(user)
                        .or_insert_with(BTreeSet::new)
                        .insert(item);
                }
                false => {
                    let row = json!({"user_id": user, "item_id": item, "timestamp": time});
                    before.push_str(&format!("{row}\n"));
                }
            }
        }
        work.write("before.jsonl", before.as_bytes());
        let arguments = ["--run", "runs/first", "--interactions", "before.jsonl"];
        let service = crate::serve::Service::start(&work, &arguments);
        let old = String::from_utf8(work.read("old.csv")).unwrap();
        let has = |user: &str, item: &str| old.contains(&format!("\n{user},{item},"));
        let (mut sum, mut n_users) = (0.0, 0);
        for (user, items) in newest {
            let wanted: Vec<String> = items.into_iter().filter(|item| !has(&user, item)).collect();
            if wanted.is_empty() {
                continue;
            }
            let path = format!("/v1/users/{user}/recommendations?k=20");
            let list = service.get(&path).ok();
            let gain = |place: usize| 1.0 / (place as f64 + 1.0).log2();
            let places = list["items"].as_array().unwrap().iter();
            let found = places.filter(|place| wanted.iter().any(|item| place["item"] == **item));
            let found: f64 = found
                .map(|place| gain(place["rank"].as_u64().unwrap() as usize))
                .sum();
            let ideal: f64 = (1..=wanted.len().min(20)).map(gain).sum();
            sum += found / ideal;
            n_users += 1;
        }
        service.stop();
        assert_eq!(answer["verdict"]["comparison"]["n_users"], n_users);
        let told = ndcg(&answer)["baseline"].as_f64().unwrap();
        let measured = sum / f64::from(n_users);
        assert!(
            (told - measured).abs() < 1e-9,
            "{model:?}: {told} and {measured}"
        );
    }
}

/// Thousands of strangers who each took one item of every group: they teach that unlike items are alike.
fn spam() -> String {
    let row = |user: usize, group: usize| {
        let item = group * 15 + (user * 7 + group * user / 15) % 15;
        format!("spam-{user},{item},5,1500000000\n")
    };
    let rows = (0..8_000).flat_map(|user| (0..4).map(move |group| row(user, group)));
    let rows: String = rows.collect();
    format!("user_id,item_id,rating,timestamp\n{rows}")
}

#[test]
fn a_run_that_is_worse_is_kept_aside() {
    let work = runs(&["item-knn"]);
    work.write("spam.csv", spam().as_bytes());
    let retrain = [
        "retrain",
        "--run",
        "runs/current",
        "spam.csv",
        "--json",
        "-q",
    ];
    let output = work.sagebrush(&retrain).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&answer["published"], &answer["why"]),
        (&json!(false), &json!("worse"))
    );
    assert!(ndcg(&answer)["high"].as_f64().unwrap() < 0.0, "{answer}");
    assert_eq!(serving(&work), Path::new("first"));
    let aside = PathBuf::from(answer["run"].as_str().unwrap());
    assert!(aside.ends_with("runs/current.aside"));
    work.succeed(&[
        "recommend",
        "--run",
        "runs/current.aside",
        "--user",
        "user-3",
        "-q",
    ]);
    // Given again it judges again, in the same place; without the strangers the new run is served.
    assert_eq!(
        work.sagebrush(&retrain).output().unwrap().status.code(),
        Some(1)
    );
    assert_eq!(work.json(&RETRAIN)["published"], true);
}

#[test]
fn what_was_stopped_resumes_and_two_at_once_never_work() {
    let work = runs(&["mf", "--dim", "8", "--epochs", "30", "--batch-size", "64"]);
    let mut killed = 0;
    // Killed at several moments, and begun again each time.
    for wait in [60, 200, 400, 700, 1100] {
        let mut child = work.program(&RETRAIN).spawn().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(wait));
        if child.try_wait().unwrap().is_none() {
            work.refused(
                &RETRAIN,
                75,
                "is being written by another sagebrush (retrain",
            );
            child.kill().unwrap();
            killed += 1;
        }
        child.wait().unwrap();
        // Whatever was cut short, the link leads to a whole run.
        work.succeed(&[
            "recommend",
            "--run",
            "runs/current",
            "--user",
            "user-3",
            "-q",
        ]);
    }
    assert!(killed > 0);
    work.succeed(&RETRAIN);
    let run = work.path("runs").join(serving(&work));
    let resumed = std::fs::read(run.join("embeddings.safetensors")).unwrap();
    assert_ne!(serving(&work), Path::new("first"));
    // The same as one that nobody stopped, byte for byte.
    let other = runs(&["mf", "--dim", "8", "--epochs", "30", "--batch-size", "64"]);
    other.succeed(&RETRAIN);
    let run = other.path("runs").join(serving(&other));
    assert_eq!(
        std::fs::read(run.join("embeddings.safetensors")).unwrap(),
        resumed
    );
    assert!(
        !names(&work.path("runs"))
            .iter()
            .any(|name| name.starts_with('.'))
    );
}

#[test]
fn what_cannot_be_trained_again_is_told_why() {
    let work = runs(&["popularity"]);
    work.refused(
        &["retrain", "--run", "runs/first"],
        2,
        "ln -s first runs/current",
    );
    work.refused(
        &["retrain", "--run", "runs/nothing"],
        66,
        "there is no such run",
    );
    let many = ["retrain", "--run", "runs/current", "--min-users", "100000"];
    let answer = work.json(&many);
    assert_eq!(
        (&answer["published"], &answer["why"]),
        (&json!(false), &json!("too few users"))
    );
    work.refused(
        &[
            "retrain",
            "--run",
            "runs/current",
            "--interactions",
            "none.jsonl",
        ],
        66,
        "none.jsonl",
    );
    std::fs::remove_file(work.path("old.csv")).unwrap();
    work.refused(&RETRAIN, 66, "old.csv");
    work.write("plain.csv", b"user,item\na,x\na,y\nb,x\nb,y\nc,x\nc,y\n");
    let train = [
        "train",
        "plain.csv",
        "--model",
        "popularity",
        "--out",
        "runs/plain",
        "-q",
    ];
    work.succeed(&train);
    std::os::unix::fs::symlink("plain", work.path("runs/untimed")).unwrap();
    work.refused(
        &["retrain", "--run", "runs/untimed"],
        65,
        "--timestamp-column",
    );
}
