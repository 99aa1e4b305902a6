//! Times of whole logs: one unit a column, dates as text in every format, files of different kinds.

use std::slice::from_ref;

use super::*;
use crate::config::TimeUnit;

fn seconds(dataset: &Dataset) -> Vec<i64> {
    let mut times = dataset.interactions.timestamps.clone().unwrap();
    times.sort_unstable();
    times
}

fn log(rows: impl IntoIterator<Item = impl std::fmt::Display>) -> String {
    let rows = rows.into_iter().enumerate();
    let lines = rows.map(|(item, time)| format!("u,{item},{time}\n"));
    "user,item,timestamp\n".to_owned() + &lines.collect::<String>()
}

#[test]
fn numbers_on_both_sides_of_a_size_have_one_unit() {
    let (dataset, cleaning) = read(&log([90_000_000_000i64, 110_000_000_000, 120_000_000_000]));
    assert_eq!(seconds(&dataset), [90_000_000, 110_000_000, 120_000_000]);
    assert_eq!(cleaning.time_unit.as_deref(), Some("ms"));
    let span = inspect(&dataset, &cleaning).time_span;
    assert_eq!(span, Some(("1972-11-07".into(), "1973-10-20".into())));
}

#[test]
fn every_format_has_one_unit() {
    let times = [90_000_000_000i64, 110_000_000_000];
    let row = |gap: &str| {
        let rows = times.iter().enumerate();
        let lines = rows.map(|(item, time)| format!("u{gap}{item}{gap}3{gap}{time}\n"));
        lines.collect::<String>()
    };
    let json = times
        .iter()
        .enumerate()
        .map(|(item, time)| format!("{{\"user\":\"u\",\"item\":{item},\"timestamp\":{time}}}\n"));
    for text in [
        row("::"),
        row("\t"),
        format!(
            "user_id:token\titem_id:token\trating:float\ttimestamp:float\n{}",
            row("\t")
        ),
        format!("user\titem\trating\ttime\n{}", row("\t")),
        json.collect(),
    ] {
        let (dataset, _) = read(&text);
        assert_eq!(seconds(&dataset), [90_000_000, 110_000_000], "{text}");
    }
}

#[test]
fn the_unit_that_is_asked_for_is_taken() {
    let text = log([1_000, 2_500]);
    let folder = Folder::new();
    let input = [folder.file("log.csv", text)];
    for (time_unit, expected) in [
        (TimeUnit::Auto, [1_000, 2_500]),
        (TimeUnit::Milliseconds, [1, 2]),
        (TimeUnit::Microseconds, [0, 0]),
    ] {
        let options = ReadOptions {
            time_unit,
            ..ReadOptions::default()
        };
        let (dataset, _) = read_dataset(&input, &[], None, &options).unwrap();
        assert_eq!(seconds(&dataset), expected);
    }
}

#[test]
fn test_files_and_later_files_have_the_unit_of_the_log() {
    let folder = Folder::new();
    let log_of = |name, times: [i64; 2]| folder.file(name, log(times));
    let recent = log_of("recent.csv", [1_600_000_000, 1_700_000_000]);
    let options = ReadOptions::default();
    let read = read_dataset(from_ref(&recent), from_ref(&recent), None, &options);
    assert_eq!(seconds(&read.unwrap().0), [1_600_000_000, 1_700_000_000]);
    let small = log_of("small.csv", [5_000, 90_000_000_000]);
    let large = log_of("large.csv", [110_000_000_000, 120_000_000_000]);
    let options = ReadOptions::default();
    let (dataset, _) = read_dataset(from_ref(&small), from_ref(&large), None, &options).unwrap();
    assert_eq!(seconds(&dataset), [5, 90_000_000]);
    let test = dataset.given_test.unwrap().timestamps;
    assert_eq!(test, Some(vec![110_000_000, 120_000_000]));
    // The latest of each pair.
    let (dataset, _) = read_dataset(&[large, small], &[], None, &options).unwrap();
    assert_eq!(seconds(&dataset), [110_000_000, 120_000_000]);
}

