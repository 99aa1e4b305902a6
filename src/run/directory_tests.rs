//! Tests of the run directory as a whole: what is written is read, and damage is refused by name.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::records::tests::record;
use super::{
    Began, EmbeddingTables, File, HostTensor, LockedRun, MANIFEST_NAME, ModelCard, NamedTensors,
    OPENINGS_NAME, Opening, Replace, RunDir, RunError, RunWriter, SeenColumns, StoredTable,
};
use crate::data::{IdMap, ItemLists, PairColumns};
use crate::failure::{Fails, Failure};

fn matrix(rows: usize, columns: usize, values: &[f32]) -> HostTensor {
    HostTensor {
        shape: vec![rows, columns],
        values: values.into(),
    }
}

fn table(rows: usize, values: &[f32]) -> StoredTable {
    StoredTable {
        rows,
        dim: 1,
        values: values.to_vec().into(),
    }
}

fn tables() -> EmbeddingTables {
    EmbeddingTables {
        users: table(2, &[1.0, -0.0]),
        items: table(3, &[0.5, 2.0, -1.0]),
        head: NamedTensors::from([("bias".into(), matrix(1, 1, &[3.0]))]),
        metadata: BTreeMap::from([("head".into(), "mlp".into()), ("z".into(), "1".into())]),
    }
}

fn lists(pairs: &[(u32, u32)]) -> ItemLists {
    ItemLists::from_pairs(2, pairs.iter().copied())
}

fn keys(keys: &[&str]) -> IdMap {
    IdMap::from_ordered_keys(keys.iter().map(|&key| key.into()).collect()).unwrap()
}

fn parameters() -> NamedTensors {
    NamedTensors::from([("users".into(), matrix(2, 1, &[7.0, 8.0]))])
}

fn columns() -> SeenColumns {
    SeenColumns {
        train: PairColumns {
            weights: vec![0.5, 2.0],
            times: vec![-1, 1_700_000_000],
        },
        validation: PairColumns {
            times: vec![1_700_000_001],
            ..PairColumns::default()
        },
    }
}

fn create(path: impl Into<std::path::PathBuf>, replace: Replace) -> Result<RunWriter, RunError> {
    RunWriter::create(path, replace, "train")
}

fn resume(path: &Path) -> Result<RunWriter, RunError> {
    LockedRun::to_resume(path, "train")?.begin()
}

fn write_run(path: &Path) -> RunWriter {
    let mut run = create(path, Replace::Nothing).unwrap();
    run.write_config("seed = 1\n").unwrap();
    run.write_parameters(&parameters()).unwrap();
    run.write_embeddings(&tables()).unwrap();
    run.write_keys(&keys(&["u1", "ü\"2"]), &keys(&["1", "2", "3"]))
        .unwrap();
    run.write_titles(&[Some("Heat".into()), None, Some("Ran".into())])
        .unwrap();
    let columns = columns();
    let train = (&lists(&[(0, 1), (1, 2)]), &columns.train);
    let validation = (&lists(&[(0, 2)]), &columns.validation);
    run.write_interactions(train, validation).unwrap();
    run.write_test(&lists(&[(1, 0)]), &PairColumns::default())
        .unwrap();
    run.write_data(&BTreeMap::from([("rows", 4)])).unwrap();
    run.write_began(&Began::now("seed = 1\n".into())).unwrap();
    run.start_metrics(&[record(1)])
        .unwrap()
        .append(&record(2))
        .unwrap();
    run.write_model_card(&ModelCard::default()).unwrap();
    run.finish().unwrap();
    run
}

#[test]
fn what_is_written_is_read() {
    let directory = tempfile::tempdir().unwrap();
    write_run(&directory.path().join("deep/run"));
    let run = RunDir::open(directory.path().join("deep/run")).unwrap();
    run.verify().unwrap();
    assert_eq!(run.config().unwrap(), "seed = 1\n");
    assert_eq!(run.parameters().unwrap(), parameters());
    assert_eq!(run.embeddings().unwrap(), tables());
    assert_eq!(run.users().unwrap().key(1), "ü\"2");
    assert_eq!(run.items().unwrap().id("3"), Some(2));
    assert_eq!(run.titles().unwrap().unwrap()[1], None);
    let seen = run.interactions(2, 3).unwrap();
    assert_eq!(run.interaction_columns(&seen).unwrap(), columns());
    assert_eq!(
        (seen.train, seen.validation),
        (lists(&[(0, 1), (1, 2)]), lists(&[(0, 2)]))
    );
    assert_eq!(run.test(2, 3).unwrap(), lists(&[(1, 0)]));
    assert_eq!(run.data::<BTreeMap<String, u32>>().unwrap()["rows"], 4);
    assert_eq!(run.metrics().unwrap(), [record(1), record(2)]);
    assert!(!run.has(File::Evaluation));
    let missing = run.evaluation::<u32>().unwrap_err();
    assert_eq!(missing.failure(), Failure::InputMissing);
    assert!(missing.to_string().contains("run `sagebrush evaluate`"));
}

