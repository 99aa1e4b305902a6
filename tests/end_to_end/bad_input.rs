//! Bad input is normal: a place, what is wrong, what to do, and the exit code a script can read.

use crate::data::{Workspace, quick};

/// Trains on `text` and asserts the exit code and that the message holds every fragment.
fn refused(name: &str, bytes: &[u8], extra: &[&str], code: i32, fragments: &[&str]) {
    let work = Workspace::new();
    work.write(name, bytes);
    let output = work
        .sagebrush(&[&quick(name, "run"), extra].concat())
        .assert()
        .failure()
        .code(code);
    let message = String::from_utf8_lossy(&output.get_output().stderr).into_owned();
    for fragment in fragments {
        assert!(
            message.contains(fragment),
            "`{fragment}` is missing in: {message}"
        );
    }
    assert!(!message.contains("panicked"), "{message}");
}

#[test]
fn broken_logs_name_the_place_and_the_remedy() {
    let header = "user_id,item_id,timestamp\n";
    let case = |rows: &str| format!("{header}{rows}").into_bytes();
    refused(
        "a.csv",
        &case("u,i,1\nu,,2\n"),
        &[],
        65,
        &["a.csv:3", "item"],
    );
    refused(
        "a.csv",
        &case("u,i,1\nu,j,soon\n"),
        &[],
        65,
        &["a.csv:3", "timestamp"],
    );
    refused("a.csv", b"who,what\n1,2\n", &[], 65, &["a.csv", "who"]);
    refused(
        "a.csv",
        b"user_id,item_id,rating\n1,2,NaN\n",
        &[],
        65,
        &["a.csv:2"],
    );
    refused(
        "a.csv",
        b"user_id,item_id\n1,\xff\xfe\n",
        &[],
        65,
        &["a.csv:2", "UTF-8"],
    );
    refused("a.csv", b"", &[], 65, &["a.csv"]);
    let low = b"user_id,item_id,rating\n1,2,3\n1,3,1\n";
    refused("a.csv", low, &["--min-rating", "9"], 65, &["rating"]);
}

#[test]
fn a_truncated_gzip_is_refused() {
    let mut gzip = std::process::Command::new("gzip")
        .arg("-c")
        .arg("/dev/null")
        .output();
    if gzip.is_err() {
        eprintln!("skipped: no gzip here");
        return;
    }
    let work = Workspace::new();
    gzip = std::process::Command::new("gzip")
        .arg("-c")
        .arg(work.path("log.csv"))
        .output();
    let whole = gzip.unwrap().stdout;
    refused(
        "a.csv.gz",
        &whole[..whole.len() / 2],
        &[],
        65,
        &["a.csv.gz"],
    );
}

#[test]
fn a_missing_file_exits_66() {
    let work = Workspace::new();
    work.sagebrush(&quick("nowhere.csv", "run"))
        .assert()
        .failure()
        .code(66);
    work.sagebrush(&["evaluate", "--run", "nowhere"])
        .assert()
        .failure()
        .code(66);
}

#[test]
fn a_missing_configuration_exits_66() {
    let work = Workspace::new();
    let arguments = [
        "train",
        "log.csv",
        "--config",
        "nowhere.toml",
        "--out",
        "run",
    ];
    work.sagebrush(&arguments).assert().failure().code(66);
}

#[test]
fn unknown_settings_name_the_nearest_known_one() {
    let work = Workspace::new();
    work.write("run.toml", b"[training]\nepoch = 3\n");
    let output = work
        .sagebrush(&["train", "log.csv", "--config", "run.toml", "--out", "run"])
        .assert()
        .failure()
        .code(2);
    let message = String::from_utf8_lossy(&output.get_output().stderr).into_owned();
    assert!(message.contains("training.epochs"), "{message}");
}

#[test]
fn a_path_that_cannot_be_written_exits_74() {
    let work = Workspace::new();
    work.write("file", b"");
    let output = work
        .sagebrush(&quick("log.csv", "file/run"))
        .assert()
        .failure()
        .code(74);
    let message = String::from_utf8_lossy(&output.get_output().stderr).into_owned();
    assert!(message.contains("file/run"), "{message}");
}

