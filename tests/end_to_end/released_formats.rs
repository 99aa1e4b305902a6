//! Runs and checkpoints of every released format stay readable; their files are in `tests/fixtures`.

use std::path::Path;

use sagebrush::run::{Checkpoint, RunDir};

use crate::data::Workspace;

fn fixture() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/run-v1")
}

#[test]
fn a_run_of_format_1_is_whole_and_answers() {
    RunDir::open(fixture()).unwrap().verify().unwrap();
    let run = fixture();
    let rows = Workspace::new().json(&[
        "recommend",
        "--run",
        run.to_str().unwrap(),
        "--user",
        "u3",
        "-k",
        "2",
    ]);
    assert_eq!(rows.as_array().unwrap().len(), 2);
}

#[test]
fn a_checkpoint_of_format_1_is_read_whole() {
    let bytes = std::fs::read(fixture().join("checkpoint/epoch-000002.safetensors")).unwrap();
    let checkpoint = Checkpoint::from_bytes("epoch-000002", &bytes).unwrap();
    assert_eq!((checkpoint.epoch, checkpoint.step), (2, 0));
    assert_eq!(checkpoint.history.len(), 2);
    assert_eq!(checkpoint.parameters["users"].shape, [12, 4]);
    assert_eq!(
        checkpoint.optimizer.len(),
        4,
        "two moments of each of two tables"
    );
}
