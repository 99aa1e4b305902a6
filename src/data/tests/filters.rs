//! Merging, filters, and a given test file.

use super::*;

fn with(options: &ReadOptions, text: &str) -> Result<(Dataset, Cleaning), DataError> {
    let origin = source::Origin::Memory {
        name: "log",
        bytes: text.as_bytes(),
    };
    read_log::read_log(&[origin], &[], options, u32::MAX)
}

#[test]
fn the_minimum_rating_judges_the_latest_rating() {
    let text = "user,item,rating,ts\n1,1,5,10\n1,1,2,20\n1,2,4,5\n2,1,1,5\n";
    let options = ReadOptions {
        min_rating: Some(4.0),
        ..ReadOptions::default()
    };
    let (dataset, cleaning) = with(&options, text).unwrap();
    assert_eq!(pairs(&dataset, &dataset.interactions), owned(&[("1", "2")]));
    assert_eq!(
        (cleaning.duplicates_merged, cleaning.below_min_rating),
        (1, 2)
    );
    assert_eq!((dataset.users.len(), dataset.items.len()), (1, 1));
    let options = ReadOptions {
        min_rating: Some(6.0),
        ..ReadOptions::default()
    };
    let message = with(&options, text).unwrap_err().to_string();
    assert!(
        message.ends_with(
            "no interaction is left of 4 rows (3 below the minimum rating); lower `--min-rating`"
        ),
        "{message}"
    );
    let message = with(&options, "user,item\n1,2\n").unwrap_err().to_string();
    assert!(message.contains("needs a rating column"), "{message}");
}

#[test]
fn low_ratings_stay_known_as_what_the_user_has() {
    let folder = Folder::new();
    let log = "user,item,rating,ts\na,x,5,1\na,y,1,2\nb,y,4,3\nb,z,2,4\nc,x,1,5\nb,y,3,1\n";
    let inputs = [folder.file("log.csv", log)];
    let test = [folder.file("test.csv", "user,item,rating\na,x,2\nb,x,1\nb,q,5\n")];
    let options = ReadOptions {
        min_rating: Some(3.0),
        ..ReadOptions::default()
    };
    let (dataset, cleaning) = read_dataset(&inputs, &test, None, &options).unwrap();
    let kept = owned(&[("a", "x"), ("b", "y")]);
    assert_eq!(pairs(&dataset, &dataset.interactions), kept);
    // Nobody liked z, and c liked nothing: the run knows neither.
    let also = &dataset.also_seen;
    assert_eq!(pairs(&dataset, also), owned(&[("a", "y")]));
    assert_eq!(also.timestamps, Some(vec![2]));
    assert_eq!(cleaning.below_min_rating, 3);
    let in_test = dataset.also_seen_in_test.as_ref().unwrap();
    assert_eq!(pairs(&dataset, in_test), owned(&[("a", "x"), ("b", "x")]));
    let given = dataset.given_test.as_ref().unwrap();
    assert_eq!(pairs(&dataset, given), owned(&[("b", "q")]));
}

#[test]
fn the_k_core_is_counted() {
    let text = "user,item\na,x\na,y\nb,x\nb,y\nb,z\nc,z\n";
    let options = ReadOptions {
        k_core: Some(2),
        ..ReadOptions::default()
    };
    let (dataset, cleaning) = with(&options, text).unwrap();
    assert_eq!(
        pairs(&dataset, &dataset.interactions),
        owned(&[("a", "x"), ("a", "y"), ("b", "x"), ("b", "y")])
    );
    assert_eq!(
        (cleaning.k_core_users_removed, cleaning.k_core_items_removed),
        (1, 1)
    );
    assert_eq!(cleaning.k_core_interactions_removed, 2);
    let options = ReadOptions {
        k_core: Some(3),
        ..ReadOptions::default()
    };
    let message = with(&options, text).unwrap_err().to_string();
    assert!(message.contains("6 outside the k-core"), "{message}");
}

#[test]
fn keys_of_the_test_file_alone_are_cold() {
    let folder = Folder::new();
    let log = [folder.file("train.txt", "0 1 2\n1 2\n2 9\n")];
    let test = [folder.file("test.txt", "0 1 5\n3 2\n1\n")];
    let (dataset, cleaning) = read_dataset(&log, &test, None, &ReadOptions::default()).unwrap();
    let given = dataset.given_test.as_ref().unwrap();
    assert_eq!(
        pairs(&dataset, given),
        owned(&[("0", "1"), ("0", "5"), ("3", "2")])
    );
    assert_eq!((dataset.users.len(), dataset.items.len()), (4, 4));
    let found = inspect(&dataset, &cleaning);
    let test = found.test.unwrap();
    assert_eq!((test.cold_users, test.cold_items, test.overlap), (1, 1, 1));
    assert_eq!((cleaning.rows, cleaning.test_rows), (4, 3));
    assert_eq!((found.user_degrees.singles, found.item_degrees.max), (2, 2));
    assert!((found.density - 0.25).abs() < 1e-12);
    let lines = found.lines();
    let value = |label: &str| {
        lines
            .iter()
            .find(|line| line.0 == label)
            .map(|line| &*line.1)
    };
    assert_eq!(value("test users unknown to the log"), Some("1"));
    assert_eq!(value("density"), Some("25.0000 %"));
    let json = serde_json::to_string(&found).unwrap();
    assert_eq!(serde_json::from_str::<Inspection>(&json).unwrap(), found);
}

#[test]
fn a_test_file_of_strangers_is_refused() {
    let folder = Folder::new();
    let log = [folder.file("train.csv", "user,item\n1,10\n2,20\n")];
    for (content, role) in [
        ("user,item\n\n7,10\n8,20\n", "user"),
        ("user,item\n1,11\n2,12\n", "item"),
    ] {
        let test = [folder.file("test.csv", content)];
        let error = read_dataset(&log, &test, None, &ReadOptions::default()).unwrap_err();
        let message = error.to_string();
        assert!(
            message.contains("test.csv:2: ") || message.contains("test.csv:3: "),
            "{message}"
        );
        assert!(
            message.contains(&format!("none of the {role} ids")),
            "{message}"
        );
        assert!(message.contains("same ids"), "{message}");
    }
}

#[test]
fn what_a_filter_removed_leaves_the_test_too() {
    let folder = Folder::new();
    let log = [folder.file("train.txt", "0 1 2\n1 1 2 3\n2 3\n")];
    let test = [folder.file("test.txt", "0 3 4\n2 1\n1 4\n")];
    let options = ReadOptions {
        k_core: Some(2),
        ..ReadOptions::default()
    };
    let (dataset, cleaning) = read_dataset(&log, &test, None, &options).unwrap();
    let given = dataset.given_test.as_ref().unwrap();
    assert_eq!(pairs(&dataset, given), owned(&[("0", "4"), ("1", "4")]));
    assert_eq!(cleaning.test_rows_removed, 2);
}

#[test]
fn several_inputs_make_one_log() {
    let folder = Folder::new();
    let inputs = [
        folder.file("a.csv", "user,item\n1,2\n3,4\n"),
        folder.file("b.gz", gzip(b"1 2 5\n3\n")),
    ];
    let (dataset, cleaning) = read_dataset(&inputs, &[], None, &ReadOptions::default()).unwrap();
    assert_eq!(dataset.interactions.len(), 3);
    assert_eq!((cleaning.rows, cleaning.duplicates_merged), (4, 1));
    assert_eq!(dataset.sources.len(), 2);
}
