//! Layouts of delimited text: rows of numbers, quotes, separators, missing headers, encodings.

use super::*;

/// Twenty rows of 4 users and 9 items, as `user item rating time`.
const ROWS: &str = "1 103 5 1626607888\n1 104 2 1603158259\n1 105 4 1610180457\n1 106 2 1603042398\n\
    1 107 5 1627167162\n1 109 1 1619979533\n2 101 5 1600503341\n2 103 5 1602119463\n2 105 1 1601196308\n\
    2 108 2 1629513303\n2 109 2 1620119844\n2 112 1 1626108985\n3 103 4 1600154141\n3 105 1 1615345444\n\
    3 106 3 1613649229\n3 107 5 1628192955\n3 109 1 1623750149\n3 112 3 1610578947\n4 101 4 1614085862\n\
    4 104 1 1618999920\n";
const HEADER: &str = "user_id item_id rating timestamp\n";

fn options(change: impl FnOnce(&mut ReadOptions)) -> ReadOptions {
    let mut options = ReadOptions::default();
    change(&mut options);
    options
}

fn read_as(options: &ReadOptions, bytes: impl AsRef<[u8]>) -> Result<(Dataset, Cleaning), String> {
    let bytes = bytes.as_ref();
    let origin = source::Origin::Memory { name: "log", bytes };
    read_log::read_log(&[origin], &[], options, u32::MAX).map_err(|error| error.to_string())
}

fn named(names: &str) -> ReadOptions {
    options(|options| options.header = Some(names.split(',').map(str::to_owned).collect()))
}

/// Users, items, rows, and the lowest and highest rating.
fn counts((dataset, cleaning): &(Dataset, Cleaning)) -> (usize, usize, u64, Option<(f32, f32)>) {
    let (users, items) = (dataset.users.len(), dataset.items.len());
    (
        users,
        items,
        cleaning.rows,
        inspect(dataset, cleaning).weight_range,
    )
}

#[track_caller]
fn check_rows(text: impl AsRef<[u8]>) {
    let read = read_bytes(None, "log", text.as_ref()).unwrap();
    assert_eq!(counts(&read), (4, 9, 20, Some((1.0, 5.0))));
    let span = inspect(&read.0, &read.1).time_span;
    assert_eq!(span, Some(("2020-09-15".into(), "2021-08-21".into())));
}

#[test]
fn rows_of_numbers_between_blanks_are_no_lists() {
    let (dataset, cleaning) = read("1 10 5\n1 11 4\n2 10 3\n2 12 5\n3 11 4\n");
    assert_eq!(
        counts(&(dataset, cleaning.clone())),
        (3, 3, 5, Some((3.0, 5.0)))
    );
    assert!(
        cleaning.remarks[0].contains("user, item, rating"),
        "{:?}",
        cleaning.remarks
    );
    check_rows(ROWS);
    check_rows(ROWS.replace('\n', "\r\n"));
    check_rows(ROWS.replace('\n', "\r"));
    check_rows(ROWS.replace(' ', "   "));
    check_rows(ROWS.replace(" 1 1", " 1.0 1"));
    check_rows(
        ROWS.lines()
            .map(|line| format!(" {line} \n"))
            .collect::<String>(),
    );
    check_rows(gzip(ROWS.as_bytes()));
    let exponents =
        "1.0e+00 1.03e+02 5.0e+00\n1.0e+00 1.04e+02 2.5e+00\n2.0e+00 1.03e+02 1.0e+00\n";
    let (_, cleaning) = read(exponents);
    assert_eq!(
        (cleaning.rows, cleaning.columns[0].weight.as_deref()),
        (3, Some("rating"))
    );
    let many = (0..9000).fold(String::new(), |text, n| {
        text + &format!("{} {} {}\n", n % 500, n % 701, 1 + n % 5)
    });
    assert_eq!(counts(&read(&many)), (500, 701, 9000, Some((1.0, 5.0))));
}

