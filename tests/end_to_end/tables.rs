//! Tables as people have them: bad rows left out, JSON that lacks members, item files of any key and without titles.

use crate::data::Workspace;

/// 20 good rows; lines 5, 11 and 17 are bad.
fn three_bad() -> String {
    let mut text = String::from("user_id,item_id,rating,timestamp\n");
    for row in 0..20 {
        match row {
            3 => text.push_str("7,102,nice, really,4,1600000001\n"),
            8 => text.push_str("7,103,None,1600000002\n"),
            13 => text.push_str(",104,4,1600000003\n"),
            _ => {}
        }
        text.push_str(&format!(
            "{},{},5,{}\n",
            row % 5,
            100 + row / 5,
            1_600_000_000 + row
        ));
    }
    text
}

#[test]
fn bad_rows_are_left_out_counted_and_told_of() {
    let work = Workspace::new();
    work.write("three.csv", three_bad().as_bytes());
    let output = work.refused(&["inspect", "three.csv"], 65, "three.csv:5: ");
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(message.contains("`--on-bad-row skip`"), "{message}");

    let skip = ["inspect", "three.csv", "--on-bad-row", "skip"];
    let output = work.succeed(&skip);
    let remark = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(remark.contains("3 of 23 rows are left out"), "{remark}");
    for place in ["three.csv:5: ", "three.csv:11: ", "three.csv:17: "] {
        assert!(remark.contains(place), "{remark}");
    }
    let found = work.json(&skip);
    assert_eq!(found["interactions"], 20);
    assert_eq!(found["cleaning"]["rows"], 20);
    assert_eq!(found["cleaning"]["bad_rows"], 3);
    assert_eq!(
        found["cleaning"]["first_bad_rows"][1]["place"],
        "three.csv:11"
    );
    work.refused(
        &[&skip[..], &["--max-bad-share", "0.05"]].concat(),
        65,
        "3 of 23 rows cannot be read",
    );
}

#[test]
fn a_run_says_how_many_rows_were_bad() {
    let work = Workspace::new();
    let log = String::from_utf8(work.read("log.csv")).unwrap() + "user-1,,3,1600000000\n";
    work.write("bad.csv", log.as_bytes());
    work.succeed(&[
        "train",
        "bad.csv",
        "--on-bad-row",
        "skip",
        "--model",
        "gf-cf",
        "--out",
        "run",
    ]);
    let record: serde_json::Value = serde_json::from_slice(&work.read("run/data.json")).unwrap();
    assert_eq!(record["cleaning"]["bad_rows"], 1);
    let config = String::from_utf8(work.read("run/config.toml")).unwrap();
    assert!(config.contains("on_bad_row = \"skip\""), "{config}");
}

#[test]
fn json_that_lacks_a_member_names_the_line_and_the_option() {
    let work = Workspace::new();
    work.write(
        "absent.jsonl",
        b"{\"user_id\":1,\"item_id\":10,\"rating\":5}\n{\"user_id\":2,\"item_id\":11}\n{\"user_id\":3,\"item_id\":10,\"rating\":4}\n",
    );
    let refused = work.refused(&["inspect", "absent.jsonl"], 65, "line 2 has no \"rating\"");
    let message = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(message.contains("--weight-column -"), "{message}");
    let found = work.json(&["inspect", "absent.jsonl", "--weight-column", "-"]);
    assert_eq!(
        (&found["interactions"], &found["users"]),
        (&3.into(), &3.into())
    );
    work.write(
        "array.json",
        b"[{\"user_id\":1,\"item_id\":10},{\"user_id\":2,\"item_id\":11}]",
    );
    let found = work.json(&["inspect", "array.json"]);
    assert_eq!(found["interactions"], 2);
}

#[test]
fn item_files_of_any_key_and_without_titles() {
    let work = Workspace::new();
    let rows = |name: &str, row: &dyn Fn(u32) -> String| {
        let rows: String = (0..60).map(row).collect();
        work.write(name, rows.as_bytes());
    };
    let head = |item: u32, head: &str| {
        if item == 0 {
            head.to_owned()
        } else {
            String::new()
        }
    };
    rows("asin.csv", &|item| {
        head(item, "film_no,title,genre\n") + &format!("{item},Film {item},g{}\n", item / 15)
    });
    rows("bare.csv", &|item| {
        head(item, "item_id,genre\n") + &format!("{item},g{}\n", item / 15)
    });
    rows("items.jsonl", &|item| {
        format!(
            "{{\"item\":{item},\"name\":\"Film {item}\",\"genre\":[\"g{}\",\"all\"]}}\n",
            item / 15
        )
    });
    for extra in [&[][..], &["--item-id-column", "film_no"]] {
        let arguments = [&["inspect", "log.csv", "--items", "asin.csv"], extra].concat();
        assert_eq!(work.json(&arguments)["titled_items"], 60);
        let remark = String::from_utf8(work.succeed(&arguments).stderr).unwrap();
        assert_eq!(
            remark.contains("`film_no` is taken for"),
            extra.is_empty(),
            "{remark}"
        );
    }
    let found = work.json(&["inspect", "log.csv", "--items", "items.jsonl"]);
    assert_eq!(found["titled_items"], 60);
    work.refused(
        &[
            "inspect",
            "log.csv",
            "--items",
            "asin.csv",
            "--item-id-column",
            "sku",
        ],
        65,
        "there is no item column called `sku`",
    );
    let train = |items: &'static str, out: &'static str| {
        work.succeed(&[
            "train",
            "log.csv",
            "--items",
            items,
            "--model",
            "pinsage",
            "--set",
            "features.categories=[\"genre\"]",
            "--dim",
            "8",
            "--epochs",
            "1",
            "--out",
            out,
        ]);
        work.succeed(&["recommend", "--run", out, "--user", "user-1"]);
    };
    train("bare.csv", "without-titles");
    train("items.jsonl", "of-json");
}
