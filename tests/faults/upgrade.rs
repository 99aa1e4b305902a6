//! Runs and searches of format 1 resume; those of a later format are refused by name.

use std::fs;
use std::path::Path;

use sagebrush::run::{FORMAT_VERSION, RunDir};
use serde_json::Value;

use crate::data::Workspace;
use crate::small::{assert_whole, copy, openings, results, train};

fn edit(work: &Workspace, name: &str, change: impl FnOnce(&mut Value)) {
    let mut value: Value = serde_json::from_slice(&work.read(name)).unwrap();
    change(&mut value);
    work.write(name, value.to_string().as_bytes());
}

#[test]
fn a_run_of_format_1_serves_and_is_evaluated() {
    let work = Workspace::new();
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/run-v1");
    copy(&fixture, &work.path("run"));
    let before = results(&work.path("run"));
    work.succeed(&["recommend", "--run", "run", "--user", "u3", "-k", "2"]);
    // As 0.1 recorded an opening, outside of the manifest here.
    let opening = r#"{"openings": [{"date": "2026-01-02", "unix_seconds": 5, "ks": [20]}]}"#;
    work.write("run/evaluation.json", opening.as_bytes());
    work.succeed(&["evaluate", "--run", "run", "-k", "5", "-q"]);
    assert_whole(&work.path("run"));
    assert_eq!(openings(&work.path("run")), 2);
    assert_eq!(results(&work.path("run")), before);
    let manifest: Value = serde_json::from_slice(&work.read("run/MANIFEST.json")).unwrap();
    assert_eq!(manifest["version"], FORMAT_VERSION);
    // Its log is not there: refused, and still whole.
    fs::remove_file(work.path("log.csv")).unwrap();
    work.refused(&["train", "--resume", "run"], 66, "log.csv");
    assert_whole(&work.path("run"));
}

#[test]
fn an_unfinished_run_of_format_1_resumes_by_its_checkpoint() {
    let work = Workspace::new();
    work.succeed(&train("mf", "run"));
    let expected = results(&work.path("run"));
    for name in [
        "MANIFEST.json",
        "began.json",
        "model.safetensors",
        "checkpoint/epoch-000003.safetensors",
    ] {
        fs::remove_file(work.path("run").join(name)).unwrap();
    }
    work.write("run/checkpoint/.sagebrush-run", b"");
    edit(&work, "run/data.json", |data| {
        data.as_object_mut().unwrap().remove("vectors").unwrap();
    });
    let config = work.read("run/config.toml");
    let text = String::from_utf8(config.clone()).unwrap();
    work.write(
        "run/config.toml",
        text.replace("dim = 4", "dim = 8").as_bytes(),
    );
    let resume = ["train", "--resume", "run", "-q"];
    work.refused(&resume, 65, "`model.dim` was 4 and is 8");
    work.write("run/config.toml", &config);
    work.succeed(&resume);
    assert_whole(&work.path("run"));
    assert_eq!(results(&work.path("run")), expected);
    assert!(work.path("run/began.json").exists());
}

/// Takes the setting out by which the splits of 0.2 are told from those of before.
fn without_draw(work: &Workspace, name: &str) {
    let text = String::from_utf8(work.read(name)).unwrap();
    let kept = |line: &&str| !line.contains("draw = ");
    let lines: Vec<&str> = text.lines().filter(kept).collect();
    assert!(lines.len() < text.lines().count(), "{text}");
    work.write(name, (lines.join("\n") + "\n").as_bytes());
}