#[test]
fn rows_and_lists_in_doubt_are_refused_with_both_ways_out() {
    for text in ["1 10 5\n2 11 4\n3 12 5\n", "0 1 2 3\n1 2 3 4\n"] {
        let message = fault(None, text);
        assert!(message.contains("--format adjacency-lists"), "{message}");
        assert!(message.contains("--columns user,item,"), "{message}");
    }
    let (lists, _) = read_bytes(Some(Format::AdjacencyLists), "log", b"1 10 5\n2 11 4\n").unwrap();
    assert_eq!(lists.interactions.len(), 4);
    let rows = read_as(&named("user,item,rating"), "1 10 5\n2 11 4\n").unwrap();
    assert_eq!(counts(&rows), (2, 2, 2, Some((4.0, 5.0))));
    // A test part in doubt is laid out as its log.
    let origin = |bytes| source::Origin::Memory { name: "log", bytes };
    let log = [origin(b"0 1 2 3\n1 2\n2 3 1\n")];
    let read = read_log::read_log(
        &log,
        &[origin(b"0 4 5\n1 3 4\n")],
        &ReadOptions::default(),
        u32::MAX,
    );
    assert_eq!(read.unwrap().0.given_test.unwrap().len(), 4);
}

#[test]
fn a_user_who_heads_two_lists_is_refused_with_the_line() {
    let lists = (0..9000).fold(String::new(), |text, n| {
        let more = if n % 2 == 0 { " 8" } else { "" };
        text + &format!("{n} {} 7{more}\n", n + 1)
    });
    assert_eq!(read(&(lists.clone() + "9000 5\n")).1.rows, 22_501);
    let repeated = lists + "9000 5\n17 5 6\n";
    let message = fault(None, &repeated);
    assert!(message.starts_with("log:9002: "), "{message}");
    assert!(
        message.contains("--format adjacency-lists") && message.contains("--columns"),
        "{message}"
    );
    let read = read_bytes(Some(Format::AdjacencyLists), "log", repeated.as_bytes());
    assert_eq!(read.unwrap().1.rows, 22_503);
    // Pairs are pairs, however often a user heads one.
    assert_eq!(self::read("1 2\n1 3\n2 2\n1 4\n").1.rows, 4);
}

#[test]
fn lists_are_read_as_before() {
    for (text, users, items, rows) in [
        ("0 4012 37\n1 17 30511\n", 2, 4, 4),
        ("0 1 2 3\n1 4\n", 2, 4, 4),
        ("0 1 2 3 4\n1 2 3 4 5\n", 2, 5, 8),
        ("0\t1\t2\t3\n1\t4\n", 2, 4, 4),
        ("0 5\n1 5\n2 7\n", 3, 2, 3),
        ("0 1 2\r1 2\r", 2, 2, 3),
    ] {
        let read = read(text);
        assert_eq!(counts(&read), (users, items, rows, None), "{text:?}");
        assert_eq!(read.0.sources[0].format, "adjacency-lists");
    }
}

#[test]
fn a_quote_between_tabs_swallows_no_row() {
    let titles = "user_id\titem_id\ttitle\n1\ta\tplain\n1\tb\t\"Heroes\n2\ta\tplain\n3\tb\tplain\n3\tc\tHeroes\"\n4\ta\tplain\n";
    let keys = "user_id\titem_id\n1\ta\n1\t\"b\n2\ta\n3\tb\n4\tc\"\n5\ta\n";
    assert_eq!(counts(&read(titles)), (4, 3, 6, None));
    let (dataset, cleaning) = read(keys);
    assert_eq!(counts(&(dataset.clone(), cleaning)), (5, 4, 6, None));
    assert!(dataset.items.id("\"b").is_some() && dataset.items.id("c\"").is_some());
    let quoted = "user_id\titem_id\n\"1\"\t\"a\tb\"\n\"2\"\t\"say \"\"hi\"\"\"\n";
    let (dataset, _) = read(quoted);
    assert!(dataset.items.id("a\tb").is_some() && dataset.items.id("say \"hi\"").is_some());
    let items = IdMap::from_ordered_keys(["a", "b", "c"].map(Box::from).to_vec()).unwrap();
    let file = "item_id\ttitle\na\t\"Heroes\nb\tplain\nc\tHeroes\"\n";
    let found = read_titles_bytes("items", file.as_bytes(), &items).unwrap();
    let expected = ["\"Heroes", "plain", "Heroes\""].map(|title| Some(title.to_owned()));
    assert_eq!(found, expected);
}

