//! `sagebrush refit`: a run of before trained again on more, from its own files, with the figures of the run it is of.

use std::fs;

use sagebrush::run::RunDir;
use serde_json::Value;

use crate::data::Workspace;

/// Arguments that train a small model on the training part alone, with ids by key, whatever is held out.
fn train<'a>(model: &'a str, out: &'a str) -> Vec<&'a str> {
    let mut arguments = vec!["train", "log.csv", "--out", out, "--model", model];
    arguments.extend(["--set", "data.order=key", "--set", "prior.use=off", "-q"]);
    match model {
        "gf-cf" => arguments.extend([
            "--set",
            "filter.vectors=8",
            "--set",
            "filter.weighted_histories=true",
        ]),
        "lightgcn" => arguments.extend([
            "--dim",
            "4",
            "--batch-size",
            "256",
            "--set",
            "graph.weighted=true",
        ]),
        _ => arguments.extend(["--dim", "4", "--batch-size", "256"]),
    }
    arguments
}

fn json(work: &Workspace, name: &str) -> Value {
    serde_json::from_slice(&work.read(name)).unwrap()
}

fn text(work: &Workspace, name: &str) -> String {
    String::from_utf8(work.read(name)).unwrap()
}

/// Files whose bytes follow from data and settings, where both runs have them.
fn assert_same_model(work: &Workspace, one: &str, other: &str) {
    let files = [
        "model",
        "embeddings",
        "fold_in",
        "filter",
        "encoder",
        "item_graph",
    ];
    let mut n = 0;
    for file in files.map(|file| format!("{file}.safetensors")) {
        let of = |run: &str| fs::read(work.path(&format!("{run}/{file}"))).ok();
        assert!(of(one) == of(other), "{file} of {one} and {other}");
        n += usize::from(of(one).is_some());
    }
    assert!(n > 0);
}

/// A pair of a user and an item of the log that is not in it: all that a run may test on that trains on the whole log.
fn write_stranger(work: &Workspace) {
    let log = text(work, "log.csv");
    let has = |item: usize| {
        log.lines()
            .any(|line| line.starts_with(&format!("user-0,{item},")))
    };
    let item = (0..60).find(|&item| !has(item)).unwrap();
    let rows = format!("user_id,item_id,rating,timestamp\nuser-0,{item},3,1700000000\n");
    work.write("stranger.csv", rows.as_bytes());
}

/// Trained on everything it is what a training on the whole log is, from the files of the run alone; its figures are
/// those of the run, everywhere said so, and nothing measures it.
#[test]
fn a_refit_on_everything_is_a_training_on_the_whole_log() {
    let work = Workspace::new();
    write_stranger(&work);
    for model in ["mf", "lightgcn", "gf-cf"] {
        for name in ["run", "served", "whole"] {
            let _ = fs::remove_dir_all(work.path(name));
        }
        let epochs = ["--epochs", "3"];
        let of_model = |arguments: Vec<&'static str>| match model {
            "gf-cf" => arguments,
            _ => [&arguments[..], &epochs].concat(),
        };
        work.succeed(&of_model(train(model, "run")));
        let measured = work.json(&["evaluate", "--run", "run", "-k", "5", "-q"]);
        fs::rename(work.path("log.csv"), work.path("away.csv")).unwrap();
        let refit = ["refit", "--run", "run", "--all", "--out", "served"];
        let told = work.json(&[&refit[..], &["-q"]].concat());
        fs::rename(work.path("away.csv"), work.path("log.csv")).unwrap();
        assert_eq!(told["refit"]["on"], "everything");

        let chosen = told["refit"]["epochs"].to_string();
        let mut whole = train(model, "whole");
        whole.extend([
            "--test",
            "stranger.csv",
            "--set",
            "split.validation_fraction=0",
        ]);
        if model != "gf-cf" {
            whole.extend(["--epochs", &chosen]);
        }
        work.succeed(&whole);
        assert_same_model(&work, "served", "whole");

        let run = RunDir::open(work.path("served")).unwrap();
        run.verify().unwrap();
        let (n_users, n_items) = (run.users().unwrap().len(), run.items().unwrap().len());
        assert_eq!(run.test(n_users, n_items).unwrap().n_pairs(), 0);
        let data = json(&work, "served/data.json");
        assert_eq!(data["split"]["n_train"], data["n_interactions"]);
        assert_eq!(data["refit"]["n_interactions"], data["n_interactions"]);
        assert_eq!(data["refit"]["of"]["run"], "run");
        let date = data["refit"]["of"]["measured"].as_str().unwrap().to_owned();

        let figures = format!("those of run, measured {date}");
        let expected = format!("this run was trained on the test part; its figures are {figures}");
        work.refused(&["evaluate", "--run", "served"], 2, &expected);
        work.refused(
            &["compare", "run", "served", "--metric", "recall@5"],
            2,
            "compare run",
        );
        let evaluation = json(&work, "served/evaluation.json");
        assert_eq!(evaluation["of"]["run"], "run");
        assert_eq!(evaluation["systems"], measured["systems"]);
        let card = text(&work, "served/README.md");
        assert!(
            card.contains(&format!("The figures are {figures}")),
            "{card}"
        );
        assert!(
            card.contains("trained again on | training, validation and test: "),
            "{card}"
        );
        assert!(text(&work, "served/report.html").contains(&figures));

        let lists = |run: &str, out: &str| {
            work.succeed(&[
                "recommend",
                "--run",
                run,
                "--all",
                "-k",
                "5",
                "--out",
                out,
                "-q",
            ]);
            work.read(out)
        };
        // The stranger is in the test part of one of them, and left out of one list there.
        let (of_served, of_whole) = (lists("served", "a.csv"), lists("whole", "b.csv"));
        let (a, b) = (
            String::from_utf8(of_served).unwrap(),
            String::from_utf8(of_whole).unwrap(),
        );
        let others = |text: &str| -> Vec<String> {
            let lines = text.lines().filter(|line| !line.starts_with("user-0,"));
            lines.map(str::to_owned).collect()
        };
        assert_eq!(others(&a), others(&b), "{model}");
        work.refused(&refit, 74, "there is a run already");
        work.refused(
            &["refit", "--run", "served", "--all", "--out", "again"],
            2,
            "served was trained on everything already",
        );
    }
}

