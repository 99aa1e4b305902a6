//! Each text format, read as its documentation describes it.

use super::*;

const EXPECTED: [(&str, &str); 3] = [("2", "10"), ("2", "9"), ("10", "9")];

fn check(text: &str, format: &str) {
    for bytes in [
        text.as_bytes().to_vec(),
        gzip(text.as_bytes()),
        zstd(text.as_bytes()),
    ] {
        let (dataset, cleaning) = read_bytes(None, "log", &bytes).unwrap();
        let mut expected = owned(&EXPECTED);
        expected.swap(0, 1);
        assert_eq!(pairs(&dataset, &dataset.interactions), expected, "{text}");
        assert_eq!(
            dataset.interactions.weights,
            Some(vec![4.5, 3.0, 1.0]),
            "{text}"
        );
        let times = vec![1_365_029_108, 1_365_029_107, 1_365_029_109];
        assert_eq!(dataset.interactions.timestamps, Some(times), "{text}");
        assert_eq!(dataset.sources[0].format, format);
        assert_eq!(dataset.sources[0].bytes, bytes.len() as u64);
        assert_eq!(cleaning.rows, 3);
    }
}

#[test]
fn csv() {
    check(
        "userId,movieId,rating,timestamp\n2,10,3,1365029107\n2,9,4.5,1365029108\n10,9,1,1365029109\n",
        "csv",
    );
    check(
        "\u{feff}note,TS,\"Item\",\"User ID\",score\r\n\r\n\"a,\nb\",1365029107000,10,2,3\r\n\
         ,1365029108000,9,2,4.5\r\n,1365029109000,9,10,1",
        "csv",
    );
}

#[test]
fn tsv() {
    check(
        "user\titem\tcount\tdate\n2\t10\t3\t1365029107\n2\t9\t4.5\t1365029108\n10\t9\t1\t1365029109\n",
        "tsv",
    );
}

#[test]
fn movielens() {
    check(
        "2::10::3::1365029107\n2::9::4.5::1365029108\n10::9::1::1365029109\n",
        "movielens",
    );
    check(
        "2\t10\t3\t1365029107\n2\t9\t4.5\t1365029108\n10\t9\t1\t1365029109",
        "movielens-tab",
    );
}

#[test]
fn recbole() {
    check(
        "user_id:token\titem_id:token\trating:float\ttimestamp:float\n2\t10\t3\t1365029107\n\
         2\t9\t4.5\t1365029108.0\n10\t9\t1\t1365029109\n",
        "recbole",
    );
}

#[test]
fn json_lines() {
    check(
        "{\"user_id\": 2, \"item_id\": \"10\", \"rating\": 3, \"timestamp\": 1365029107}\n\
         {\"rating\":4.5e0,\"tags\":[{\"user_id\":7}],\"timestamp\":\"1365029108\",\"item_id\":9,\"user_id\":2}\n\n\
         {\"user_id\": \"\\u0031\\u0030\", \"item_id\": 9, \"rating\": 1.0, \"timestamp\": 1365029109}",
        "json-lines",
    );
}

#[test]
fn adjacency_lists_know_users_without_items() {
    let (dataset, cleaning) = read("0 7 5\n1\n2 5 5 \n");
    assert_eq!(
        pairs(&dataset, &dataset.interactions),
        owned(&[("0", "5"), ("0", "7"), ("2", "5")])
    );
    assert_eq!((dataset.users.len(), dataset.items.len()), (3, 2));
    assert_eq!((cleaning.rows, cleaning.duplicates_merged), (4, 1));
    assert!(dataset.interactions.weights.is_none() && dataset.interactions.timestamps.is_none());
}

#[test]
fn keys_are_integers_of_any_size_or_text() {
    let huge = "9".repeat(400);
    let (dataset, _) = read(&format!(
        "{{\"user\":{huge},\"item\":-1}}\n{{\"user\":9223372036854775808,\"item\":\"é\\n\"}}\n"
    ));
    let keys: Vec<&str> = dataset.users.keys().iter().map(|key| &**key).collect();
    assert_eq!(keys, ["9223372036854775808", &huge]);
    assert_eq!(dataset.items.id("é\n"), Some(1));
    let (dataset, _) = read(&format!("user,item\n{huge},a b\n18446744073709551616,ü\n"));
    assert_eq!(dataset.users.key(0), "18446744073709551616");
    assert_eq!(dataset.users.key(1), huge);
}

#[test]
fn what_was_detected_is_reported_and_can_be_overridden() {
    let folder = Folder::new();
    let input = folder.file("plays.csv", "uid,artist,item,plays\n1,a,b,3\n");
    let mut options = ReadOptions::default();
    options.columns.item = Some("artist".into());
    options.columns.weight = Some("plays".into());
    let (dataset, cleaning) = read_dataset(&[input], &[], None, &options).unwrap();
    assert_eq!(dataset.items.key(0), "a");
    let columns = &cleaning.columns[0];
    assert_eq!((&*columns.user, &*columns.item), ("uid", "artist"));
    assert_eq!(
        (columns.weight.as_deref(), columns.timestamp.as_deref()),
        (Some("plays"), None)
    );
}

#[test]
fn the_digest_is_of_the_bytes_on_disk() {
    // printf 'user,item\n1,2\n' | sha256sum
    let (dataset, _) = read("user,item\n1,2\n");
    assert_eq!(
        dataset.sources[0].sha256,
        "81551c5e81af55b257b7e60f8926368a6150c4f48a4d5a8ff05061236504a9a1"
    );
}