#[test]
fn equal_runs_have_equal_bytes() {
    let directory = tempfile::tempdir().unwrap();
    let one = write_run(&directory.path().join("one"));
    let two = write_run(&directory.path().join("two"));
    assert_eq!(one.manifest(), two.manifest());
}

#[test]
fn lists_that_do_not_fit_the_id_maps_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let run = write_run(directory.path());
    for (n_users, n_items) in [(1, 3), (3, 3), (2, 2)] {
        let error = run.interactions(n_users, n_items).unwrap_err();
        assert_eq!(error.failure(), Failure::BadData);
        assert!(error.path().ends_with("interactions.safetensors"));
    }
}

#[test]
fn a_file_added_later_enters_the_manifest() {
    let directory = tempfile::tempdir().unwrap();
    let mut run = write_run(directory.path());
    for value in [1, 2] {
        run.write_evaluation(&value).unwrap();
        let opened = RunDir::open(directory.path()).unwrap();
        opened.verify().unwrap();
        assert_eq!(opened.evaluation::<i32>().unwrap(), value);
    }
}

/// A crash between the change of a file and the new manifest leaves the file unlisted.
#[test]
fn a_failed_write_into_a_finished_run_leaves_it_open_for_reading() {
    let directory = tempfile::tempdir().unwrap();
    let mut run = write_run(directory.path());
    run.write_evaluation(&1).unwrap();
    let failed = run.write(File::Evaluation, |_| {
        Err(std::io::ErrorKind::StorageFull.into())
    });
    assert_eq!(failed.unwrap_err().failure(), Failure::CannotWrite);
    let opened = RunDir::open(directory.path()).unwrap();
    opened.verify().unwrap();
    assert!(!opened.has(File::Evaluation));
}

#[test]
fn an_unfinished_run_says_how_to_go_on() {
    let directory = tempfile::tempdir().unwrap();
    write_run(directory.path());
    fs::remove_file(directory.path().join(MANIFEST_NAME)).unwrap();
    fs::write(directory.path().join(".sagebrush-x.tmp"), "half").unwrap();
    fs::write(directory.path().join("notes.txt"), "of the user").unwrap();
    let error = RunDir::open(directory.path()).unwrap_err();
    assert!(matches!(error, RunError::Unfinished { .. }));
    assert!(error.to_string().contains("--resume"), "{error}");
    let mut run = resume(directory.path()).unwrap();
    assert!(!directory.path().join(".sagebrush-x.tmp").exists());
    run.finish().unwrap();
    RunDir::open(directory.path()).unwrap().verify().unwrap();
}

#[test]
fn a_run_that_lacks_a_file_cannot_be_finished() {
    let directory = tempfile::tempdir().unwrap();
    let mut run = create(directory.path().join("run"), Replace::Nothing).unwrap();
    assert!(run.finish().unwrap_err().path().ends_with("config.toml"));
}

#[test]
fn what_is_not_a_run_is_never_written_over() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    fs::write(path.join("README.md"), "mine").unwrap();
    for replace in [Replace::Nothing, Replace::Own, Replace::Any] {
        let error = create(path, replace).unwrap_err();
        assert_eq!(error.failure(), Failure::CannotWrite);
        assert!(error.to_string().contains("not a run"), "{error}");
    }
    fs::create_dir(path.join("checkpoint")).unwrap();
    fs::write(path.join("thesis.tex"), "mine").unwrap();
    assert!(create(path, Replace::Any).is_err());
    assert!(resume(path).is_err());
    assert_eq!(
        RunDir::open(path).unwrap_err().failure(),
        Failure::InputMissing
    );
    assert_eq!(fs::read(path.join("README.md")).unwrap(), b"mine");
}

