//! Keys by the command line: blanks around them, whole floats, and the types they come back in.

use crate::data::Workspace;

#[test]
fn blanks_around_keys_do_not_count_anywhere() {
    let work = Workspace::new();
    work.write(
        "pad.csv",
        b"user_id,item_id\nu1  ,i1 \nu1  ,i2 \nu2  ,i1 \nu3, i2\n",
    );
    let json = "{\"user\":\"u1 \",\"item\":\" i1\"}\n{\"user\":\"\\u00a0u3\",\"item\":\"i2\\t\"}\n";
    work.write("pad.jsonl", json.as_bytes());
    work.write("titles.csv", b"item_id,title\n i1,One\ni2 ,Two\n");
    let found = work.json(&["inspect", "pad.csv", "pad.jsonl", "--items", "titles.csv"]);
    assert_eq!((&found["users"], &found["items"]), (&3.into(), &2.into()));
    assert_eq!(found["interactions"], 4);
    assert_eq!(found["cleaning"]["duplicates_merged"], 2);
    assert_eq!(found["titled_items"], 2);
    work.write("none.jsonl", b"{\"user\":\"u1\",\"item\":\" \"}\n");
    work.refused(
        &["inspect", "none.jsonl"],
        65,
        "none.jsonl:1: the item id is empty",
    );
}

#[test]
fn whole_floats_are_the_numbers_they_write() {
    let work = Workspace::new();
    work.write("half-1.csv", b"user_id,item_id\n1,10\n1,11\n2,10\n");
    work.write(
        "half-2.csv",
        b"user_id,item_id\n1.0,12.0\n2.0,11.0\n3.0,10.0\n",
    );
    work.write("titles.csv", b"item_id,title\n10,A\n11,B\n12,C\n");
    let counts = |arguments: &[&str]| {
        let found = work.json(&[&["inspect"], arguments].concat());
        ["users", "items", "interactions"].map(|what| found[what].as_u64().unwrap())
    };
    assert_eq!(counts(&["half-1.csv", "half-2.csv"]), [3, 3, 6]);
    assert_eq!(counts(&["half-2.csv", "half-1.csv"]), [3, 3, 6]);
    let found = work.json(&["inspect", "half-2.csv", "--items", "titles.csv"]);
    assert_eq!(found["titled_items"], 3);
    let found = work.json(&["inspect", "half-1.csv", "--test", "half-2.csv"]);
    assert_eq!(found["test"]["cold_users"], 1);
    assert_eq!(found["test"]["cold_items"], 1);
    work.write(
        "float.jsonl",
        b"{\"user_id\": 1.0, \"item_id\": 10.0}\n{\"user_id\": 2.0, \"item_id\": 1.1e1}\n",
    );
    assert_eq!(counts(&["float.jsonl"]), [2, 2, 2]);
    assert_eq!(counts(&["float.jsonl", "half-1.csv"]), [2, 2, 4]);
    work.write(
        "versions.csv",
        b"user_id,item_id\na,1.1\na,1.10\na,1.0\nb,1\n",
    );
    assert_eq!(counts(&["versions.csv"]), [2, 4, 4]);
    work.write("others.csv", b"user_id,item_id\n5.0,10.0\n");
    work.refused(
        &["inspect", "half-1.csv", "--test", "others.csv"],
        65,
        "none of the user ids",
    );
}

/// Every second user has every second item; keys by these functions.
fn log(user: impl Fn(u64) -> String, item: impl Fn(u64) -> String) -> String {
    let pairs = (0..12).flat_map(|user| (0..8).map(move |item| (user, item)));
    let pairs = pairs.filter(|(user, item)| (user * 3 + item) % 5 < 2);
    let rows = pairs.map(|(u, i)| format!("{},{}\n", user(u), item(i)));
    "user,item\n".to_owned() + &rows.collect::<String>()
}

#[test]
fn numbers_come_back_as_numbers_and_texts_as_texts() {
    let work = Workspace::new();
    let texts = log(|user| format!("{user:04}"), |item| format!("i{item}"));
    work.write("texts.csv", texts.as_bytes());
    let floats = log(
        |user| format!("{}.0", user as i64 - 3),
        |item| (item * 1000).to_string(),
    );
    work.write("numbers.csv", floats.as_bytes());
    let train = |log: &str, out: &str| {
        let settings = [
            "--model",
            "gf-cf",
            "--split",
            "random",
            "--set",
            "filter.vectors=4",
        ];
        work.succeed(&[&["train", log, "--out", out], &settings[..]].concat());
        work.json(&[
            "recommend",
            "--run",
            out,
            "--all",
            "-k",
            "2",
            "--out",
            "top.jsonl",
        ]);
        let lists = String::from_utf8(work.read("top.jsonl")).unwrap();
        let first = lists.lines().next().unwrap();
        serde_json::from_str::<serde_json::Value>(first).unwrap()
    };
    let row = train("numbers.csv", "numbers");
    assert!(row["user"].is_i64() && row["item"].is_i64(), "{row}");
    let row = train("texts.csv", "texts");
    assert!(row["user"].is_string() && row["item"].is_string(), "{row}");
    for user in ["--user=-3", "--user= -3 ", "--user=-3.0"] {
        let rows = work.json(&["recommend", "--run", "numbers", user, "-k", "1"]);
        assert_eq!(rows[0]["user"], -3);
    }
    let rows = work.json(&[
        "recommend",
        "--run",
        "numbers",
        "--history",
        "1000.0",
        "-k",
        "1",
    ]);
    assert!(
        rows[0]["user"].is_string() && rows[0]["item"].is_i64(),
        "{rows}"
    );
    let rows = work.json(&["similar", "--run", "numbers", "--item", "1000", "-k", "1"]);
    assert!(rows[0]["item"].is_i64(), "{rows}");
}
