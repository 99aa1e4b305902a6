//! The program chooses internal ids freely: no result of a run may depend on them.

use crate::data::{Workspace, log_csv, quick};

/// `log.csv` with other keys for the same users and items, so that they sort otherwise.
fn renamed_log() -> String {
    let mut renamed = String::from("user_id,item_id,rating,timestamp\n");
    for row in log_csv().lines().skip(1) {
        let mut fields = row.split(',');
        let user = renamed_user(fields.next().unwrap());
        let item = renamed_item(fields.next().unwrap());
        let rest: Vec<&str> = fields.collect();
        renamed.push_str(&format!("{user},{item},{}\n", rest.join(",")));
    }
    renamed
}

/// 77 and 37 share no factor with 120 and 60: every key keeps a name of its own.
fn renamed_user(key: &str) -> String {
    let number: u32 = key.trim_start_matches("user-").parse().unwrap();
    format!("{:03}", (number * 77 + 5) % 120)
}

fn renamed_item(key: &str) -> String {
    let number: u32 = key.parse().unwrap();
    format!("i{:02}", (number * 37 + 11) % 60)
}

fn keys(work: &Workspace, file: &str) -> Vec<String> {
    serde_json::from_slice(&work.read(file)).unwrap()
}

/// Trains on a log and returns the share of top-10 lists that is of the user's own group of items.
fn own_group_share(
    work: &Workspace,
    log: &str,
    run: &str,
    name_of_user: fn(&str) -> String,
    name_of_item: fn(&str) -> String,
) -> f64 {
    let mut arguments = quick(log, run);
    let epochs = arguments.iter().position(|a| *a == "--epochs").unwrap();
    arguments[epochs + 1] = "40";
    arguments.extend(["--learning-rate", "0.01"]);
    work.succeed(&arguments);
    let mut own = 0;
    for number in 0..20u32 {
        let user = name_of_user(&format!("user-{number}"));
        let list = work.json(&[
            "recommend",
            "--run",
            run,
            "--user",
            &user,
            "-k",
            "10",
            "--include-seen",
        ]);
        let group = number % 4 * 15..number % 4 * 15 + 15;
        let names: Vec<String> = group.map(|item| name_of_item(&item.to_string())).collect();
        let listed = list.as_array().unwrap().iter();
        let items = listed.map(|place| place["item"].to_string());
        own += items
            .filter(|item| names.iter().any(|name| name == item.trim_matches('"')))
            .count();
    }
    own as f64 / 200.0
}

/// Users like their own group's items 9 times in 10 and all others the tenth; the random baseline is a quarter.
#[test]
fn other_keys_give_the_same_outside_structure() {
    let work = Workspace::new();
    work.write("renamed.csv", renamed_log().as_bytes());
    let same = |key: &str| key.to_owned();
    let share = own_group_share(&work, "log.csv", "a", same, same);
    let renamed = own_group_share(&work, "renamed.csv", "b", renamed_user, renamed_item);
    assert!(share > 0.85, "{share}");
    assert!(renamed > 0.85, "{renamed}");
}

#[test]
fn ids_lie_by_locality_or_by_key_and_items_only_in_the_test_come_last() {
    let work = Workspace::new();
    work.write(
        "test.csv",
        b"user_id,item_id,timestamp\nuser-1,-new,1700000000\nuser-2,0,1700000000\n",
    );
    for (order, out) in [("locality", "a"), ("key", "b")] {
        let set = format!("data.order={order}");
        let arguments = quick("log.csv", out);
        work.succeed(&[&arguments[..], &["--test", "test.csv", "--set", &set]].concat());
    }
    let (by_locality, by_key) = (keys(&work, "a/items.json"), keys(&work, "b/items.json"));
    let mut numbers: Vec<String> = (0..60).map(|n| n.to_string()).collect();
    numbers.push("-new".to_owned());
    assert_eq!(by_key, numbers);
    assert_ne!(by_locality, by_key);
    assert_eq!(by_locality.last().unwrap(), "-new");
    let list = work.json(&["recommend", "--run", "a", "--user", "user-1", "-k", "1"]);
    assert_eq!(list[0]["rank"], 1);
}

#[test]
fn the_smallest_log_trains() {
    let work = Workspace::new();
    work.write("one.csv", b"user_id,item_id,rating\nu,a,1\nu,b,1\nu,c,1\n");
    work.write("test.csv", b"user_id,item_id,rating\nu,d,1\nv,a,1\n");
    let arguments = [&quick("one.csv", "run")[..], &["--test", "test.csv"]].concat();
    let fractions = ["--set", "split.validation_fraction=0.4"];
    work.succeed(&[&arguments[..], &fractions].concat());
    assert_eq!(keys(&work, "run/users.json"), ["u", "v"]);
    assert_eq!(keys(&work, "run/items.json").len(), 4);
}

/// Resumes a finished run after `damage`, and returns the refusal.
fn resume_refusal(damage: impl Fn(&Workspace), code: i32) -> String {
    let work = Workspace::new();
    work.succeed(&quick("log.csv", "run"));
    // Unfinished: the manifest of a finished run would tell that a file was changed.
    std::fs::remove_file(work.path("run/MANIFEST.json")).unwrap();
    damage(&work);
    let output = work
        .sagebrush(&["train", "--resume", "run", "-q"])
        .assert()
        .failure()
        .code(code);
    String::from_utf8_lossy(&output.get_output().stderr).into_owned()
}

#[test]
fn a_run_that_cannot_tell_its_data_is_not_resumed() {
    let missing = |work: &Workspace| std::fs::remove_file(work.path("run/data.json")).unwrap();
    let message = resume_refusal(missing, 66);
    assert!(message.contains("cannot be told"), "{message}");
    assert!(message.contains("data.json"), "{message}");
    let message = resume_refusal(|work| work.write("run/data.json", b"{"), 65);
    assert!(message.contains("data.json: damaged"), "{message}");
}

#[test]
fn a_run_with_fewer_files_than_it_began_with_is_not_resumed() {
    let two_files = |work: &Workspace| {
        let mut data: serde_json::Value =
            serde_json::from_slice(&work.read("run/data.json")).unwrap();
        let sources = data["sources"].as_array_mut().unwrap();
        sources.push(sources[0].clone());
        work.write("run/data.json", data.to_string().as_bytes());
    };
    let message = resume_refusal(two_files, 65);
    assert!(
        message.contains("run began with 2 input files, and 1 are there now"),
        "{message}"
    );
}

/// As by a later version with another idea of a good order.
#[test]
fn a_run_under_other_ids_is_not_resumed() {
    let swapped = |work: &Workspace| {
        let mut users = keys(work, "run/users.json");
        users.swap(0, 1);
        work.write(
            "run/users.json",
            serde_json::to_string(&users).unwrap().as_bytes(),
        );
    };
    let message = resume_refusal(swapped, 65);
    assert!(message.contains("in another order"), "{message}");
}
