//! What is forgotten stays forgotten: in later trainings, in what a service kept, after a kill.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::forget::{ITEM, USER, holding, keys, train, workspace};

#[test]
fn later_trainings_refreshes_and_refits_leave_out_what_is_forgotten() {
    let work = workspace();
    train(&work, "mf", "run", &[]);
    let n_rows = String::from_utf8(work.read("log.csv")).unwrap();
    let mut of_user: BTreeSet<&str> = BTreeSet::new();
    for line in n_rows.lines().filter(|line| line.starts_with(USER)) {
        of_user.insert(line.split(',').nth(1).unwrap());
    }
    work.write("left.txt", format!("{USER}\n").as_bytes());
    // A run that still holds what is on the list is no source of another one.
    let list = work.json(&["forget", "--run", "run", "--users", "left.txt"])["list"].clone();
    assert_eq!(list, "run.forgotten.jsonl");
    let list = String::from_utf8(work.read("run.forgotten.jsonl")).unwrap();
    assert_eq!(list.lines().count(), 2, "a salt and a hash: {list}");
    train(&work, "mf", "other", &[]);
    std::fs::copy(
        work.path("run.forgotten.jsonl"),
        work.path("other.forgotten.jsonl"),
    )
    .unwrap();
    work.write(
        "late.csv",
        format!("user_id,item_id,timestamp\n{USER},3,1700000000\nnew,4,1700000000\n").as_bytes(),
    );
    for command in [
        &["refit", "--run", "other", "--all", "--out", "x"][..],
        &["refresh", "--run", "other", "late.csv", "--out", "x"],
    ] {
        work.refused(command, 2, "sagebrush forget --run other");
        assert!(!work.path("x").exists());
    }
    // In place it is taken out first.
    let done = work.json(&["refresh", "--run", "other", "late.csv"]);
    assert_eq!(done["refreshed"]["interactions"], 1, "{done}");
    assert_eq!(done["refreshed"]["users"], 1);
    // What is made of a run has its list, too.
    work.succeed(&["refit", "--run", "run", "--all", "--out", "refitted", "-q"]);
    work.succeed(&["refresh", "--run", "run", "late.csv", "--out", "fresh"]);
    for made in ["refitted", "fresh"] {
        assert_eq!(
            work.read(&format!("{made}.forgotten.jsonl")),
            list.as_bytes()
        );
    }
    // A training finds the list beside its run, or where it is told.
    train(&work, "mf", "run", &["--overwrite"]);
    train(
        &work,
        "mf",
        "elsewhere",
        &["--forget", "run.forgotten.jsonl"],
    );
    work.succeed(&[
        "train",
        "log.csv",
        "--effort",
        "quick",
        "--out",
        "run",
        "--overwrite",
        "-q",
    ]);
    for run in ["run", "elsewhere", "refitted", "fresh", "other"] {
        assert!(
            !keys(&work, &format!("{run}/users.json")).contains(&USER.to_owned()),
            "{run}"
        );
    }
    for run in ["run", "elsewhere"] {
        let data: Value = serde_json::from_slice(&work.read(&format!("{run}/data.json"))).unwrap();
        assert_eq!(data["cleaning"]["forgotten"], of_user.len(), "{run}");
        work.succeed(&["train", "--resume", run]);
    }
    work.write("late.csv", b"");
    assert_eq!(holding(&work, USER), [work.path("left.txt")]);
    let seen = work.json(&["inspect", "log.csv", "--forget", "run.forgotten.jsonl"]);
    assert_eq!(seen["users"], 119, "{seen}");
    work.refused(
        &["inspect", "log.csv", "--forget", "left.txt"],
        65,
        "left.txt:1: ",
    );
    work.refused(
        &["inspect", "log.csv", "--forget", "none.jsonl"],
        66,
        "none.jsonl",
    );
}

