//! Ratings that are no likes: said, and recognised by more names.

use crate::data::Workspace;

fn said(work: &Workspace, arguments: &[&str]) -> String {
    let output = work.succeed(arguments);
    String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
}

/// 20 users with 6 items each; the ratings come in turn.
fn log(column: &str, ratings: &[&str]) -> String {
    let mut csv = format!("user_id,item_id,{column}\n");
    for row in 0..120 {
        let rating = ratings[row % ratings.len()];
        csv.push_str(&format!(
            "{},{},{rating}\n",
            row / 6,
            100 + (row / 6 * 5 + row % 6 * 7) % 31
        ));
    }
    csv
}

#[test]
fn ratings_of_0_and_below_are_told_with_the_rating_to_ask_for() {
    let work = Workspace::new();
    let cases: [(&str, &[&str], &str, &str); 5] = [
        ("label", &["0", "1"], "60 of 120", "--min-rating 1"),
        (
            "liked",
            &["true", "false", "true"],
            "40 of 120",
            "--min-rating 1",
        ),
        (
            "is_click",
            &["-1", "1", "1", "1"],
            "30 of 120",
            "--min-rating 1",
        ),
        (
            "rating",
            &["-2", "-1", "0", "2.5"],
            "90 of 120",
            "--min-rating 2.5",
        ),
        ("score", &["0", "0.5"], "60 of 120", "--min-rating 0.5"),
    ];
    for (column, ratings, count, remedy) in cases {
        work.write("few.csv", log(column, ratings).as_bytes());
        let inspected = said(&work, &["inspect", "few.csv"]);
        assert_eq!(work.json(&["inspect", "few.csv"])["interactions"], 120);
        let train = [
            "train",
            "few.csv",
            "--model",
            "gf-cf",
            "--out",
            "run",
            "--overwrite",
            "--set",
            "filter.vectors=0",
        ];
        let trained = said(&work, &train);
        for found in [&inspected, &trained] {
            assert!(
                found.contains(count) && found.contains(remedy),
                "{column}: {found}"
            );
        }
        let kept = work.json(
            &[
                &["inspect", "few.csv"],
                &remedy.split(' ').collect::<Vec<_>>()[..],
            ]
            .concat(),
        );
        let below: usize = count.split(' ').next().unwrap().parse().unwrap();
        assert_eq!(kept["interactions"], 120 - below, "{column}");
        assert_eq!(kept["cleaning"]["not_positive"], below, "{column}");
        assert_eq!(kept["cleaning"]["columns"][0]["weight"], column);
    }
}

#[test]
fn ratings_that_say_nothing_of_the_kind_are_no_remark() {
    let work = Workspace::new();
    let cases: [(&str, &[&str]); 3] = [
        ("rating", &["1", "5"]),
        ("label", &["0"]),
        ("label", &["1"]),
    ];
    for (column, ratings) in cases {
        work.write("few.csv", log(column, ratings).as_bytes());
        let inspected = said(&work, &["inspect", "few.csv"]);
        assert!(!inspected.contains("min-rating"), "{inspected}");
    }
    work.write("few.csv", log("rating", &["0", "1"]).as_bytes());
    let inspected = said(&work, &["inspect", "few.csv", "--min-rating", "0"]);
    assert!(!inspected.contains("0 or less"), "{inspected}");
}

/// A column called `label` that holds text was never a rating, and is none now.
#[test]
fn a_label_that_is_text_is_no_rating() {
    let work = Workspace::new();
    for values in [&["good", "bad"][..], &["1", "1", "1", "spam"]] {
        work.write("few.csv", log("label", values).as_bytes());
        let found = work.json(&["inspect", "few.csv"]);
        assert_eq!(found["interactions"], 120);
        assert_eq!(found["weight_range"], serde_json::Value::Null);
        assert_eq!(
            found["cleaning"]["columns"][0]["weight"],
            serde_json::Value::Null
        );
        let asked = ["inspect", "few.csv", "--weight-column", "label"];
        work.refused(&asked, 65, "is not a number");
    }
    // Nor is one that only some files have.
    work.write("one.csv", log("label", &["1", "0"]).as_bytes());
    work.write("two.csv", log("note", &["a", "b"]).as_bytes());
    for order in [["one.csv", "two.csv"], ["two.csv", "one.csv"]] {
        let found = work.json(&["inspect", order[0], order[1]]);
        assert_eq!(found["weight_range"], serde_json::Value::Null);
    }
}