#[test]
fn more_recommendations_than_items_are_all_there_are() {
    let work = Workspace::new();
    work.succeed(&quick("log.csv", "run"));
    let recommend = [
        "recommend",
        "--run",
        "run",
        "--user",
        "user-1",
        "-k",
        "1000",
    ];
    let output = work.sagebrush(&recommend).assert().success();
    let message = String::from_utf8_lossy(&output.get_output().stderr).into_owned();
    assert!(
        message.contains("60"),
        "the size of the catalogue is named: {message}"
    );
    work.sagebrush(&["recommend", "--run", "run", "--user", "nobody"])
        .assert()
        .failure()
        .code(65);
}

#[test]
fn damaged_runs_are_refused_by_name() {
    let work = Workspace::new();
    work.succeed(&quick("log.csv", "run"));
    let mut bytes = work.read("run/embeddings.safetensors");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    work.write("run/embeddings.safetensors", &bytes);
    let output = work
        .sagebrush(&["recommend", "--run", "run", "--user", "user-1"])
        .assert()
        .failure()
        .code(65);
    let message = String::from_utf8_lossy(&output.get_output().stderr).into_owned();
    assert!(message.contains("embeddings.safetensors"), "{message}");

    std::fs::remove_file(work.path("run/MANIFEST.json")).unwrap();
    let output = work
        .sagebrush(&["recommend", "--run", "run", "--user", "user-1"])
        .assert()
        .failure();
    let message = String::from_utf8_lossy(&output.get_output().stderr).into_owned();
    assert!(message.contains("--resume"), "{message}");
}

#[test]
fn a_run_from_another_version_is_refused() {
    let work = Workspace::new();
    work.succeed(&quick("log.csv", "run"));
    let config = String::from_utf8(work.read("run/config.toml")).unwrap();
    assert!(config.contains("format_version = 1"), "{config}");
    let manifest = String::from_utf8(work.read("run/MANIFEST.json")).unwrap();
    let newer = manifest.replacen("\"version\": 2", "\"version\": 99", 1);
    assert_ne!(manifest, newer);
    work.write("run/MANIFEST.json", newer.as_bytes());
    let output = work
        .sagebrush(&["evaluate", "--run", "run"])
        .assert()
        .failure()
        .code(65);
    let message = String::from_utf8_lossy(&output.get_output().stderr).into_owned();
    assert!(message.contains("99"), "{message}");
}

#[test]
fn a_diverging_run_stops_and_says_where() {
    let work = Workspace::new();
    let output = work
        .sagebrush(&[&quick("log.csv", "run")[..], &["--learning-rate", "1e20"]].concat())
        .assert()
        .failure()
        .code(65);
    let message = String::from_utf8_lossy(&output.get_output().stderr).into_owned();
    for fragment in ["epoch 1", "step", "learning rate"] {
        assert!(
            message.contains(fragment),
            "`{fragment}` is missing in: {message}"
        );
    }
}

#[test]
fn a_depth_beyond_the_catalogue_ranks_all_of_it() {
    let work = Workspace::new();
    work.succeed(&quick("log.csv", "run"));
    let output = work
        .sagebrush(&["evaluate", "--run", "run", "-k", "1000"])
        .assert()
        .success();
    let message = String::from_utf8_lossy(&output.get_output().stderr).into_owned();
    assert!(
        message.contains("60"),
        "the size of the catalogue is named: {message}"
    );
}

#[cfg(not(feature = "gpu"))]
#[test]
fn a_device_that_was_not_built_exits_69() {
    let work = Workspace::new();
    let output = work
        .sagebrush(&[&quick("log.csv", "run")[..], &["--device", "gpu"]].concat())
        .assert()
        .failure()
        .code(69);
    let message = String::from_utf8_lossy(&output.get_output().stderr).into_owned();
    assert!(message.contains("--features gpu"), "{message}");
}
