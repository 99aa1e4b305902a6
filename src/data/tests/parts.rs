//! Logs in several files, files that are no data, and paths that are not of this machine.

use super::*;

fn read_path(path: PathBuf) -> Result<(Dataset, Cleaning), DataError> {
    read_dataset(&[Input::Path(path)], &[], None, &ReadOptions::default())
}

#[test]
fn a_folder_of_parts_is_one_log() {
    let folder = Folder::new();
    std::fs::create_dir_all(folder.path("log/day=1")).unwrap();
    folder.file("log/part-0.csv", "user,item,rating\n1,a,5\n1,b,4\n");
    folder.file("log/part-1.csv.gz", gzip(b"rating,item,user\n3,a,2\n"));
    folder.file("log/part-2.csv", "user,item,rating\n");
    folder.file("log/part-3.csv", "");
    folder.file(
        "log/day=1/part-0.jsonl",
        "{\"user\":3,\"item\":\"a\",\"rating\":1}\n",
    );
    folder.file("log/_SUCCESS", "");
    folder.file("log/.part-0.csv.crc", b"crc\0\0");
    for path in ["log", "log/", "l*g"] {
        let (dataset, cleaning) = read_path(folder.path(path)).unwrap();
        assert_eq!(
            pairs(&dataset, &dataset.interactions),
            owned(&[("1", "a"), ("1", "b"), ("2", "a"), ("3", "a")])
        );
        let weights = Some(vec![5.0, 4.0, 3.0, 1.0]);
        assert_eq!((dataset.interactions.weights, cleaning.rows), (weights, 4));
        let files = dataset.sources.iter();
        let files: Vec<_> = files.map(|file| (&*file.format, file.rows)).collect();
        let expected = [("json-lines", 1), ("csv", 2), ("csv", 1), ("csv", 0)];
        assert_eq!((&files[..4], files[4]), (&expected[..], ("none", 0)));
    }
    let (dataset, _) = read_path(folder.path("log/*.csv")).unwrap();
    assert_eq!(dataset.interactions.len(), 2);
}

/// Times and types of events of a table that Hive or Spark parted by them are in the names of its folders.
#[test]
fn folders_tell_the_time_and_the_event_of_their_rows() {
    let folder = Folder::new();
    for (path, text) in [
        ("dt=2024-01-01/event=view", "user,item\n1,a\n2,a\n"),
        ("dt=2024-01-01/event=buy", "user,item\n1,a\n"),
        ("dt=2024-01-02/event=view", "item,user\nb,1\n"),
        ("dt=2024-01-03/event=view", "{\"user\":2,\"item\":\"b\"}\n"),
    ] {
        std::fs::create_dir_all(folder.path("log").join(path)).unwrap();
        folder.file(&format!("log/{path}/part-0"), text);
    }
    let read = |path: &str, names: ColumnNames, weights: &[String]| {
        let options = ReadOptions {
            columns: names,
            events: EventWeights::parse(weights).unwrap(),
            repeats: Some(crate::config::Repeats::Sum),
            ..ReadOptions::default()
        };
        read_dataset(&[Input::Path(folder.path(path))], &[], None, &options)
    };
    let timed = || ColumnNames {
        timestamp: Some("dt".to_owned()),
        ..ColumnNames::default()
    };
    let day = |n: i64| 1_704_067_200 + 86_400 * n;
    let (dataset, cleaning) = read("log", timed(), &[]).unwrap();
    let expected = owned(&[("1", "a"), ("1", "b"), ("2", "a"), ("2", "b")]);
    assert_eq!(pairs(&dataset, &dataset.interactions), expected);
    let days = [0, 1, 0, 2].map(day).to_vec();
    assert_eq!(dataset.interactions.timestamps, Some(days));
    assert_eq!(cleaning.columns[0].timestamp.as_deref(), Some("dt"));
    // Nobody asked for times.
    let (dataset, _) = read("log", ColumnNames::default(), &[]).unwrap();
    assert_eq!(dataset.interactions.timestamps, None);
    let events = ColumnNames {
        reads_events: true,
        ..timed()
    };
    let weights = ["view=1".to_owned(), "buy=10".to_owned()];
    for path in ["log", "log/*/*/part-0"] {
        let (dataset, _) = read(path, events.clone(), &weights).unwrap();
        assert_eq!(
            dataset.interactions.weights,
            Some(vec![11.0, 1.0, 1.0, 1.0])
        );
    }
    let message = read("log", events, &weights[..1]).unwrap_err().to_string();
    assert!(
        message.contains("event=buy/part-0: the event `buy` has no weight"),
        "{message}"
    );
    // What is in the file comes first, and what is nowhere is missing.
    folder.file(
        "log/dt=2024-01-01/event=view/part-0",
        "user,item,dt\n1,a,2020-01-01\n",
    );
    let (dataset, _) = read("log/dt=2024-01-01/event=view", timed(), &[]).unwrap();
    assert_eq!(dataset.interactions.timestamps, Some(vec![1_577_836_800]));
    let absent = ColumnNames {
        timestamp: Some("when".to_owned()),
        ..ColumnNames::default()
    };
    let message = read("log", absent, &[]).unwrap_err().to_string();
    assert!(
        message.contains("no timestamp column called `when`"),
        "{message}"
    );
    std::fs::create_dir_all(folder.path("bad/dt=__HIVE_DEFAULT_PARTITION__")).unwrap();
    folder.file(
        "bad/dt=__HIVE_DEFAULT_PARTITION__/x.csv",
        "user,item\n1,a\n",
    );
    let message = read("bad", timed(), &[]).unwrap_err().to_string();
    assert!(
        message.contains("`__HIVE_DEFAULT_PARTITION__` is not a number or a date"),
        "{message}"
    );
}

