//! JSON: lines, arrays and streams of objects, absent members, members of members.

use super::*;

fn three() -> Vec<(String, String)> {
    owned(&[("1", "10"), ("2", "11"), ("3", "10")])
}

#[test]
fn an_array_of_objects_is_read_on_one_line_or_many() {
    let compact =
        r#"[{"user_id":1,"item_id":10},{"user_id":2,"item_id":11},{"user_id":"3","item_id":10}]"#;
    let pretty = "[\n  {\n    \"user_id\": 1,\n    \"item_id\": 10\n  },\n  {\"user_id\": 2, \"item_id\": 11},\n\n {\"item_id\": 10, \"user_id\": 3}\n]\n";
    let stream = "{\n \"user_id\": 1,\n \"item_id\": 10\n}\n{\n \"user_id\": 2,\n \"item_id\": 11\n}\n{\"user_id\": 3, \"item_id\": 10}\n";
    for text in [compact, pretty, stream] {
        let (dataset, cleaning) = read(text);
        assert_eq!(pairs(&dataset, &dataset.interactions), three(), "{text}");
        assert_eq!(dataset.sources[0].format, "json-lines");
        assert_eq!(cleaning.rows, 3);
        let (packed, _) = read_bytes(None, "log", &gzip(text.as_bytes())).unwrap();
        assert_eq!(packed.interactions, dataset.interactions);
    }
}

#[test]
fn an_array_larger_than_any_buffer_is_read() {
    let row = |n: u32| {
        format!(
            "{{\"user\":{},\"item\":\"i{}\",\"x\":\"]}}\\\"\"}}",
            n % 1000,
            n % 77
        )
    };
    let rows: Vec<String> = (0..77_000).map(row).collect();
    let (dataset, _) = read(&format!("[{}]", rows.join(",")));
    assert_eq!((dataset.users.len(), dataset.items.len()), (1000, 77));
    assert_eq!(dataset.interactions.len(), 77_000);
}

#[test]
fn what_is_wrong_in_an_array_names_the_row() {
    let message = fault(None, r#"[{"user":1,"item":2},{"user":1}]"#);
    assert!(
        message.starts_with("log row 2: row 2 has no \"item\""),
        "{message}"
    );
    let message = fault(None, r#"[{"user":1,"item":2},7]"#);
    assert!(
        message.starts_with("log row 2: ") && message.contains("JSON"),
        "{message}"
    );
    let message = fault(None, r#"[{"user":1,"item":2}"#);
    assert!(message.contains("ends early"), "{message}");
    let message = fault(None, "[{\"user\":1,\"item\":2}]\nuser,item\n1,2\n");
    assert!(message.contains("more text after the array"), "{message}");
}

#[test]
fn an_absent_member_is_named_wherever_it_is_absent() {
    for text in [
        "{\"user\":1,\"item\":10,\"rating\":5}\n{\"user\":2,\"item\":11}\n",
        "{\"user\":1,\"item\":10,\"rating\":5}\n{\"user\":2,\"item\":11}\n{\"user\":3,\"item\":10,\"rating\":4}\n",
    ] {
        let message = fault(None, text);
        assert!(
            message.starts_with("log:2: line 2 has no \"rating\""),
            "{message}"
        );
        assert!(message.contains("`--weight-column -`"), "{message}");
    }
    // The first line decides as little as any other.
    let first = "{\"user\":1,\"item\":10}\n{\"user\":2,\"item\":11,\"rating\":4}\n";
    let message = fault(None, first);
    assert!(
        message.starts_with("log:1: line 1 has no \"rating\""),
        "{message}"
    );
    let message = fault(None, "{\"user\":1,\"item\":10}\n{\"user\":2}\n");
    assert!(
        message.starts_with("log:2: line 2 has no \"item\""),
        "{message}"
    );
}

fn read_with(columns: ColumnNames, text: &str) -> Result<(Dataset, Cleaning), DataError> {
    let folder = Folder::new();
    let options = ReadOptions {
        columns,
        ..ReadOptions::default()
    };
    read_dataset(&[folder.file("log.jsonl", text)], &[], None, &options)
}

#[test]
fn ratings_that_some_lack_can_be_left_out() {
    let columns = ColumnNames {
        weight: Some("-".into()),
        ..ColumnNames::default()
    };
    let text = "{\"user_id\":1,\"item_id\":10,\"rating\":5}\n{\"user_id\":2,\"item_id\":11}\n{\"user_id\":3,\"item_id\":10}\n";
    let (dataset, _) = read_with(columns, text).unwrap();
    assert_eq!(pairs(&dataset, &dataset.interactions), three());
    assert_eq!(dataset.interactions.weights, None);
}

#[test]
fn members_of_members_are_named_by_their_path() {
    let text = "{\"user\":{\"id\":1,\"name\":\"a\"},\"item\":{\"id\":10},\"meta\":{\"x\":{\"stars\":4}}}\n\
                {\"meta\":{\"x\":{\"stars\":2}},\"item\":{\"id\":11},\"user\":{\"id\":2}}\n\
                {\"user\":{\"id\":3},\"item\":{\"id\":10},\"meta\":{\"x\":{\"stars\":1}}}\n";
    let message = fault(None, text);
    assert!(
        message.contains("user.id") && message.contains("--user-column"),
        "{message}"
    );
    let columns = ColumnNames {
        user: Some("user.id".into()),
        item: Some("item.id".into()),
        weight: Some("meta.x.stars".into()),
        ..ColumnNames::default()
    };
    let (dataset, cleaning) = read_with(columns.clone(), text).unwrap();
    assert_eq!(pairs(&dataset, &dataset.interactions), three());
    assert_eq!(dataset.interactions.weights, Some(vec![4.0, 2.0, 1.0]));
    assert_eq!(cleaning.columns[0].user, "user.id");
    // A member whose own name has the dot wins.
    let dotted =
        "{\"user.id\":1,\"user\":{\"id\":7},\"item\":{\"id\":10},\"meta\":{\"x\":{\"stars\":4}}}\n";
    let (dataset, _) = read_with(columns, dotted).unwrap();
    assert_eq!(dataset.users.key(0), "1");
}

#[test]
fn messages_show_text_as_it_is_written() {
    let message = fault(None, "{\"user\":1,\"item\":2,\"rating\":{\"a\":\"b\"}}\n");
    assert!(!message.contains('\\'), "{message}");
}
