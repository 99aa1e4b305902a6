//! Properties of every reader: arbitrary bytes never panic, what is written is what is read, and the
//! order of the rows does not matter.

use std::collections::BTreeMap;
use std::fmt::Write;

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

use super::*;

type Log = BTreeMap<(String, String), (i8, u32)>;

/// Keys that every text format can hold: no separator, no white space, no colon, no quote.
fn log() -> impl Strategy<Value = Log> {
    let key = "[0-9]{1,30}|[a-zA-Zäé0-9_.+-]{1,12}";
    btree_map((key, key), (any::<i8>(), 0..2_000_000_000u32), 1..40)
}

/// Numbers only: adjacency lists.
fn numbers() -> impl Strategy<Value = Log> {
    let key = || (0..50u32).prop_map(|n| n.to_string());
    btree_map((key(), key()), (Just(0), Just(0)), 1..60)
}

fn write(format: Format, log: &Log) -> String {
    let (header, separator) = match format {
        Format::Csv => ("user_id,item_id,rating,timestamp\n", ","),
        Format::Tsv => ("user_id\titem_id\trating\ttimestamp\n", "\t"),
        Format::RecBole => (
            "user_id:token\titem_id:token\trating:float\ttimestamp:float\n",
            "\t",
        ),
        Format::MovieLens => ("", "::"),
        _ => ("", "\t"),
    };
    let mut text = header.to_owned();
    for ((user, item), (weight, time)) in log {
        let line = match format {
            Format::AdjacencyLists => format!("{user} {item}"),
            Format::JsonLines => {
                format!(
                    "{{\"user\":\"{user}\",\"item\":\"{item}\",\"rating\":{weight},\"ts\":{time}}}"
                )
            }
            _ => [user, item, &*weight.to_string(), &*time.to_string()].join(separator),
        };
        writeln!(text, "{line}").unwrap();
    }
    text
}

/// What was read, by key.
fn contents(dataset: &Dataset) -> Log {
    let rows = &dataset.interactions;
    let weight = |i: usize| rows.weights.as_ref().map_or(0, |all| all[i] as i8);
    let time = |i: usize| rows.timestamps.as_ref().map_or(0, |all| all[i] as u32);
    let pairs = pairs(dataset, rows).into_iter().enumerate();
    pairs
        .map(|(i, pair)| (pair, (weight(i), time(i))))
        .collect()
}

const TEXT_FORMATS: [Format; 6] = [
    Format::Csv,
    Format::Tsv,
    Format::RecBole,
    Format::MovieLens,
    Format::MovieLensTab,
    Format::JsonLines,
];

proptest! {
    #[test]
    fn what_is_written_is_read(log in log()) {
        for format in TEXT_FORMATS {
            let text = write(format, &log);
            let (dataset, cleaning) = read_bytes(Some(format), "log", text.as_bytes()).unwrap();
            prop_assert_eq!(contents(&dataset), log.clone());
            prop_assert_eq!(cleaning.rows, log.len() as u64);
            let (packed, _) = read_bytes(Some(format), "log", &gzip(text.as_bytes())).unwrap();
            prop_assert_eq!(&packed.interactions, &dataset.interactions);
        }
    }

    #[test]
    fn adjacency_lists_written_are_read(log in numbers()) {
        let text = write(Format::AdjacencyLists, &log);
        let (dataset, _) = read_bytes(None, "log", text.as_bytes()).unwrap();
        prop_assert_eq!(contents(&dataset), log);
    }

    #[test]
    fn the_order_of_rows_does_not_matter(
        rows in vec((0..9u8, 0..9u8, 0..5u8, 0..5u8), 1..60), turn in 0..60usize
    ) {
        let text = |rows: &[(u8, u8, u8, u8)]| rows.iter().fold(String::new(), |text, row| {
            text + &format!("{}::{}::{}::{}\n", row.0, row.1, row.2, row.3)
        });
        let mut turned = rows.clone();
        turned.rotate_left(turn % rows.len());
        turned.reverse();
        let (a, b) = (read(&text(&rows)).0, read(&text(&turned)).0);
        prop_assert_eq!((a.users, a.items, a.interactions), (b.users, b.items, b.interactions));
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in vec(any::<u8>(), 0..400)) {
        read_as_everything(&bytes);
    }

    #[test]
    fn near_misses_never_panic(
        bytes in vec(prop::sample::select(b"019.-eNa:,\t \r\n\"{}[]\\u_;\xff\0".to_vec()), 0..80),
        header in prop::sample::select(vec![
            "", "user,item\n", "user\titem\trating\n", "user_id:token\titem_id:token\n",
            "{\"user\":1,\"item\":2}\n", "1::2::3\n", "1\t2\t3\t4\n",
        ]),
    ) {
        let bytes = [header.as_bytes(), &bytes].concat();
        read_as_everything(&bytes);
        read_as_everything(&gzip(&bytes));
    }

    #[test]
    fn damaged_streams_never_panic(log in log(), at in any::<prop::sample::Index>(), byte: u8) {
        for mut bytes in [gzip(write(Format::Csv, &log).as_bytes()), zstd(write(Format::Csv, &log).as_bytes())] {
            let at = at.index(bytes.len());
            bytes[at] = byte;
            read_as_everything(&bytes);
            read_as_everything(&bytes[..at]);
        }
    }
}

fn read_as_everything(bytes: &[u8]) {
    let items = IdMap::from_ordered_keys(vec!["1".into()]).unwrap();
    let _ = read_titles_bytes("items", bytes, &items);
    for format in Format::ALL.into_iter().map(Some).chain([None]) {
        if let Err(error) = read_bytes(format, "log", bytes) {
            assert!(error.to_string().starts_with("log"), "{error}");
        }
    }
}