#[test]
fn an_unfinished_run_keeps_the_split_of_the_version_that_began_it() {
    let work = Workspace::new();
    let log = String::from_utf8(work.read("log.csv")).unwrap();
    let untimed = log.lines().map(|line| line.rsplit_once(',').unwrap().0);
    let untimed: String = untimed.map(|line| format!("{line}\n")).collect();
    work.write("log.csv", untimed.as_bytes());
    for split in [&["--split", "random"][..], &[]] {
        let as_before = ["--set", "split.draw=per-user", "--overwrite"];
        work.succeed(&[&train("mf", "run"), split, &as_before].concat());
        let expected = results(&work.path("run"));
        for name in [
            "MANIFEST.json",
            "model.safetensors",
            "began.json",
            "checkpoint/epoch-000003.safetensors",
            "checkpoint/epoch-000002.safetensors",
        ] {
            fs::remove_file(work.path("run").join(name)).unwrap();
        }
        let checkpoints = fs::read_dir(work.path("run/checkpoint")).unwrap();
        for entry in checkpoints.map(|entry| entry.unwrap().path()) {
            if entry.extension().is_some_and(|kind| kind == "safetensors") {
                fs::remove_file(entry).unwrap();
            }
        }
        without_draw(&work, "run/config.toml");
        work.succeed(&["train", "--resume", "run", "-q"]);
        assert_eq!(results(&work.path("run")), expected);
        // Begun today, the same settings draw otherwise.
        work.succeed(&[&train("mf", "new"), split, &["--overwrite"]].concat());
        let test = |run: &str| work.read(&format!("{run}/test.safetensors"));
        assert_ne!(test("new"), test("run"));
    }
}

#[test]
fn later_formats_are_refused_by_name() {
    let work = Workspace::new();
    work.succeed(&train("mf", "run"));
    edit(&work, "run/MANIFEST.json", |manifest| {
        manifest["version"] = 3.into()
    });
    let expected = "format version 3 is not known here (this program reads up to version 2)";
    for arguments in [
        &["recommend", "--run", "run", "--user", "user-1"][..],
        &["evaluate", "--run", "run"],
        &["train", "--resume", "run"],
    ] {
        work.refused(arguments, 65, expected);
    }
    assert!(RunDir::open(work.path("run")).is_err());
}

#[test]
fn a_search_of_before_goes_on_and_a_later_one_is_refused_by_name() {
    let work = Workspace::new();
    let search = [
        "tune",
        "log.csv",
        "--out",
        "search",
        "--model",
        "gf-cf",
        "--trials",
        "2",
        "--vary",
        "filter.vectors=4,8",
        "-q",
    ];
    work.succeed(&search);
    edit(&work, "search/search.json", |head| {
        head.as_object_mut().unwrap().remove("vectors").unwrap();
        let settings = head["settings"].as_str().unwrap();
        assert!(
            settings.contains("draw = \"per-interaction\""),
            "{settings}"
        );
        head["settings"] = settings.replace("draw = \"per-interaction\"", "").into();
    });
    let resume = ["tune", "--resume", "search", "-q"];
    work.succeed(&resume);
    edit(&work, "search/search.json", |head| {
        let settings = head["settings"].as_str().unwrap();
        assert!(settings.contains("draw = \"per-user\""), "{settings}");
        head["format_version"] = 9.into()
    });
    work.refused(&resume, 65, "format version 9 is not known here");
}

/// Before the refit a run kept the model of its training part, and so it does when it is resumed today.
#[test]
fn a_run_of_before_the_refit_stays_what_it_was() {
    let work = Workspace::new();
    for model in ["mf", "gf-cf"] {
        let once = [&train(model, "run")[..], &["--no-refit", "--overwrite"]].concat();
        work.succeed(&once);
        let expected = results(&work.path("run"));
        let lists = ["recommend", "--run", "run", "--all", "-k", "5", "--out"];
        work.succeed(&[&lists[..], &["before.csv", "-q"]].concat());
        for name in ["config.toml", "began.json"] {
            let text = String::from_utf8(work.read(&format!("run/{name}"))).unwrap();
            let without = text
                .replace("refit = false\\n", "")
                .replace("refit = false\n", "");
            assert!(without.len() < text.len(), "{text}");
            work.write(&format!("run/{name}"), without.as_bytes());
        }
        fs::remove_file(work.path("run/MANIFEST.json")).unwrap();
        work.succeed(&["train", "--resume", "run", "-q"]);
        assert_whole(&work.path("run"));
        assert_eq!(results(&work.path("run")), expected, "{model}");
        work.succeed(&[&lists[..], &["after.csv", "-q"]].concat());
        assert!(work.read("before.csv") == work.read("after.csv"), "{model}");
    }
}
