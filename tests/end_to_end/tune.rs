//! A search for settings: it ends with a file to train with, resumes as if it had never stopped, and does not
//! read the test part.

use std::process::Stdio;
use std::time::Duration;

use crate::data::Workspace;

fn search<'a>(out: &'a str, trials: &'a str) -> Vec<&'a str> {
    vec![
        "tune",
        "log.csv",
        "--model",
        "lightgcn",
        "--dim",
        "8",
        "--epochs",
        "9",
        "--batch-size",
        "256",
        "--split",
        "random",
        "--vary",
        "training.learning_rate=0.001..0.1",
        "--vary",
        "model.layers=1,2",
        "--trials",
        trials,
        "--out",
        out,
    ]
}

/// The results without how long they took.
fn results(work: &Workspace, out: &str) -> Vec<serde_json::Value> {
    let text = String::from_utf8(work.read(&format!("{out}/trials.jsonl"))).unwrap();
    let result = |line: &str| {
        let mut record: serde_json::Value = serde_json::from_str(line).unwrap();
        record.as_object_mut().unwrap().remove("seconds");
        record
    };
    text.lines().map(result).collect()
}

#[test]
fn a_search_ends_with_settings_that_train() {
    let work = Workspace::new();
    let found = work.json(&search("found", "9"));
    assert_eq!(found["trials"].as_array().unwrap().len(), 9);
    let records = results(&work, "found");
    let epochs = |n: u64| records.iter().filter(|r| r["epochs"] == n).count();
    assert_eq!(epochs(1), 9);
    assert!((3..=5).contains(&epochs(3)) && (1..=2).contains(&epochs(9)));
    let best = found["best"]["value"].as_f64().unwrap();
    assert!(records.iter().all(|r| r["value"].as_f64().unwrap() <= best));
    assert_eq!(found["importance"].as_array().unwrap().len(), 2);
    let page = String::from_utf8(work.read("found/search.html")).unwrap();
    assert_eq!(page.matches("<svg").count(), 2);

    let trained = work.json(&["train", "--config", "found/best.toml", "--out", "run"]);
    let again = trained["validation"]["ndcg@20"].as_f64().unwrap();
    // The same settings and seed: a whole training is at least as good as the part the search saw.
    assert!(again >= best, "{again} after {best}");
}

#[test]
fn going_on_is_as_never_having_stopped() {
    let work = Workspace::new();
    work.succeed(&search("whole", "8"));
    work.succeed(&search("parts", "4"));
    // A search of four brings its best to the end, which one of eight may not have done at that point.
    work.succeed(&["tune", "--resume", "parts", "--trials", "8"]);
    let sorted = |out: &str| {
        let mut results: Vec<String> = results(&work, out)
            .iter()
            .map(ToString::to_string)
            .collect();
        results.sort();
        results
    };
    let (whole, parts) = (sorted("whole"), sorted("parts"));
    assert!(
        whole.iter().all(|result| parts.contains(result)),
        "{whole:?}\n{parts:?}"
    );

    // Cut short within its record, it finds the way back to the same results.
    let lines = work.read("whole/trials.jsonl");
    work.write("whole/trials.jsonl", &lines[..lines.len() / 2]);
    work.succeed(&["tune", "--resume", "whole", "--trials", "8"]);
    assert_eq!(sorted("whole"), whole);
}

/// Killed after a trial's last epoch and before its line: the trial is as finished as without.
#[test]
fn an_end_that_is_not_on_record_is_an_end() {
    let work = Workspace::new();
    work.succeed(&search("search", "1"));
    let (whole, best) = (results(&work, "search"), work.read("search/best.toml"));
    assert_eq!(whole.len(), 3);
    assert_eq!(whole[2]["is_over"], true);

    work.succeed(&["train", "--config", "search/best.toml", "--out", "run"]);
    let lines = String::from_utf8(work.read("search/trials.jsonl")).unwrap();
    for on_record in 0..3 {
        let kept: String = lines.split_inclusive('\n').take(on_record).collect();
        work.write("search/trials.jsonl", kept.as_bytes());
        for entry in std::fs::read_dir(work.path("run/checkpoint")).unwrap() {
            let entry = entry.unwrap();
            if entry.path().is_dir() {
                // Those of the refit, which a search has not.
                continue;
            }
            let name = entry.file_name();
            let into = work.path("search/trials/0000/checkpoint").join(&name);
            std::fs::copy(work.path("run/checkpoint").join(&name), into).unwrap();
        }
        work.succeed(&["tune", "--resume", "search"]);
        assert_eq!(results(&work, "search"), whole, "{on_record} on record");
        assert_eq!(work.read("search/best.toml"), best);
    }
}

