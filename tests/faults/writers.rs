//! Two processes that write one run: one does its work, the other does too or says in one sentence why not.

use sagebrush::run::RunLock;

use crate::data::Workspace;
use crate::small::{assert_whole, command, copy, openings, results, said, train};

/// How a busy run ends a command, for scripts (EX_TEMPFAIL).
const BUSY: i32 = 75;

#[test]
fn the_second_writer_is_told_who_the_first_is_and_readers_go_on() {
    let work = Workspace::new();
    work.succeed(&train("mf", "run"));
    let before = results(&work.path("run"));
    let lock = RunLock::take(&work.path("run"), "evaluate").unwrap();
    let overwrite = [&train("mf", "run")[..], &["--overwrite"]].concat();
    let expected = format!(
        " is being written by another sagebrush (evaluate, process {}, since ",
        std::process::id()
    );
    for arguments in [
        &["evaluate", "--run", "run"][..],
        &["evaluate", "--run", "./run/../run/"],
        &["train", "--resume", "run"],
        &overwrite,
    ] {
        let output = work.refused(arguments, BUSY, &expected);
        assert_eq!(said(&output).trim().lines().count(), 1, "{}", said(&output));
    }
    work.succeed(&["recommend", "--run", "run", "--user", "user-1", "-k", "2"]);
    drop(lock);
    let lock = RunLock::take(&work.path("folder/films"), "demo").unwrap();
    work.refused(
        &["demo", "--out", "folder"],
        BUSY,
        "sagebrush (demo, process ",
    );
    drop(lock);
    assert_eq!(results(&work.path("run")), before);
    assert_eq!(openings(&work.path("run")), 0);
    work.succeed(&["evaluate", "--run", "run", "-q"]);
    assert_eq!(openings(&work.path("run")), 1);
}

#[test]
fn two_searches_of_one_folder_exclude_each_other() {
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
    let lock = RunLock::take(&work.path("search"), "tune").unwrap();
    work.refused(
        &search,
        BUSY,
        "search is being written by another sagebrush (tune",
    );
    drop(lock);
    work.succeed(&search);
    let lock = RunLock::take(&work.path("search"), "tune").unwrap();
    let resume = ["tune", "--resume", "search", "-q"];
    work.refused(
        &resume,
        BUSY,
        "search is being written by another sagebrush (tune",
    );
    drop(lock);
    work.succeed(&resume);
}

/// All pairs of commands that write, begun at the same time.
#[test]
fn any_two_writers_at_once_leave_a_whole_run() {
    let work = Workspace::new();
    work.succeed(&train("mf", "first"));
    work.succeed(&["evaluate", "--run", "first", "-q"]);
    let expected = results(&work.path("first"));
    let overwrite = [&train("mf", "run")[..], &["--overwrite"]].concat();
    let commands = [
        &["evaluate", "--run", "run", "-q"][..],
        &["train", "--resume", "run", "-q"],
        &overwrite,
    ];
    for (at, one) in commands.iter().enumerate() {
        for other in &commands[at..] {
            copy(&work.path("first"), &work.path("run"));
            let pair = [one, other].map(|arguments| {
                let child = command(&work, arguments).spawn().unwrap();
                (arguments[0], child)
            });
            let mut evaluated = 0;
            for (name, child) in pair {
                let output = child.wait_with_output().unwrap();
                let message = said(&output);
                match output.status.code() {
                    Some(0) => evaluated += usize::from(name == "evaluate"),
                    Some(BUSY) => {
                        assert!(message.contains("is being written by another"), "{message}");
                    }
                    // A training took the manifest before the evaluation came.
                    Some(65) => assert!(message.contains("did not finish here"), "{message}"),
                    code => {
                        panic!("{one:?} beside {other:?}: {name} ended with {code:?}: {message}")
                    }
                }
            }
            let run = work.path("run");
            assert_whole(&run);
            assert_eq!(results(&run), expected, "{one:?} beside {other:?}");
            assert_eq!(openings(&run), 1 + evaluated, "{one:?} beside {other:?}");
        }
    }
}

/// A run that is a volume of its own, in a folder that cannot be written even by root.
#[cfg(target_os = "linux")]
#[test]
fn a_run_on_a_volume_in_a_read_only_folder_is_locked_inside() {
    use crate::small::Volume;
    let work = Workspace::new();
    work.succeed(&train("mf", "first"));
    let Some(shelf) = Volume::mount(&work, "shelf", "1m") else {
        return;
    };
    std::fs::create_dir(work.path("shelf/run")).unwrap();
    let volume = Volume::mount(&work, "shelf/run", "8m").unwrap();
    for entry in std::fs::read_dir(work.path("first")).unwrap() {
        let entry = entry.unwrap();
        let place = work.path("shelf/run").join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &place),
            false => drop(std::fs::copy(entry.path(), place).unwrap()),
        }
    }
    shelf.remount("ro");
    let lock = RunLock::take(&work.path("shelf/run"), "train").unwrap();
    assert!(work.path("shelf/run/.sagebrush-lock").exists());
    work.refused(
        &["evaluate", "--run", "shelf/run"],
        BUSY,
        "is being written by",
    );
    drop(lock);
    work.succeed(&["evaluate", "--run", "shelf/run", "-q"]);
    assert_whole(&work.path("shelf/run"));
    drop(volume);
}

/// The lock file lies beside the run, and a folder that cannot be written is no way around it.
#[cfg(unix)]
#[test]
fn a_run_in_a_folder_that_cannot_be_written_is_locked_inside() {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    let work = Workspace::new();
    fs::create_dir(work.path("shelf")).unwrap();
    work.succeed(&train("mf", "shelf/run"));
    let shelf = work.path("shelf");
    fs::set_permissions(&shelf, fs::Permissions::from_mode(0o555)).unwrap();
    let is_enforced = fs::write(shelf.join("probe"), "").is_err();
    if is_enforced {
        let lock = RunLock::take(&work.path("shelf/run"), "train").unwrap();
        work.refused(
            &["evaluate", "--run", "shelf/run"],
            BUSY,
            "is being written by",
        );
        drop(lock);
        work.succeed(&["evaluate", "--run", "shelf/run", "-q"]);
    } else {
        println!("skipped: permissions do not bind this user");
    }
    fs::set_permissions(&shelf, fs::Permissions::from_mode(0o755)).unwrap();
}
