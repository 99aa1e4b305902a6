//! Synthetic logs: the same options, the same bytes, on any number of threads; as many rows as asked for.

use crate::data::Workspace;

const SIZE: [&str; 7] = [
    "synth", "--users", "2000", "--items", "900", "--edges", "70000",
];

#[test]
fn a_made_up_log_is_a_function_of_its_options_and_reads_back() {
    let work = Workspace::new();
    let made = |name: &str, extra: &[&str]| {
        work.succeed(&[&SIZE[..], &["-q", "--out", name], extra].concat());
        work.read(name)
    };
    let bytes = made("a.csv", &[]);
    assert_eq!(bytes, made("b.csv", &["--threads", "1"]));
    assert_ne!(bytes, made("c.csv", &["--seed", "43"]));
    let rows = bytes.split(|&byte| byte == b'\n').count() - 2;
    assert_eq!(rows, 70_000, "beside the header and the end");
    made("a.txt", &[]);
    for name in ["a.csv", "a.txt"] {
        let found = work.json(&["inspect", name]);
        assert_eq!(found["interactions"], 70_000, "{name}");
        assert_eq!(found["cleaning"]["duplicates_merged"], 0, "{name}");
        assert!(found["users"].as_u64().unwrap() <= 2000);
        assert!(found["items"].as_u64().unwrap() <= 900);
    }
}

#[test]
fn a_graph_that_cannot_be_is_a_mistake_of_usage() {
    let work = Workspace::new();
    let refused = |arguments: &[&str], part: &str| {
        let failed = work.sagebrush(arguments).assert().failure().code(2);
        failed.stderr(predicates::str::contains(part.to_owned()));
    };
    let dense = [
        "synth", "--users", "10", "--items", "10", "--edges", "99", "--out", "a.csv",
    ];
    refused(&dense, "at most 25");
    let flat = [&SIZE[..], &["--out", "a.csv", "--item-exponent", "1"]].concat();
    refused(&flat, "above 1");
}
