//! Logs as people have them: rows of numbers, other separators, no header, folders of parts, any path.

use std::ffi::OsString;

use crate::data::{Workspace, log_csv};

/// Rows of `user item rating timestamp`; users repeat.
const ROWS: &str =
    "1 103 5 1626607888\n1 104 2 1603158259\n2 105 4 1610180457\n2 103 2 1603042398\n";

fn counts(found: &serde_json::Value) -> [u64; 3] {
    ["users", "items", "interactions"].map(|key| found[key].as_u64().unwrap())
}

#[test]
fn rows_of_numbers_are_read_or_refused_by_what_they_are() {
    let work = Workspace::new();
    work.write("rows.txt", ROWS.as_bytes());
    let found = work.json(&["inspect", "rows.txt"]);
    assert_eq!(counts(&found), [2, 3, 4]);
    assert_eq!(found["weight_range"], serde_json::json!([2.0, 5.0]));
    assert_eq!(found["time_span"][1], "2021-07-18");
    let said = work.succeed(&["inspect", "rows.txt"]);
    assert!(String::from_utf8_lossy(&said.stdout).contains("it has no header"));
    work.write("doubt.txt", b"1 10 5\n2 11 4\n");
    work.refused(&["inspect", "doubt.txt"], 65, "--columns user,item,rating");
    let asked = ["inspect", "doubt.txt", "--columns", "user,item,rating"];
    assert_eq!(counts(&work.json(&asked)), [2, 2, 2]);
    let asked = ["inspect", "doubt.txt", "--format", "adjacency-lists"];
    assert_eq!(counts(&work.json(&asked)), [2, 4, 4]);
    work.write("twice.txt", b"1 10 5 6\n2 11\n1 4 7\n");
    work.refused(&["inspect", "twice.txt"], 65, "twice.txt:3: ");
}

#[test]
fn separators_names_and_encodings_are_options() {
    let work = Workspace::new();
    work.write("caret.txt", "caf\u{e9}^a^3,5\nbob^a^4,0\n".as_bytes());
    let asked = [
        "inspect",
        "caret.txt",
        "--separator",
        "^",
        "--columns",
        "user,item,rating",
    ];
    assert_eq!(
        work.json(&asked)["weight_range"],
        serde_json::json!([3.5, 4.0])
    );
    work.write("latin.csv", b"user;item\ncaf\xe9;1\nbob;1\n");
    work.refused(&["inspect", "latin.csv"], 65, "--encoding latin1");
    let asked = ["inspect", "latin.csv", "--encoding", "latin1"];
    assert_eq!(counts(&work.json(&asked)), [2, 1, 2]);
    work.refused(
        &["inspect", "latin.csv", "--encoding", "klingon"],
        2,
        "latin1",
    );
    work.refused(
        &["inspect", "latin.csv", "--separator", "ab"],
        2,
        "separator",
    );
    work.write("words.csv", b"ann,b1,5\nbob,b2,4\n");
    work.refused(&["inspect", "words.csv"], 65, "--columns user,item,rating");
    work.write("other.csv", b"who;what\nann;b1\n");
    work.refused(&["inspect", "other.csv"], 65, "--user-column");
}

#[test]
fn a_folder_is_a_log_and_an_unfinished_run_knows_its_parts() {
    let work = Workspace::new();
    let log = log_csv();
    let (header, rows) = log.split_once('\n').unwrap();
    std::fs::create_dir(work.path("parts")).unwrap();
    let (first, second) = rows.split_at(rows[..rows.len() / 2].rfind('\n').unwrap() + 1);
    for (name, rows) in [
        ("part-0.csv", first),
        ("part-1.csv", second),
        ("part-2.csv", ""),
    ] {
        work.write(
            &format!("parts/{name}"),
            format!("{header}\n{rows}").as_bytes(),
        );
    }
    work.write("parts/_SUCCESS", b"");
    let whole = work.json(&["inspect", "log.csv"]);
    for path in ["parts", "parts/*.csv"] {
        assert_eq!(counts(&work.json(&["inspect", path])), counts(&whole));
    }
    let common = [
        "--model",
        "lightgcn",
        "--dim",
        "8",
        "--set",
        "training.patience=50",
    ];
    let train = |log, epochs, out| {
        let train = ["train", log, "--epochs", epochs, "--out", out];
        work.succeed(&[&train[..], &common].concat());
    };
    train("parts", "2", "of-parts");
    train("log.csv", "2", "of-file");
    let lists = |run| {
        let arguments = ["recommend", "--run", run, "--all", "-k", "3"];
        work.succeed(&arguments).stdout
    };
    assert_eq!(lists("of-parts"), lists("of-file"));
    // Unfinished, as a kill would leave it.
    std::fs::remove_file(work.path("of-parts/MANIFEST.json")).unwrap();
    work.succeed(&["train", "--resume", "of-parts", "-q"]);
    std::fs::remove_file(work.path("of-parts/MANIFEST.json")).unwrap();
    work.write("parts/part-1.csv", format!("{header}\n{first}").as_bytes());
    work.refused(&["train", "--resume", "of-parts"], 65, "part-1.csv");
    std::fs::create_dir(work.path("nothing")).unwrap();
    work.refused(&["inspect", "nothing"], 65, "holds no file");
}

#[test]
fn what_is_no_log_is_called_what_it_is() {
    let work = Workspace::new();
    work.write("log.zip", b"PK\x03\x04\x14\0\0\0");
    work.refused(&["inspect", "log.zip"], 65, "unzip -p log.zip > log.csv");
    work.refused(
        &["inspect", "log.csv", "--items", "log.zip"],
        65,
        "zip archive",
    );
    work.refused(&["inspect", "hdfs://host/log.csv"], 65, "hdfs dfs -get");
    work.refused(
        &["inspect", "log.csv", "--format", "movielens"],
        65,
        "looks like `csv`",
    );
}

/// Needs a file system that takes any name.
#[cfg(target_os = "linux")]
#[test]
fn a_path_of_any_bytes_is_opened() {
    use std::os::unix::ffi::OsStringExt;
    let work = Workspace::new();
    let bytes = |name: &[u8]| OsString::from_vec(name.to_vec());
    let log = log_csv();
    for name in [&b"b\xff.csv"[..], b"test\xff.csv"] {
        std::fs::write(work.dir.path().join(bytes(name)), &log).unwrap();
    }
    let items = work.dir.path().join(bytes(b"items\xff.csv"));
    std::fs::write(items, "item_id,title\n1,One\n").unwrap();
    let config = work.dir.path().join(bytes(b"run\xff.toml"));
    std::fs::write(config, "[training]\nepochs = 1\n").unwrap();
    let succeed = |arguments: &[&[u8]]| {
        let mut command = work.sagebrush(&[]);
        command.args(arguments.iter().map(|argument| bytes(argument)));
        command.assert().success();
    };
    succeed(&[
        b"inspect",
        b"b\xff.csv",
        b"--test",
        b"test\xff.csv",
        b"--items",
        b"items\xff.csv",
    ]);
    let train: &[&[u8]] = &[
        b"train",
        b"b\xff.csv",
        b"--config",
        b"run\xff.toml",
        b"--items",
        b"items\xff.csv",
    ];
    succeed(
        &[
            train,
            &[
                b"--model",
                b"lightgcn",
                b"--dim",
                b"8",
                b"--out",
                b"out\xff",
            ],
        ]
        .concat(),
    );
    succeed(&[b"train", b"--resume", b"out\xff"]);
    succeed(&[b"recommend", b"--run", b"out\xff", b"--user", b"user-1"]);
}