#[test]
fn a_quoted_field_over_lines_of_csv_is_told() {
    let (_, cleaning) = read("user,item,note\n1,a,x\n1,\"b\n2,a,x\n3,b\",y\n4,a,x\n");
    assert_eq!(cleaning.rows, 3);
    assert!(
        cleaning.remarks[0].starts_with("log:3: 1 row has"),
        "{:?}",
        cleaning.remarks
    );
    let message = fault(None, "user,item\n1,a\n1,\"b\n2,a\n3,b\n");
    assert!(
        message.starts_with("log:3: ") && message.contains("quote"),
        "{message}"
    );
    assert!(read("user,item\n1,\"a\"\n\"2\",b\n").1.remarks.is_empty());
}

#[test]
fn separators_are_recognized() {
    let text = HEADER.to_owned() + ROWS;
    for separator in [";", "|", "\t", ",", " ", "  "] {
        check_rows(text.replace(' ', separator));
        let quoted = |line: &str| {
            let fields = line.split(' ').map(|field| format!("\"{field}\""));
            fields.collect::<Vec<_>>().join(separator) + "\r\n"
        };
        check_rows(text.lines().map(quoted).collect::<String>());
    }
    check_rows("sep=;\r\n".to_owned() + &text.replace(' ', ";"));
    for separator in ["^", "~", "\u{1}"] {
        let options = options(|options| options.separator = separator.parse().ok());
        let read = read_as(&options, text.replace(' ', separator)).unwrap();
        assert_eq!(counts(&read), (4, 9, 20, Some((1.0, 5.0))));
    }
    let asked = options(|options| options.format = Some(Format::Csv));
    let read = read_as(&asked, text.replace(' ', ";")).unwrap();
    assert_eq!(counts(&read).2, 20);
    let typed = "user_id:token item_id:token rating:float timestamp:float\n".to_owned() + ROWS;
    for separator in [",", ";", "\t", " "] {
        check_rows(typed.replace(' ', separator));
    }
}

#[test]
fn decimal_commas_are_points_where_commas_do_not_separate() {
    let (dataset, _) = read("user;item;rating\n1;a;3,5\n2;b;4,25\n3;c;4\n");
    assert_eq!(dataset.interactions.weights, Some(vec![3.5, 4.25, 4.0]));
    let (dataset, _) = read("1 10 3,5\n1 11 4,0\n2 10 0,125\n");
    assert_eq!(dataset.interactions.weights, Some(vec![3.5, 4.0, 0.125]));
    let message = fault(None, "user;item;count\n1;a;1,234\n");
    assert!(
        message.starts_with("log:2: ") && message.contains("1,234"),
        "{message}"
    );
    assert!(fault(None, "user;item;rating\n1;a;1,2,3\n").contains("not a number"));
}

#[test]
fn a_log_without_a_header_loses_no_row() {
    for separator in [",", ";", "|", "\t", "::"] {
        check_rows(ROWS.replace(' ', separator));
        let (dataset, _) = read(&["1 103", "2 104"].join("\n").replace(' ', separator));
        assert_eq!(dataset.interactions.len(), 2, "{separator}");
    }
    let (_, cleaning) = read(&ROWS.replace(' ', ","));
    assert!(
        cleaning.remarks[0].contains("no header"),
        "{:?}",
        cleaning.remarks
    );
    for (text, proposal) in [
        ("ann,b1,5\nbob,b2,4\n", "--columns user,item,rating"),
        (
            "1,103,1626607888\n2,104,1603158259\n",
            "--columns user,item,timestamp",
        ),
        ("1\t103\t1626607888\n", "--columns user,item,timestamp"),
        ("1::103::1626607888\n", "--columns user,item,timestamp"),
        (
            "1,103,1626607888,5\n",
            "--columns user,item,timestamp,rating",
        ),
        ("1,103,x,5,7\n", "--columns user,item,-,rating,-"),
        ("ann,b1,2021-07-18\n", "--columns user,item,timestamp"),
    ] {
        let message = fault(None, text);
        assert!(message.contains(proposal), "{message}");
    }
}

