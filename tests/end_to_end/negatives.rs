//! Negatives at the edge of what there is: a clear error or a stated fall-back, never a hang.

use crate::data::{Workspace, quick};

fn train(work: &Workspace, log: &str, settings: &[&str]) -> (Option<i32>, String) {
    let mut arguments = quick(log, "run");
    // What is said is what is tested.
    arguments.retain(|argument| *argument != "-q");
    arguments.extend(["--split", "random", "--overwrite"]);
    arguments.extend(settings.iter().flat_map(|setting| ["--set", setting]));
    let output = work.sagebrush(&arguments).output().unwrap();
    (
        output.status.code(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}

#[test]
fn a_band_beyond_the_reachable_nodes_falls_back_and_says_so() {
    let work = Workspace::new();
    let settings = [
        "sampling.hard=2",
        "sampling.curriculum=false",
        "sampling.hard_from=5000",
        "sampling.hard_to=9000",
    ];
    let (code, said) = train(&work, "log.csv", &settings);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("120 have none in the band"), "{said}");
    assert!(
        said.contains("2 hard (") && said.contains("replaced)"),
        "{said}"
    );
    let empty = [
        "sampling.hard=2",
        "sampling.hard_from=9",
        "sampling.hard_to=9",
    ];
    let (code, said) = train(&work, "log.csv", &empty);
    assert_eq!(code, Some(2));
    assert!(said.contains("the band of ranks is empty"), "{said}");
}

#[test]
fn a_user_who_has_everything_is_skipped_and_counted() {
    let work = Workspace::new();
    let mut log = String::from("user,item\n");
    for item in 0..8 {
        log.push_str(&format!("all,{item}\n"));
        for user in 0..6 {
            if (item + user) % 3 != 0 {
                log.push_str(&format!("u{user},{item}\n"));
            }
        }
    }
    work.write("log.csv", log.as_bytes());
    // Everything but what `test.csv` holds is training.
    work.write("test.csv", b"user,item\nu0,0\nu1,2\n");
    let mut arguments = quick("log.csv", "run");
    arguments.extend(["--test", "test.csv", "--set", "split.validation_fraction=0"]);
    arguments.extend(["--negatives", "1"]);
    work.succeed(&arguments);
    let metrics = String::from_utf8(work.read("run/metrics.jsonl")).unwrap();
    let first: serde_json::Value = serde_json::from_str(metrics.lines().next().unwrap()).unwrap();
    assert!(first["skipped_negatives"].as_u64().unwrap() > 0, "{first}");
}

#[test]
fn a_pool_beyond_the_catalogue_is_the_catalogue() {
    let work = Workspace::new();
    let settings = ["sampling.negatives=0", "sampling.batch_shared=100000"];
    let (code, said) = train(&work, "log.csv", &settings);
    assert_eq!(code, Some(0), "{said}");
    // 60 items: the same bits as a pool of exactly those.
    let whole = work.read("run/model.safetensors");
    let (code, _) = train(
        &work,
        "log.csv",
        &["sampling.negatives=0", "sampling.batch_shared=60"],
    );
    assert_eq!(code, Some(0));
    assert_eq!(whole, work.read("run/model.safetensors"));
}

#[test]
fn a_temperature_of_zero_is_refused_by_name() {
    let work = Workspace::new();
    let (code, said) = train(
        &work,
        "log.csv",
        &["loss.kind=softmax", "loss.temperature=0"],
    );
    assert_eq!(code, Some(2));
    assert!(
        said.contains("\"loss.temperature\" is 0") && said.contains("above 0"),
        "{said}"
    );
}

#[test]
fn a_catalogue_of_one_item_has_nothing_to_hold_out() {
    let work = Workspace::new();
    let log: String = (0..30).map(|user| format!("{user},only\n")).collect();
    work.write("one.csv", format!("user,item\n{log}").as_bytes());
    let (code, said) = train(
        &work,
        "one.csv",
        &["sampling.negatives=0", "sampling.batch_shared=5"],
    );
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("part of the random split is empty"), "{said}");
}

/// Positives that are drawn by weight are drawn by the weights that the run kept.
#[test]
fn the_negatives_of_a_weighted_training_are_shown() {
    let work = Workspace::new();
    let (code, said) = train(&work, "log.csv", &["sampling.weighted_positives=true"]);
    assert_eq!(code, Some(0), "{said}");
    let shown = work.json(&["negatives", "--run", "run", "--user", "user-1", "-q"]);
    assert!(!shown["positives"].as_array().unwrap().is_empty());
}
