//! Recent popularity end to end: the baseline, and the prior in every kind of scores.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value;

use crate::data::{Workspace, mean};

const DAY: u64 = 86_400;
/// Rows of the log, no pair twice: the newest 60 are the test part, the 24 before them validation.
const ROWS: u64 = 300;
/// Half-life, offset and weight that tests set.
const SET: [&str; 6] = [
    "--set",
    "prior.half_life_days=20",
    "--set",
    "prior.offset=0.5",
    "--set",
    "prior.weight=0.75",
];

/// A row every six hours: users in turn, items that come into fashion and go out of it.
fn rows() -> Vec<(u64, u64, u64)> {
    (0..ROWS)
        .map(|n| {
            let (user, round) = (n % 25, n / 25);
            (user, (round * 3 + user % 3) % 40, n * DAY / 4)
        })
        .collect()
}

fn csv(rows: &[(u64, u64, u64)]) -> String {
    let mut text = "user_id,item_id,timestamp\n".to_owned();
    for (user, item, time) in rows {
        writeln!(text, "u{user},i{item},{time}").unwrap();
    }
    text
}

fn workspace() -> Workspace {
    let work = Workspace::new();
    work.write("fashions.csv", csv(&rows()).as_bytes());
    work
}

fn train<'a>(log: &'a str, model: &'a str, out: &'a str) -> Vec<&'a str> {
    let mut arguments = vec!["train", log, "--model", model, "--out", out, "-q"];
    arguments.extend(match model {
        "gf-cf" => &["--set", "filter.vectors=6"][..],
        // One epoch: of several, the best one with a prior may be another.
        _ => &["--dim", "8", "--epochs", "1", "--batch-size", "64"],
    });
    arguments
}

/// `.75 log(1 + p / .5)` of each item, with popularity as of the newest row before the test part.
fn expected() -> BTreeMap<String, f64> {
    let known = rows().into_iter().take((ROWS - ROWS / 5) as usize);
    let known: Vec<_> = known.collect();
    let moment = known.iter().map(|row| row.2).max().unwrap();
    let mut popularity: BTreeMap<String, f64> = (0..40).map(|i| (format!("i{i}"), 0.0)).collect();
    for (_, item, time) in known {
        let days = (moment - time) as f64 / DAY as f64;
        *popularity.get_mut(&format!("i{item}")).unwrap() += 0.5f64.powf(days / 20.0);
    }
    let prior = |(item, p): (String, f64)| (item, 0.75 * (1.0 + p / 0.5).ln());
    popularity.into_iter().map(prior).collect()
}

fn scores(work: &Workspace, run: &str, user: &str) -> BTreeMap<String, f64> {
    let asked = ["recommend", "--run", run, "--user", user, "-k", "40"];
    let rows = work.json(&[&asked[..], &["--include-seen"]].concat());
    let score = |row: &Value| {
        let item = row["item"].as_str().unwrap().to_owned();
        (item, row["score"].as_f64().unwrap())
    };
    rows.as_array().unwrap().iter().map(score).collect()
}

#[test]
fn scores_are_those_of_the_model_and_the_prior() {
    let work = workspace();
    let prior = expected();
    for (model, kind) in [("gf-cf", ""), ("mf", "dot"), ("mf", "mlp")] {
        let (with, off) = (format!("{model}{kind}"), format!("{model}{kind}-off"));
        let score = format!("score.kind={kind}");
        let more: &[&str] = match kind {
            "" => &[],
            _ => &["--set", &score],
        };
        work.succeed(&[&train("fashions.csv", model, &with)[..], more, &SET].concat());
        let none = ["--set", "prior.use=off"];
        work.succeed(&[&train("fashions.csv", model, &off)[..], more, &none].concat());
        assert!(work.path(&with).join("prior.safetensors").exists());
        assert!(!work.path(&off).join("prior.safetensors").exists());
        if model == "mf" {
            let parameters = |run: &str| work.read(&format!("{run}/model.safetensors"));
            assert_eq!(parameters(&with), parameters(&off));
        }
        let (with, off) = (scores(&work, &with, "u7"), scores(&work, &off, "u7"));
        assert_eq!(with.len(), 36, "items of the log");
        for (item, score) in with {
            let expected = off[&item] + prior[&item];
            assert!((score - expected).abs() < 1e-5, "{model} {kind} {item}");
        }
    }
}