/// A run that was trained once becomes what `train` makes today.
#[test]
fn a_run_of_before_is_refitted_on_training_and_validation() {
    let work = Workspace::new();
    for model in ["mf", "gf-cf"] {
        for name in ["old", "new", "run"] {
            let _ = fs::remove_dir_all(work.path(name));
        }
        let more: &[&str] = match model {
            "gf-cf" => &[],
            _ => &["--epochs", "3", "--set", "training.schedule=cosine"],
        };
        work.succeed(&[&train(model, "old")[..], more, &["--no-refit"]].concat());
        work.succeed(&[&train(model, "run")[..], more].concat());
        work.succeed(&["refit", "--run", "old", "--out", "new", "-q"]);
        assert_same_model(&work, "new", "run");
        for name in ["interactions", "test"] {
            let of = |run: &str| work.read(&format!("{run}/{name}.safetensors"));
            assert!(of("new") == of("run"), "{name}");
        }
        assert_eq!(
            text(&work, "new/config.toml"),
            text(&work, "run/config.toml")
        );
        let of =
            |run: &str| work.json(&["evaluate", "--run", run, "-k", "5", "-q"])["systems"].clone();
        assert_eq!(of("new"), of("run"));
        let message = "new was trained on training and validation already; `--all`";
        work.refused(&["refit", "--run", "new", "--out", "again"], 2, message);
        work.refused(
            &["refit", "--run", "new", "--all", "--out", "new"],
            2,
            "stays as it is",
        );
        assert!(!work.path("again").exists());
    }
}

/// A model of item features reads the item file again, and no other than the one it began with.
#[test]
fn features_are_read_again_from_the_same_file() {
    let work = Workspace::new();
    write_stranger(&work);
    let rows = (0..60).map(|item| format!("{item},film {},genre-{}\n", item % 7, item / 15));
    let items: String = std::iter::once("item_id,title,genres\n".to_owned())
        .chain(rows)
        .collect();
    work.write("items.csv", items.as_bytes());
    let settings = |out: &'static str| {
        let mut arguments = train("pinsage", out);
        arguments.extend(["--items", "items.csv", "--epochs", "2"]);
        arguments.extend([
            "--set",
            "features.hash_buckets=32",
            "--set",
            "features.categories=[\"genres\"]",
        ]);
        arguments
    };
    let told = work.json(&settings("run"));
    work.write("items.csv", items.replace("film 3", "film 4").as_bytes());
    let refit = ["refit", "--run", "run", "--all", "--out", "served", "-q"];
    work.refused(&refit, 65, "items.csv is not the file this run began with");
    assert!(!work.path("served").exists());
    work.write("items.csv", items.as_bytes());
    fs::rename(work.path("log.csv"), work.path("away.csv")).unwrap();
    work.succeed(&refit);
    fs::rename(work.path("away.csv"), work.path("log.csv")).unwrap();
    let epochs = told["best_epoch"].to_string();
    let mut whole = settings("whole");
    whole.extend([
        "--test",
        "stranger.csv",
        "--set",
        "split.validation_fraction=0",
    ]);
    let at = whole
        .iter()
        .position(|&argument| argument == "--epochs")
        .unwrap();
    whole[at + 1] = &epochs;
    work.succeed(&whole);
    for name in ["model", "embeddings", "encoder"] {
        let of = |run: &str| work.read(&format!("{run}/{name}.safetensors"));
        assert!(of("served") == of("whole"), "{name}");
    }
    // It was not measured, and says so.
    work.refused(
        &["evaluate", "--run", "served"],
        2,
        "trained on the test part of run, which was not measured before",
    );
    assert!(text(&work, "served/README.md").contains("cannot be measured on it"));
    assert!(!work.path("served/report.html").exists());
}
