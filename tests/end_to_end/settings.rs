//! Settings from outside: earlier names, flags and their ranges, what is said of an unknown key.

use crate::data::Workspace;

#[test]
fn an_earlier_name_is_told_once_and_does_what_the_name_does() {
    let work = Workspace::new();
    let told = |arguments: &[&str]| {
        let arguments = [
            &["train", "--model", "pinsage", "--print-config"],
            arguments,
        ]
        .concat();
        let output = work.succeed(&arguments);
        let remarks = String::from_utf8(output.stderr).unwrap();
        (String::from_utf8(output.stdout).unwrap(), remarks)
    };
    let earlier = [
        "--split",
        "item-cold",
        "--set",
        "training.ahead=1",
        "--set",
        "sampling.query=another",
    ];
    let (before, remarks) = told(&earlier);
    for remark in [
        "the setting `training.ahead` is named `training.prefetch` now",
        "the setting `sampling.query` is named `pinsage.query` now",
        "`split.method = item-cold` is spelled `cold-start-item` now",
    ] {
        assert_eq!(remarks.matches(remark).count(), 1, "{remark}: {remarks}");
    }
    let present = [
        "--split",
        "cold-start-item",
        "--set",
        "training.prefetch=1",
        "--set",
        "pinsage.query=another",
    ];
    assert_eq!(told(&present), (before, String::new()));
}

#[test]
fn a_flag_out_of_range_is_refused_with_the_range() {
    let work = Workspace::new();
    let train =
        |arguments: &[&'static str]| [&["train", "log.csv", "--out", "run"], arguments].concat();
    work.refused(&train(&["--epochs", "0"]), 2, "1..=4294967295");
    work.refused(&train(&["--model", "lightgnc"]), 2, "lightgcn");
    work.refused(
        &train(&["--learning-rate", "0"]),
        2,
        "\"training.learning_rate\" is 0",
    );
    work.refused(
        &train(&["--model", "mf", "--layers", "2"]),
        2,
        "it propagates nothing",
    );
    work.refused(
        &train(&["--set", "split.foo=1"]),
        2,
        "unknown key \"split.foo\"; [split] has method, test_fraction, validation_fraction",
    );
}