/// The parameters do not depend on the prior, and what validation says of each epoch does: an item comes into fashion, and
/// within five rounds ten kinds of people take it, one kind after the other.
#[test]
fn epochs_are_compared_by_the_lists_that_are_served() {
    let work = workspace();
    let rows: Vec<_> = (0..ROWS)
        .map(|n| (n % 25, n / 25 * 2 + n % 25 % 10, n * DAY / 4))
        .collect();
    work.write("waves.csv", csv(&rows).as_bytes());
    let ndcg = |out: &str, set: &[&str]| {
        let arguments = train("waves.csv", "mf", out);
        work.succeed(&[&arguments[..], &["--no-refit"], set].concat());
        let lines = String::from_utf8(work.read(&format!("{out}/metrics.jsonl"))).unwrap();
        let first: Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
        first["validation"]["ndcg@20"].as_f64().unwrap()
    };
    let without = ndcg("without", &["--set", "prior.use=off"]);
    let with = ndcg("with", &SET);
    assert!(with > without, "{with} {without}");
    let chosen = ndcg("chosen", &[]);
    assert!(chosen > 1.2 * without, "{chosen} {without}");
}

/// A row of a table that `embed` wrote: the key and the vector.
fn vectors(work: &Workspace, what: &str) -> BTreeMap<String, Vec<f64>> {
    let out = format!("{what}.csv");
    work.succeed(&["embed", "--run", "mf", "--known", what, "--out", &out, "-q"]);
    let text = String::from_utf8(work.read(&out)).unwrap();
    let row = |line: &str| {
        let mut cells = line.split(',');
        let key = cells.next().unwrap().to_owned();
        (key, cells.map(|cell| cell.parse().unwrap()).collect())
    };
    text.lines().skip(1).map(row).collect()
}

#[test]
fn exported_vectors_rank_as_lists_do_and_a_history_has_the_same_prior() {
    let work = workspace();
    work.succeed(&[&train("fashions.csv", "mf", "mf")[..], &SET].concat());
    let (users, items) = (vectors(&work, "users"), vectors(&work, "items"));
    let prior = expected();
    for (item, row) in &items {
        assert_eq!(row.len(), 9);
        assert!((0.75 * row[8] - prior[item]).abs() < 1e-5, "{item}");
    }
    for user in ["u0", "u13"] {
        let vector = &users[user];
        assert_eq!(vector[8], 0.75);
        let scores = scores(&work, "mf", user);
        for (item, row) in &items {
            let product: f64 = vector.iter().zip(row).map(|(x, y)| x * y).sum();
            assert!((product - scores[item]).abs() < 1e-5, "{user} {item}");
        }
    }
    // What a history of one item adds beside the prior is a sum of that item's vector; the prior of all others is there.
    let asked = ["recommend", "--run", "mf", "--history", "i3", "-k", "40"];
    let rows = work.json(&asked);
    let rows = rows.as_array().unwrap();
    assert_eq!(rows.len(), 35);
    let fit = fold_in(
        &rows
            .iter()
            .map(|row| {
                let item = row["item"].as_str().unwrap();
                let own = row["score"].as_f64().unwrap() - prior[item];
                (items[item][..8].to_vec(), own)
            })
            .collect::<Vec<_>>(),
    );
    assert!(
        fit < 1e-4,
        "scores less the prior are linear in the vectors: {fit}"
    );
    // Similar items are those of like vectors, whoever takes them these days.
    let similar = work.json(&["similar", "--run", "mf", "--item", "i3", "-k", "1"]);
    let cosine = |a: &[f64], b: &[f64]| {
        let dot = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| x * y).sum::<f64>();
        dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
    };
    let most = items
        .iter()
        .filter(|(item, _)| *item != "i3")
        .map(|(_, row)| cosine(&row[..8], &items["i3"][..8]))
        .fold(f64::MIN, f64::max);
    let found = similar[0]["score"].as_f64().unwrap();
    assert!((found - most).abs() < 1e-5);
}

/// The largest residual of a least-squares fit of the numbers by the vectors, by conjugate gradients.
fn fold_in(rows: &[(Vec<f64>, f64)]) -> f64 {
    let dim = rows[0].0.len();
    let product = |x: &[f64]| -> Vec<f64> {
        let mut out = vec![0.0; dim];
        for (row, _) in rows {
            let dot: f64 = row.iter().zip(x).map(|(a, b)| a * b).sum();
            out.iter_mut().zip(row).for_each(|(out, a)| *out += a * dot);
        }
        out
    };
    let mut solution = vec![0.0; dim];
    let mut residual = vec![0.0; dim];
    for (row, value) in rows {
        residual
            .iter_mut()
            .zip(row)
            .for_each(|(out, a)| *out += a * value);
    }
    let mut direction = residual.clone();
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    for _ in 0..4 * dim {
        let square = dot(&residual, &residual);
        if square < 1e-28 {
            break;
        }
        let image = product(&direction);
        let step = square / dot(&direction, &image);
        solution
            .iter_mut()
            .zip(&direction)
            .for_each(|(x, d)| *x += step * d);
        residual
            .iter_mut()
            .zip(&image)
            .for_each(|(r, q)| *r -= step * q);
        let ratio = dot(&residual, &residual) / square;
        direction
            .iter_mut()
            .zip(&residual)
            .for_each(|(d, r)| *d = r + ratio * *d);
    }
    let off = |(row, value): &(Vec<f64>, f64)| (dot(row, &solution) - value).abs();
    rows.iter().map(off).fold(0.0, f64::max)
}

