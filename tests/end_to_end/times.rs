//! Times by the command line: their unit is told, chosen and refused; dates as text split a log by time.

use crate::data::Workspace;

/// 120 rows of 20 users, 20 days apart, in milliseconds since the log began: 57 of them below 1e11.
fn milliseconds_since_the_log_began() -> String {
    let rows = (1..=120u64).map(|n| {
        let time = n * 20 * 86_400_000;
        format!("{},{},{time}\n", n * 7 % 20, n * 11 % 31)
    });
    "user,item,timestamp\n".to_owned() + &rows.collect::<String>()
}

#[test]
fn a_log_on_both_sides_of_a_size_is_split_by_time() {
    let work = Workspace::new();
    work.write("ms.csv", milliseconds_since_the_log_began().as_bytes());
    let found = work.json(&["inspect", "ms.csv"]);
    // date -u -d '1970-01-01 + 20 days' and + 2400 days
    assert_eq!(found["time_span"][0], "1970-01-21");
    assert_eq!(found["time_span"][1], "1976-07-28");
    assert_eq!(found["cleaning"]["time_unit"], "ms");
    let run = ["train", "ms.csv", "--model", "gf-cf", "--split", "temporal"];
    work.succeed(&[&run[..], &["--set", "filter.vectors=8", "--out", "run"]].concat());
    let data: serde_json::Value = serde_json::from_slice(&work.read("run/data.json")).unwrap();
    assert_eq!(data["cleaning"]["time_unit"], "ms");
    // Of 120 rows the newest 24 are the test part; row 96 is 1920 days after the first day.
    let as_seconds = work.json(&["inspect", "ms.csv", "--time-unit", "s"]);
    assert_eq!(as_seconds["cleaning"]["time_unit"], "s");
}

#[test]
fn what_cannot_be_read_as_times_names_the_way_out() {
    let work = Workspace::new();
    work.write(
        "two.csv",
        b"user,item,ts\n1,1,1626607888\n1,2,1626607888000\n",
    );
    let output = work.refused(&["inspect", "two.csv"], 65, "two.csv:3: ");
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(message.contains("--time-unit ms"), "{message}");
    let text = work.succeed(&["inspect", "two.csv", "--time-unit", "s"]);
    assert!(String::from_utf8_lossy(&text.stdout).contains("time unit"));
    work.write(
        "us.csv",
        b"user,item,date\n1,1,05/04/2024\n1,2,04/13/2024\n",
    );
    let output = work.refused(&["inspect", "us.csv"], 65, "us.csv:2: ");
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(message.contains("--time-format"), "{message}");
    let found = work.json(&["inspect", "us.csv", "--time-format", "%m/%d/%Y"]);
    assert_eq!(found["time_span"][0], "2024-04-13");
    assert_eq!(found["time_span"][1], "2024-05-04");
    work.refused(
        &["inspect", "us.csv", "--time-format", "%d/%!"],
        2,
        "--time-format",
    );
    work.json(&["inspect", "us.csv", "--timestamp-column", "-"]);
}

#[test]
fn dates_as_text_split_a_log_by_time() {
    let work = Workspace::new();
    let rows = (0..60).map(|n| {
        let (user, item, day) = (n * 7 % 10, n * 11 % 13, 1 + n % 28);
        let month = 1 + n / 28;
        format!("{user},{item},2021-{month:02}-{day:02} 11:31:28\n")
    });
    let text = "user_id,item_id,created_at\n".to_owned() + &rows.collect::<String>();
    work.write("dates.csv", text.as_bytes());
    let found = work.json(&["inspect", "dates.csv"]);
    assert_eq!(found["cleaning"]["columns"][0]["timestamp"], "created_at");
    assert_eq!(found["cleaning"]["time_unit"], "date");
    assert_eq!(found["time_span"][0], "2021-01-01");
    let run = [
        "train",
        "dates.csv",
        "--model",
        "gf-cf",
        "--set",
        "filter.vectors=4",
    ];
    work.succeed(&[&run[..], &["--out", "run"]].concat());
    let data: serde_json::Value = serde_json::from_slice(&work.read("run/data.json")).unwrap();
    assert_eq!(data["split"]["method"], "temporal", "{data}");
}