#[test]
fn columns_are_named_in_any_order() {
    let text = "7,5,b1,1626607888,ann\n8,4,b2,1603158259,bob\n";
    let (dataset, cleaning) = read_as(&named("-,rating,item,timestamp,user"), text).unwrap();
    assert_eq!(
        pairs(&dataset, &dataset.interactions),
        owned(&[("ann", "b1"), ("bob", "b2")])
    );
    assert_eq!(dataset.interactions.weights, Some(vec![5.0, 4.0]));
    assert!(cleaning.remarks.is_empty());
    for (names, text) in [
        ("item,user,rating", "b1::ann::5\nb2::bob::4\n"),
        ("item,user,rating", "b1\tann\t5\nb2\tbob\t4\n"),
        ("item,user", "b1 ann\nb2 bob\n"),
    ] {
        let (dataset, _) = read_as(&named(names), text).unwrap();
        assert_eq!(
            pairs(&dataset, &dataset.interactions),
            owned(&[("ann", "b1"), ("bob", "b2")])
        );
    }
    let message = read_as(&named("user,item"), text).unwrap_err();
    assert!(
        message.starts_with("log:1: ") && message.contains("`--columns`"),
        "{message}"
    );
    let message = read_as(&named("user,item"), "user,item\n1,2\n").unwrap_err();
    assert!(message.contains("has a header"), "{message}");
    assert!(
        read_as(&named("a,b"), "1,2\n")
            .unwrap_err()
            .contains("--user-column")
    );
}

#[test]
fn a_format_that_the_file_is_not_says_what_it_looks_like() {
    for (format, text, looks) in [
        (Format::MovieLens, "user,item\n1,2\n", "`csv`"),
        (Format::Csv, "1::2::3\n", "`movielens`"),
        (Format::JsonLines, "user;item\n1;2\n", "`csv` between `;`"),
        (Format::Parquet, "user,item\n1,2\n", "`csv`"),
        (Format::Tsv, "user,item\n1,2\n", "`csv`"),
    ] {
        let message = fault(Some(format), text);
        assert!(
            message.contains(&format!("looks like {looks}")),
            "{message}"
        );
    }
}

#[test]
fn encodings_are_converted() {
    let text = format!(
        "user_id,item_id,rating,timestamp\n{}",
        ROWS.replace(' ', ",")
    );
    let utf16 = |to: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(to).collect::<Vec<u8>>();
    let (little, big) = (utf16(u16::to_le_bytes), utf16(u16::to_be_bytes));
    check_rows(&little);
    check_rows(&big);
    check_rows([&b"\xff\xfe"[..], &little].concat());
    check_rows([&b"\xfe\xff"[..], &big].concat());
    check_rows(gzip(&little));
    let folder = Folder::new();
    let Input::Path(path) = folder.file("log.csv", b"user,item\ncaf\xe9,1\n") else {
        panic!("it is a path");
    };
    let read = |input: Input| read_dataset(&[input], &[], None, &ReadOptions::default());
    let (dataset, _) = read(Input::Encoded(path.clone(), "latin1".parse().unwrap())).unwrap();
    assert_eq!(dataset.users.key(0), "café");
    let message = read(Input::Path(path)).unwrap_err().to_string();
    assert!(
        message.contains("log.csv:2: ") && message.contains("--encoding latin1"),
        "{message}"
    );
    let odd = [&b"\xff\xfe"[..], &little, b"x"].concat();
    assert!(fault(None, odd).contains("not valid UTF-16LE"));
}

#[test]
fn item_files_have_separators_too() {
    let items = IdMap::from_ordered_keys(["1", "2"].map(Box::from).to_vec()).unwrap();
    for text in [
        "item_id;title\n1;\"Amélie; the film\"\n2;B\n",
        "item_id|title\n1|Amélie; the film\n2|B\n",
        "item_id:token,title:token_seq\n1,Amélie; the film\n2,B\n",
    ] {
        let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        for bytes in [text.as_bytes(), &utf16] {
            let found = read_titles_bytes("items", bytes, &items).unwrap();
            let expected = ["Amélie; the film", "B"].map(|title| Some(title.to_owned()));
            assert_eq!(found, expected, "{text}");
        }
    }
}