#[test]
fn overwriting_removes_the_run_and_keeps_what_else_is_there() {
    let directory = tempfile::tempdir().unwrap();
    write_run(directory.path());
    fs::write(directory.path().join("notes.txt"), "mine").unwrap();
    let error = create(directory.path(), Replace::Nothing).unwrap_err();
    assert!(error.to_string().contains("--overwrite"), "{error}");
    RunDir::open(directory.path()).unwrap();
    let checkpoints = directory.path().join("checkpoint");
    super::checkpoint::tests::sample(1)
        .save(&checkpoints)
        .unwrap();
    create(directory.path(), Replace::Any).unwrap();
    assert_eq!(fs::read_dir(checkpoints).unwrap().count(), 1);
    let mut left: Vec<_> = fs::read_dir(directory.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    left.sort();
    assert_eq!(left, ["checkpoint", "notes.txt"]);
}

#[test]
fn a_path_that_cannot_be_is_an_error() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    fs::write(&file, "").unwrap();
    for path in [file.clone(), file.join("run")] {
        assert_eq!(
            create(path, Replace::Any).unwrap_err().failure(),
            Failure::CannotWrite
        );
    }
    assert_eq!(
        RunDir::open(&file).unwrap_err().failure(),
        Failure::InputMissing
    );
    let absent = RunDir::open(directory.path().join("absent")).unwrap_err();
    assert!(
        absent.to_string().contains("there is no such run"),
        "{absent}"
    );
}

#[test]
fn every_truncated_or_missing_file_is_named_on_opening_where_answers_need_it() {
    let directory = tempfile::tempdir().unwrap();
    let run = write_run(directory.path());
    for name in run.manifest().unwrap().files.keys() {
        let path = directory.path().join(name);
        let whole = fs::read(&path).unwrap();
        let check = || match RunDir::open(directory.path()) {
            Ok(run) if !File::of_name(name).unwrap().is_served() => run.verify().unwrap_err(),
            opened => opened.unwrap_err(),
        };
        fs::write(&path, &whole[..whole.len() / 2]).unwrap();
        let truncated = check();
        fs::remove_file(&path).unwrap();
        let missing = check();
        fs::write(&path, &whole).unwrap();
        for error in [truncated, missing] {
            assert_eq!(
                (error.failure(), error.path()),
                (Failure::BadData, path.as_path())
            );
        }
    }
}

#[test]
fn every_changed_byte_of_a_tensor_file_is_refused_by_name() {
    let directory = tempfile::tempdir().unwrap();
    let run = write_run(directory.path());
    let path = directory.path().join("model.safetensors");
    let whole = fs::read(&path).unwrap();
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 0xff;
        fs::write(&path, &bytes).unwrap();
        let error = run.parameters().unwrap_err();
        assert_eq!(
            (error.failure(), error.path()),
            (Failure::BadData, path.as_path())
        );
        assert!(run.verify().is_err());
    }
}

/// Without a manifest nothing vouches for the bytes: they may be refused or make sense, but never
/// panic.
#[test]
fn an_unlisted_tensor_file_of_any_bytes_never_panics() {
    let directory = tempfile::tempdir().unwrap();
    write_run(directory.path());
    let run = resume(directory.path()).unwrap();
    let path = directory.path().join("embeddings.safetensors");
    let whole = fs::read(&path).unwrap();
    for end in 0..whole.len() {
        fs::write(&path, &whole[..end]).unwrap();
        assert_eq!(run.embeddings().unwrap_err().path(), path);
    }
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x04;
        fs::write(&path, &bytes).unwrap();
        let _ = run.embeddings();
    }
}

#[test]
fn one_process_writes_and_the_manifest_is_that_of_the_moment() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("run");
    write_run(&path);
    let mut first = RunWriter::open(&path, "evaluate").unwrap();
    for second in [
        RunWriter::open(&path, "evaluate").map(|_| ()),
        create(&path, Replace::Any).map(|_| ()),
        resume(&path).map(|_| ()),
    ] {
        assert_eq!(second.unwrap_err().failure(), Failure::Busy);
    }
    first.write_evaluation(&1).unwrap();
    drop(first);
    let mut next = RunWriter::open(&path, "evaluate").unwrap();
    next.write_report("<html>").unwrap();
    let read = RunDir::open(&path).unwrap();
    read.verify().unwrap();
    assert!(read.has(File::Evaluation) && read.has(File::Report));
}