#[test]
fn the_times_of_the_test_part_change_no_bit() {
    let work = workspace();
    let mut rows = rows();
    let first = (ROWS - ROWS / 5) as usize;
    let times: Vec<u64> = rows[first..].iter().map(|row| row.2).collect();
    for (row, time) in rows[first..].iter_mut().zip(times.iter().rev()) {
        row.2 = *time;
    }
    work.write("shuffled.csv", csv(&rows).as_bytes());
    for (log, out) in [("fashions.csv", "a"), ("shuffled.csv", "b")] {
        work.succeed(&train(log, "mf", out));
    }
    for file in [
        "model.safetensors",
        "embeddings.safetensors",
        "prior.safetensors",
    ] {
        let [a, b] = ["a", "b"].map(|run| work.read(&format!("{run}/{file}")));
        assert!(a == b, "{file}");
    }
}

#[test]
fn recent_popularity_is_a_baseline_and_serves_strangers() {
    let work = workspace();
    let said = work.succeed(&train("fashions.csv", "gf-cf", "run")[..6]);
    let said = String::from_utf8_lossy(&said.stderr).into_owned();
    assert!(said.contains("prior: "), "{said}");
    let evaluation = work.json(&["evaluate", "--run", "run"]);
    let systems = evaluation["systems"].as_array().unwrap();
    let recent = systems
        .iter()
        .find(|s| s["name"] == "recent-popularity")
        .unwrap();
    let half_life = recent["half_life_days"].as_f64().unwrap();
    assert!(half_life < 20.0, "fashions pass: {half_life}");
    assert!(
        mean(&evaluation, "recent-popularity", "ndcg@10")
            > mean(&evaluation, "popularity", "ndcg@10")
    );
    let text = work.succeed(&["evaluate", "--run", "run"]);
    let text = String::from_utf8_lossy(&text.stdout).into_owned();
    assert!(
        text.contains(&format!("recent-popularity, half-life {half_life} day")),
        "{text}"
    );
    let page = String::from_utf8(work.read("run/report.html")).unwrap();
    assert!(page.contains("recent-popularity, half-life"));
    // Item 35 is of the test part alone, so a history of it tells a model nothing: what is popular these days is served.
    let rows = work.json(&["recommend", "--run", "run", "--history", "i35", "-k", "3"]);
    assert_eq!(rows[0]["source"], "popularity");
    let best = rows[0]["score"].as_f64().unwrap();
    assert!(best > 0.0 && best.fract() != 0.0, "{best}");
    // A random split has no moment.
    work.succeed(
        &[
            &train("fashions.csv", "gf-cf", "random")[..],
            &["--split", "random"],
        ]
        .concat(),
    );
    assert!(!work.path("random").join("prior.safetensors").exists());
    let evaluation = work.json(&["evaluate", "--run", "random"]);
    let systems = evaluation["systems"].as_array().unwrap();
    assert!(systems.iter().all(|s| s["name"] != "recent-popularity"));
}

#[test]
fn values_that_mean_nothing_to_a_split_are_refused_with_the_remedy() {
    let work = workspace();
    let weight = ["--set", "prior.weight=1"];
    let refused = |log, more: &[&str], expected| {
        let arguments = [&train(log, "mf", "refused")[..], &weight, more].concat();
        work.refused(&arguments, 2, expected);
        assert!(!work.path("refused").exists());
    };
    refused("fashions.csv", &["--split", "random"], "--split temporal");
    refused(
        "fashions.csv",
        &["--set", "split.validation_fraction=0"],
        "`prior.half_life_days`",
    );
    let text = csv(&rows());
    let untimed = text.lines().map(|line| {
        let cells: Vec<&str> = line.split(',').collect();
        format!("{},{}\n", cells[0], cells[1])
    });
    work.write("untimed.csv", untimed.collect::<String>().as_bytes());
    refused("untimed.csv", &[], "--timestamp-column");
    // All three stand without a validation part, and so does a log of one moment.
    let all = ["--set", "split.validation_fraction=0"];
    work.succeed(&[&train("fashions.csv", "mf", "all")[..], &SET, &all].concat());
    assert!(work.path("all").join("prior.safetensors").exists());
    let rows: Vec<_> = rows().into_iter().map(|row| (row.0, row.1, DAY)).collect();
    work.write("moment.csv", csv(&rows).as_bytes());
    work.succeed(&train("moment.csv", "mf", "moment"));
    work.succeed(&["evaluate", "--run", "moment"]);
}