#[test]
fn files_of_numbers_and_of_dates_are_on_one_scale() {
    let folder = Folder::new();
    let numbers = folder.file("a.csv", log([1_626_607_888_999i64, 1_603_158_259_000]));
    let dates = folder.file("b.csv", log(["2021-07-18 11:31:29", "2020-10-20 01:44:18"]));
    let options = ReadOptions::default();
    for inputs in [[numbers.clone(), dates.clone()], [dates, numbers]] {
        let (dataset, cleaning) = read_dataset(&inputs, &[], None, &options).unwrap();
        assert_eq!(seconds(&dataset), [1_603_158_259, 1_626_607_889]);
        assert_eq!(cleaning.duplicates_merged, 2);
        let unit = cleaning.time_unit.unwrap();
        assert!(unit == "ms, date" || unit == "date, ms", "{unit}");
    }
}

#[test]
fn two_units_in_one_log_are_refused_where_the_second_begins() {
    let message = fault(
        None,
        log([1_626_607_888i64, 1_603_158_259, 1_626_607_888_000]),
    );
    for words in ["log:4: ", "`1626607888000`", "(log:2)", "`--time-unit s`"] {
        assert!(message.contains(words), "{message}");
    }
    let folder = Folder::new();
    let inputs = [
        folder.file("a.csv", log([1_626_607_888i64])),
        folder.file("b.csv", log([1_626_607_888_000i64])),
    ];
    let error = read_dataset(&inputs, &[], None, &ReadOptions::default()).unwrap_err();
    assert!(error.to_string().contains("b.csv:2: "), "{error}");
    let options = ReadOptions {
        time_unit: TimeUnit::Seconds,
        ..ReadOptions::default()
    };
    assert!(read_dataset(&inputs, &[], None, &options).is_ok());
}

#[test]
fn dates_as_whole_numbers_are_no_seconds_of_1970() {
    let (dataset, cleaning) = read(&log([20_240_229, 20_231_231]));
    // date -u -d 2023-12-31 +%s
    assert_eq!(seconds(&dataset), [1_703_980_800, 1_709_164_800]);
    assert_eq!(cleaning.time_unit.as_deref(), Some("YYYYMMDD"));
    let (dataset, _) = read(&log(
        [20_240_229.0, 20_231_231.0].map(|day| format!("{day:.1}"))
    ));
    assert_eq!(seconds(&dataset), [1_703_980_800, 1_709_164_800]);
}

#[test]
fn dates_as_text_are_read_in_every_format() {
    let expected = [1_603_158_259, 1_626_607_888];
    for (one, other) in [
        ("2021-07-18 11:31:28", "2020-10-20 01:44:19"),
        ("2021-07-18T11:31:28Z", "2020-10-20T01:44:19Z"),
        (
            "2021-07-18T13:31:28.75+02:00",
            "2020-10-20T03:44:19.1+02:00",
        ),
        ("2021-07-18 11:31:28 UTC", "2020-10-20 01:44:19 UTC"),
    ] {
        for text in [
            log([one, other]),
            log([one, other].map(|time| format!("\"{time}\" "))),
            format!("user_id\titem_id\tcreated_at\nu\t0\t{one}\nu\t1\t{other}\n"),
            format!("user_id:token\titem_id:token\ttimestamp:token\nu\t0\t{one}\nu\t1\t{other}\n"),
            format!(
                "{{\"user\":1,\"item\":1,\"event_time\":\"{one}\"}}\n{{\"user\":1,\"item\":2,\"event_time\":\"{other}\"}}\n"
            ),
        ] {
            let (dataset, cleaning) = read(&text);
            assert_eq!(seconds(&dataset), expected, "{text}");
            assert_eq!(cleaning.time_unit.as_deref(), Some("date"));
        }
        let rows = format!("u\t0\t3\t{one}\nu\t1\t3\t{other}\n");
        for text in [rows.clone(), rows.replace('\t', "::")] {
            let (dataset, _) = read(&text);
            assert_eq!(seconds(&dataset), expected, "{text}");
        }
    }
}

#[test]
fn a_form_of_dates_is_taken_where_it_is_given() {
    let folder = Folder::new();
    let input = [folder.file("log.csv", log(["05/04/2024", "31/12/2023"]))];
    let mut options = ReadOptions {
        time_format: Some("%d/%m/%Y".into()),
        ..ReadOptions::default()
    };
    let (dataset, _) = read_dataset(&input, &[], None, &options).unwrap();
    assert_eq!(seconds(&dataset), [1_703_980_800, 1_712_275_200]);
    options.time_format = Some("%m/%d/%Y".into());
    let error = read_dataset(&input, &[], None, &options)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("log.csv:3: ") && error.contains("`--time-format`"),
        "{error}"
    );
}
