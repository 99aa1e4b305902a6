//! Resuming a run: it keeps its own settings and data, and nothing is changed before both are checked.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::data::Workspace;
use crate::small::{assert_whole, openings, results, train};

fn edit(work: &Workspace, from: &str, to: &str) {
    let text = String::from_utf8(work.read("run/config.toml")).unwrap();
    assert!(text.contains(from), "{from} is missing in {text}");
    work.write("run/config.toml", text.replace(from, to).as_bytes());
}

#[test]
fn other_settings_are_refused_by_key_and_the_run_stays_as_it_is() {
    let work = Workspace::new();
    work.succeed(&train("mf", "run"));
    work.succeed(&["evaluate", "--run", "run", "-q"]);
    let config = work.read("run/config.toml");
    edit(&work, "dim = 4", "dim = 8");
    edit(&work, "seed = ", "seed = 1");
    let resume = ["train", "--resume", "run"];
    let output = work.refused(&resume, 65, "`model.dim` was 4 and is 8");
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(message.contains("`seed` was "), "{message}");
    work.write("run/config.toml", &config);
    assert_whole(&work.path("run"));
    assert!(work.path("run/evaluation.json").exists());
}

#[test]
fn more_epochs_train_further_and_the_evaluation_goes() {
    let work = Workspace::new();
    work.succeed(&train("mf", "run"));
    let mut longer = train("mf", "longer");
    longer.extend(["--epochs", "5"]);
    longer.retain(|&argument| argument != "3");
    let at = longer.iter().position(|&argument| argument == "--epochs");
    longer.remove(at.unwrap());
    work.succeed(&longer);
    work.succeed(&["evaluate", "--run", "run", "-q"]);
    edit(&work, "epochs = 3", "epochs = 5");
    work.succeed(&["train", "--resume", "run", "-q"]);
    assert_whole(&work.path("run"));
    assert_eq!(results(&work.path("run")), results(&work.path("longer")));
    assert!(!work.path("run/evaluation.json").exists());
    assert!(!work.path("run/report.html").exists());
    assert_eq!(openings(&work.path("run")), 1, "it was opened all the same");
}

#[test]
fn a_finished_run_with_nothing_left_stays_as_it_is() {
    let work = Workspace::new();
    for model in ["mf", "gf-cf"] {
        work.succeed(&train(model, "run"));
        work.succeed(&["evaluate", "--run", "run", "-q"]);
        let before = contents(&work.path("run"));
        let output = work.succeed(&["train", "--resume", "run"]);
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(message.contains("run stays as it is"), "{message}");
        assert!(before == contents(&work.path("run")), "{model}");
        let told = work.json(&["train", "--resume", "run"]);
        assert_eq!(told["nothing_to_train"], true);
        // Without its checkpoints, too: it is finished as its settings say.
        fs::remove_dir_all(work.path("run/checkpoint")).unwrap();
        work.succeed(&["train", "--resume", "run", "-q"]);
        assert!(work.path("run/evaluation.json").exists());
        fs::remove_dir_all(work.path("run")).unwrap();
    }
    // One that is damaged is brought to its end again.
    work.succeed(&train("mf", "run"));
    let expected = results(&work.path("run"));
    fs::remove_file(work.path("run/embeddings.safetensors")).unwrap();
    work.succeed(&["train", "--resume", "run", "-q"]);
    assert_whole(&work.path("run"));
    assert_eq!(results(&work.path("run")), expected);
}

/// The files of a run by name.
fn contents(run: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = fs::read_dir(run).unwrap().map(|entry| entry.unwrap());
    let files = files.filter(|entry| entry.file_type().unwrap().is_file());
    files
        .map(|entry| {
            let name = entry.file_name().into_string().unwrap();
            (name, fs::read(entry.path()).unwrap())
        })
        .collect()
}

#[test]
fn a_log_that_moved_or_changed_costs_nothing() {
    let work = Workspace::new();
    work.succeed(&train("mf", "run"));
    let before = results(&work.path("run"));
    let resume = ["train", "--resume", "run"];
    fs::rename(work.path("log.csv"), work.path("moved.csv")).unwrap();
    work.refused(&resume, 66, "log.csv");
    assert_whole(&work.path("run"));
    work.write(
        "log.csv",
        &[&work.read("moved.csv")[..], b"user-1,1,5,1600000000\n"].concat(),
    );
    work.refused(&resume, 65, "log.csv is not the file this run began with");
    assert_whole(&work.path("run"));
    work.succeed(&["recommend", "--run", "run", "--user", "user-1", "-k", "2"]);
    // The same file in another place is the same data.
    edit(&work, "log.csv", "moved.csv");
    work.succeed(&["train", "--resume", "run", "-q"]);
    assert_whole(&work.path("run"));
    assert_eq!(results(&work.path("run")), before);
}