#[test]
fn what_a_service_kept_goes_too() {
    let work = workspace();
    train(&work, "popularity", "run", &[]);
    let kept = format!(
        "{{\"user_id\":\"{USER}\",\"item_id\":\"3\",\"timestamp\":1}}\n{{\"user_id\":\"a\",\"item_id\":\"3\",\"timestamp\":1}}\n\
         {{\"user_id\":\"a\",\"item_id\":\"{ITEM}\",\"timestamp\":1}}\n"
    );
    work.write("run.interactions.jsonl", kept.as_bytes());
    work.write(
        "run.items.jsonl",
        format!("{{\"item_id\":\"{ITEM}\",\"title\":\"x\"}}\n").as_bytes(),
    );
    let done = work.json(&["forget", "--run", "run", "--user", USER, "--item", ITEM]);
    assert_eq!(done["forgotten"]["kept"], 3, "{done}");
    assert_eq!(
        work.read("run.interactions.jsonl"),
        b"{\"user_id\":\"a\",\"item_id\":\"3\",\"timestamp\":1}\n"
    );
    assert_eq!(work.read("run.items.jsonl"), b"");
}

#[test]
fn what_cannot_be_forgotten_is_told() {
    let work = workspace();
    work.write(
        "tiny.csv",
        b"user_id,item_id\na,x\na,y\nb,x\nb,z\nc,y\nc,z\n",
    );
    let train = [
        "train",
        "tiny.csv",
        "--model",
        "popularity",
        "--split",
        "random",
        "--out",
        "run",
        "-q",
    ];
    work.succeed(&train);
    let forget = |more: &[&'static str]| [&["forget", "--run", "run"][..], more].concat();
    work.refused(&forget(&[]), 2, "name whom or what to forget");
    work.refused(
        &forget(&["--user", "a", "--user", "b", "--user", "c"]),
        2,
        "remove its directory",
    );
    work.refused(&forget(&["--user", " "]), 2, "a key is empty");
    work.refused(&forget(&["--users", "none.txt"]), 66, "none.txt");
    work.refused(
        &["forget", "--run", "no-run", "--user", "a"],
        66,
        "there is no such run",
    );
    assert!(
        !work.path("run.forgotten.jsonl").exists(),
        "nothing was put on a list"
    );
    // Whom the run does not know tomorrow's log may.
    let told = work.succeed(&forget(&["--user", "stranger"]));
    let told = String::from_utf8_lossy(&told.stderr).into_owned();
    assert!(told.contains("does not know `stranger`"), "{told}");
    work.write(
        "tiny.csv",
        b"user_id,item_id\nstranger,x\na,x\na,y\nb,x\nb,z\nc,y\nc,z\n",
    );
    work.succeed(&[&train[..], &["--overwrite"]].concat());
    assert_eq!(keys(&work, "run/users.json"), ["a", "b", "c"]);
}

/// Kills the command at several moments: the run is the old one or the new one, and the same command finishes the work.
#[cfg(unix)]
#[test]
fn a_kill_leaves_the_old_run_or_the_new_one() {
    let work = workspace();
    train(&work, "mf", "run", &[]);
    let began = std::time::Instant::now();
    work.succeed(&["forget", "--run", "run", "--user", "user-0"]);
    let whole = began.elapsed();
    let (mut n_old, mut n_new) = (0, 0);
    for round in 1..=12u32 {
        let user = format!("user-{}", 10 + round);
        let mut child = work
            .program(&["forget", "--run", "run", "--user", &user])
            .spawn()
            .unwrap();
        std::thread::sleep(whole * round / 13);
        child.kill().unwrap();
        child.wait().unwrap();
        work.succeed(&["recommend", "--run", "run", "--user", "user-99"]);
        let is_old = keys(&work, "run/users.json").contains(&user);
        (n_old, n_new) = (n_old + u32::from(is_old), n_new + u32::from(!is_old));
        work.succeed(&["forget", "--run", "run", "--user", &user]);
        assert!(holding(&work, &format!("\"{user}\"")).is_empty(), "{user}");
    }
    println!("{n_old} kills left the old run, {n_new} the new one");
    let hidden = std::fs::read_dir(work.dir.path()).unwrap();
    let hidden = hidden.filter(|entry| {
        let name = entry.as_ref().unwrap().file_name();
        name.to_string_lossy().starts_with('.')
    });
    assert_eq!(hidden.count(), 0, "nothing is left behind");
}