/// A reader that opened the run before an evaluation was written anew reads the new one; what answers need is never
/// taken from another run.
#[test]
fn a_reader_follows_an_evaluation_and_no_other_file() {
    let directory = tempfile::tempdir().unwrap();
    let mut run = write_run(directory.path());
    run.write_evaluation(&1).unwrap();
    let reader = RunDir::open(directory.path()).unwrap();
    run.write_evaluation(&2).unwrap();
    run.write_titles(&[None, None, None]).unwrap();
    assert_eq!(reader.evaluation::<i32>().unwrap(), 2);
    assert_eq!(reader.titles().unwrap_err().failure(), Failure::BadData);
}

#[test]
fn what_is_locked_has_not_changed_and_a_resumed_run_loses_its_evaluation() {
    let directory = tempfile::tempdir().unwrap();
    let mut run = write_run(directory.path());
    run.write_evaluation(&1).unwrap();
    run.write_report("<html>").unwrap();
    drop(run);
    drop(LockedRun::to_resume(directory.path(), "train").unwrap());
    drop(LockedRun::to_create(directory.path(), Replace::Any, "train").unwrap());
    assert!(RunDir::open(directory.path()).unwrap().has(File::Report));
    fs::write(directory.path().join("config.toml"), "seed = 2\n").unwrap();
    let locked = LockedRun::to_resume(directory.path(), "train").unwrap();
    assert_eq!(locked.config_now().unwrap(), "seed = 2\n");
    assert_eq!(locked.began(None).unwrap().unwrap(), "seed = 1\n");
    let mut run = locked.begin().unwrap();
    assert!(matches!(
        RunDir::open(directory.path()),
        Err(RunError::Unfinished { .. })
    ));
    run.finish().unwrap();
    let run = RunDir::open(directory.path()).unwrap();
    assert!(!run.has(File::Evaluation) && !run.has(File::Report));
}

#[test]
fn a_command_replaces_its_own_runs_only() {
    let directory = tempfile::tempdir().unwrap();
    write_run(directory.path());
    let error = RunWriter::create(directory.path(), Replace::Own, "demo").unwrap_err();
    assert!(
        error.to_string().contains("`sagebrush demo` did not train"),
        "{error}"
    );
    RunDir::open(directory.path()).unwrap().verify().unwrap();
    drop(RunWriter::create(directory.path(), Replace::Any, "demo").unwrap());
    RunWriter::create(directory.path(), Replace::Own, "demo").unwrap();
}

#[test]
fn openings_outlive_a_torn_line_a_replaced_run_and_format_1() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    let mut run = write_run(path);
    let of_before = r#"{"openings": [{"date": "2026-01-02", "unix_seconds": 5, "ks": [20]}]}"#;
    fs::write(path.join("evaluation.json"), of_before).unwrap();
    assert_eq!(run.openings().unwrap()[0].date, "2026-01-02");
    run.record_opening(&Opening::now(vec![20, 5, 20], "abc".into()))
        .unwrap();
    fs::remove_file(path.join("evaluation.json")).unwrap();
    drop(run);
    assert_eq!(RunDir::open(path).unwrap().openings().unwrap().len(), 2);

    let lines = path.join(OPENINGS_NAME);
    let whole = fs::read(&lines).unwrap();
    fs::write(&lines, &whole[..whole.len() - 4]).unwrap();
    let mut run = create(path, Replace::Any).unwrap();
    assert_eq!(run.openings().unwrap().len(), 1);
    run.record_opening(&Opening::now(vec![20], "abc".into()))
        .unwrap();
    let openings = run.openings().unwrap();
    assert_eq!((openings.len(), openings[1].ks.as_slice()), (2, &[20][..]));
    run.record_opening(&Opening::now(vec![5, 3, 5], "abc".into()))
        .unwrap();
    assert_eq!(run.openings().unwrap()[2].ks, [3, 5]);
}

#[test]
fn openings_of_a_run_of_format_1_are_kept_when_it_is_replaced() {
    let directory = tempfile::tempdir().unwrap();
    write_run(directory.path());
    let of_before = r#"{"openings": [{"date": "2026-01-02", "unix_seconds": 5, "ks": [20]}]}"#;
    fs::write(directory.path().join("evaluation.json"), of_before).unwrap();
    let run = create(directory.path(), Replace::Any).unwrap();
    assert!(!directory.path().join("evaluation.json").exists());
    assert_eq!(run.openings().unwrap().len(), 1);
}