#[test]
fn one_part_of_a_test_folder_may_be_of_strangers() {
    let folder = Folder::new();
    std::fs::create_dir(folder.path("test")).unwrap();
    let log = [folder.file("log.csv", "user,item\n1,a\n2,b\n")];
    folder.file("test/part-0.csv", "user,item\n9,c\n");
    let test = [Input::Path(folder.path("test"))];
    let read = || read_dataset(&log, &test, None, &ReadOptions::default());
    assert!(
        read()
            .unwrap_err()
            .to_string()
            .contains("none of the user ids")
    );
    folder.file("test/part-1.csv", "user,item\n1,b\n");
    assert_eq!(read().unwrap().1.test_rows, 2);
    folder.file("test/part-1.csv", "user,item\n8,d\n");
    assert!(
        read()
            .unwrap_err()
            .to_string()
            .contains("none of the user ids")
    );
}

#[test]
fn a_folder_without_rows_is_refused() {
    let folder = Folder::new();
    std::fs::create_dir(folder.path("log")).unwrap();
    let fault = || read_path(folder.path("log")).unwrap_err();
    assert!(fault().to_string().contains("holds no file"));
    folder.file("log/part-0.csv", "user,item\n");
    folder.file("log/part-1.csv", "user,item\n");
    assert!(
        fault()
            .to_string()
            .contains("part-0.csv: the file holds no data rows")
    );
    assert!(!fault().is_missing_input());
    let missing = read_path(folder.path("log/*.parquet")).unwrap_err();
    assert!(missing.is_missing_input() && missing.to_string().contains("no file matches"));
}

#[test]
fn a_file_that_is_no_data_is_called_what_it_is() {
    let mut tar = vec![b'x'; 600];
    tar[257..262].copy_from_slice(b"ustar");
    for (bytes, what, remedy) in [
        (
            &b"PK\x03\x04\x14\0\0\0"[..],
            "zip",
            "unzip -p log > log.csv",
        ),
        (b"BZh91AY&SY\xcbG", "bzip2", "bunzip2 -k log"),
        (b"\xfd7zXZ\0\0\x04", "xz", "xz -dk log"),
        (&tar, "tar", "tar -xf log"),
        (&gzip(&tar), "tar", "tar -xf log"),
        (b"<html><body>", "HTML", "download"),
    ] {
        for format in [None, Some(Format::Csv)] {
            let message = fault(format, bytes);
            assert!(
                message.contains(what) && message.contains(remedy),
                "{message}"
            );
        }
        let items = IdMap::from_ordered_keys(vec!["1".into()]).unwrap();
        let message = read_titles_bytes("log", bytes, &items).unwrap_err();
        assert!(message.to_string().contains(what), "{message}");
    }
}

#[test]
fn paths_of_other_machines_are_refused_with_what_to_do() {
    for (path, remedy) in [
        #[cfg(not(feature = "cloud"))]
        ("s3://bucket/log.csv", "aws s3 cp s3://bucket/log.csv ."),
        #[cfg(not(feature = "cloud"))]
        ("gs://bucket/log.csv", "gcloud storage cp"),
        #[cfg(not(feature = "cloud"))]
        ("https://example.org/log.csv", "curl -O"),
        ("hdfs://host/log.csv", "hdfs dfs -get hdfs://host/log.csv ."),
        ("file:///log.csv", "without `file://`"),
    ] {
        let message = read_path(path.into()).unwrap_err().to_string();
        assert!(message.contains(remedy), "{message}");
    }
}