/// `kill -9` in the middle of a search, again and again: the same results as without.
#[test]
#[cfg(unix)]
fn a_killed_search_goes_on_to_the_same_results() {
    let work = Workspace::new();
    work.succeed(&search("whole", "6"));
    let mut kills = 0;
    // Later each time, so that every part of a search is met and the last goes through.
    let mut moment = Duration::from_millis(10);
    while moment < Duration::from_secs(60) {
        let arguments: Vec<&str> = match work.path("killed/search.json").exists() {
            false => [search("killed", "6"), vec!["--overwrite"]].concat(),
            true => vec!["tune", "--resume", "killed"],
        };
        let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_sagebrush"))
            .current_dir(work.dir.path())
            .args(arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(moment);
        moment = moment.mul_f64(1.15);
        let done = child.try_wait().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        if done.is_some_and(|status| status.success()) {
            break;
        }
        kills += 1;
    }
    work.succeed(&["tune", "--resume", "killed"]);
    println!("killed {kills} times: the same results");
    assert!(kills >= 3, "{kills}");
    assert_eq!(results(&work, "killed"), results(&work, "whole"));
    assert_eq!(work.read("killed/best.toml"), work.read("whole/best.toml"));
}

#[test]
fn the_test_part_changes_nothing() {
    let work = Workspace::new();
    let train: String = (0..40)
        .map(|user| {
            let items: Vec<String> = (0..9)
                .map(|at| ((user * 5 + at * 3) % 37).to_string())
                .collect();
            format!("{user} {}\n", items.join(" "))
        })
        .collect();
    work.write("train.txt", train.as_bytes());
    let mut found = Vec::new();
    for (out, shift) in [("one", 1), ("other", 2)] {
        let test: String = (0..40)
            .map(|user| format!("{user} {}\n", (user * 5 + shift) % 37))
            .collect();
        work.write("test.txt", test.as_bytes());
        work.succeed(&[
            "tune",
            "train.txt",
            "--test",
            "test.txt",
            "--model",
            "mf",
            "--dim",
            "8",
            "--epochs",
            "3",
            "--trials",
            "4",
            "--out",
            out,
        ]);
        found.push((results(&work, out), work.read(&format!("{out}/best.toml"))));
    }
    assert_eq!(found[0], found[1]);
}

#[test]
fn filters_and_failures_are_trials_too() {
    let work = Workspace::new();
    let filters = work.json(&[
        "tune",
        "log.csv",
        "--model",
        "gf-cf",
        "--vary",
        "filter.vectors=2..16",
        "--trials",
        "3",
        "--out",
        "filters",
    ]);
    assert_eq!(filters["trials"].as_array().unwrap().len(), 3);
    let failing = work.json(&[
        "tune",
        "log.csv",
        "--model",
        "mf",
        "--dim",
        "8",
        "--epochs",
        "1",
        "--split",
        "random",
        "--vary",
        "training.learning_rate=0.01,1e30",
        "--batch-size",
        "64",
        "--trials",
        "6",
        "--out",
        "failing",
    ]);
    let failed = failing["failed"].as_u64().unwrap();
    assert!((1..6).contains(&failed), "{failed}");
    let records = results(&work, "failing");
    let error = records.iter().find_map(|r| r["error"].as_str()).unwrap();
    assert!(error.contains("not a finite number"), "{error}");
}

#[test]
fn mistakes_are_told_before_anything_is_written() {
    let work = Workspace::new();
    let cases: [(&[&str], i32, &str); 6] = [
        (&["log.csv", "--vary", "loss.l2"], 2, "is not KEY=VALUES"),
        (&["log.csv", "--vary", "seed=1,2"], 2, "luck"),
        (&["log.csv", "--minutes", "0"], 2, "no time to search"),
        (
            &["log.csv", "--set", "split.validation_fraction=0"],
            2,
            "no validation part",
        ),
        (&["nowhere.csv"], 66, "nowhere.csv"),
        (&["log.csv", "--trials", "0"], 2, "1..=100000"),
    ];
    for (arguments, code, expected) in cases {
        let all = [&["tune", "--out", "out"], arguments].concat();
        work.refused(&all, code, expected);
        assert!(!work.path("out").exists(), "{arguments:?}");
    }
    work.refused(&["tune", "--resume", "nowhere"], 66, "there is no search");
    work.succeed(&[
        "tune", "log.csv", "--model", "mf", "--dim", "4", "--epochs", "1", "--trials", "1",
        "--out", "out",
    ]);
    work.refused(&search("out", "1"), 74, "there is a search already");
    let mut log = work.read("log.csv");
    log.extend(b"user-1,59,3,1600000000\n");
    work.write("log.csv", &log);
    work.refused(
        &["tune", "--resume", "out"],
        65,
        "is not the file this run began with",
    );
}

/// A trial may ask for more of the log than the settings of all trials do.
#[test]
fn trials_read_what_the_log_tells_and_nothing_else() {
    let work = Workspace::new();
    let tune = |log, model, vary, out| {
        [
            "tune", log, "--model", model, "--trials", "2", "--vary", vary, "--out", out,
        ]
    };
    let epochs = ["--dim", "4", "--epochs", "1"];
    let weighted = tune(
        "log.csv",
        "mf",
        "sampling.weighted_positives=true,false",
        "weighted",
    );
    work.succeed(&[&weighted[..], &epochs].concat());
    for result in results(&work, "weighted") {
        assert!(result["value"].is_number(), "{result}");
    }
    let log = String::from_utf8(work.read("log.csv")).unwrap();
    let pairs: Vec<String> = log
        .lines()
        .map(|line| line.splitn(3, ',').take(2).collect::<Vec<_>>().join(","))
        .collect();
    work.write("pairs.csv", pairs.join("\n").as_bytes());
    for (model, vary, expected) in [
        (
            "mf",
            "sampling.half_life_days=7,30",
            "`sampling.half_life_days` needs timestamps",
        ),
        (
            "gf-cf",
            "filter.half_life_days=7,30",
            "`filter.half_life_days` needs timestamps",
        ),
        (
            "mf",
            "sampling.weighted_positives=true,false",
            "and the log has none",
        ),
    ] {
        let random = ["--split", "random"];
        work.refused(
            &[&tune("pairs.csv", model, vary, "out")[..], &random].concat(),
            2,
            expected,
        );
        assert!(!work.path("out").exists(), "{vary}: nothing is written");
    }
}