#[test]
fn an_overwrite_of_a_log_that_is_not_there_leaves_the_old_run() {
    let work = Workspace::new();
    work.succeed(&train("mf", "run"));
    let overwrite = ["train", "missing.csv", "--out", "run", "--overwrite"];
    work.refused(&overwrite, 66, "missing.csv");
    assert_whole(&work.path("run"));
    assert!(!work.path(".run.sagebrush-lock").exists());
}

#[test]
fn the_openings_outlive_an_overwrite() {
    let work = Workspace::new();
    work.succeed(&train("mf", "run"));
    work.succeed(&["evaluate", "--run", "run", "-q"]);
    work.succeed(&[&train("mf", "run")[..], &["--overwrite"]].concat());
    assert_whole(&work.path("run"));
    assert!(!work.path("run/evaluation.json").exists());
    assert_eq!(openings(&work.path("run")), 1);
    let output = work.succeed(&["evaluate", "--run", "run"]);
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(message.contains("was opened 1 time before"), "{message}");
}

#[test]
fn a_demo_replaces_demos_and_nothing_else() {
    let work = Workspace::new();
    work.succeed(&train("mf", "folder/films"));
    let before = results(&work.path("folder/films"));
    let demo = ["demo", "--out", "folder"];
    work.refused(&demo, 74, "`sagebrush demo` did not train");
    assert_whole(&work.path("folder/films"));
    assert_eq!(results(&work.path("folder/films")), before);
}

#[test]
fn a_demo_takes_the_place_of_a_demo() {
    let work = Workspace::new();
    let demo = |seed: &str| {
        let arguments = ["demo", "--out", "folder", "--seed", seed, "-q"];
        let mut command = work.sagebrush(&arguments);
        // A contest that is over in seconds.
        command
            .env("SAGEBRUSH_TRAINING_EPOCHS", "1")
            .env("SAGEBRUSH_MODEL_DIM", "4")
            .env("SAGEBRUSH_FILTER_VECTORS", "4")
            .env("SAGEBRUSH_SAMPLING_BATCH_SHARED", "16")
            .env("SAGEBRUSH_PRIOR_USE", "off")
            .env("SAGEBRUSH_EVALUATION_BOOTSTRAP", "10")
            .assert()
            .success();
        assert_whole(&work.path("folder/films"));
        let config = fs::read_to_string(work.path("folder/films/config.toml")).unwrap();
        assert!(config.contains(&format!("\nseed = {seed}\n")), "{config}");
    };
    demo("1");
    demo("2");
    assert!(work.path("folder/films/report.html").exists());
}

#[test]
fn the_ledger_counts_what_all_runs_measured() {
    let work = Workspace::new();
    let state = work.path("state");
    let evaluate = |run: &str| {
        let arguments = ["evaluate", "--run", run];
        let mut command = work.sagebrush(&arguments);
        let command = command.env_remove("SAGEBRUSH_LEDGER");
        let command = command.env("XDG_STATE_HOME", &state);
        let output = command.assert().success().get_output().clone();
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    work.succeed(&train("mf", "a"));
    work.succeed(&train("lightgcn", "b"));
    evaluate("a");
    let message = evaluate("a");
    let expected = "this test split has been measured 2 times by 1 run on this machine";
    assert!(message.contains(expected), "{message}");
    let message = evaluate("b");
    let expected = "this test split has been measured 3 times by 2 runs on this machine";
    assert!(message.contains(expected), "{message}");
    let lines = fs::read_to_string(state.join("sagebrush/openings.jsonl")).unwrap();
    assert_eq!(lines.lines().count(), 3);
    // One that cannot be written is a warning.
    fs::remove_dir_all(&state).unwrap();
    fs::write(&state, "").unwrap();
    let message = evaluate("b");
    assert!(
        message.contains("openings.jsonl: cannot be written"),
        "{message}"
    );
}
