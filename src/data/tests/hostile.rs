//! Hostile input: no panic, an error with a place, no memory beyond the limits.

use std::io::Read;

use super::*;

#[test]
fn bom_crlf_and_nul_bytes() {
    let (dataset, _) = read("\u{feff}user,item\r\n1,a\0b\r\n2,\0\r\n");
    assert_eq!(dataset.items.id("a\0b"), Some(1));
    let (dataset, _) = read("\u{feff}1::2::3\r\n4::5::6\r\n");
    assert_eq!(dataset.interactions.weights, Some(vec![3.0, 6.0]));
    assert!(read_bytes(None, "log", &[0; 1000]).is_err());
    for format in Format::ALL {
        assert!(
            read_bytes(Some(format), "log", &[0; 1000]).is_err(),
            "{format}"
        );
    }
}

#[test]
fn a_field_of_a_megabyte_is_a_key_like_any_other() {
    let huge = "x".repeat(1 << 20);
    let (dataset, _) = read(&format!("user,item\n{huge},1\n"));
    assert_eq!(dataset.users.key(0).len(), 1 << 20);
    let message = fault(None, format!("user,item,rating\n1,2,{huge}\n"));
    assert!(message.len() < 300, "{}", message.len());
    let message = fault(None, format!("{huge},{huge}\n1,2\n"));
    assert!(message.len() < 400, "{}", message.len());
}

#[test]
fn a_line_without_end_is_refused() {
    let zeros = io_repeat(b'0', MAX_LINE_BYTES + (1 << 20));
    let message = fault(Some(Format::AdjacencyLists), &zeros);
    assert!(
        message.starts_with("log:1: the row is longer than 16777216 bytes"),
        "{message}"
    );
    let mut quoted = b"user,item\n1,2\n\"".to_vec();
    quoted.extend(io_repeat(b'\n', MAX_LINE_BYTES + (1 << 20)));
    let message = fault(None, &quoted);
    assert!(
        message.contains("longer") && message.contains("quote"),
        "{message}"
    );
}

#[test]
fn a_gzip_bomb_stops_at_the_line_limit() {
    let bomb = gzip(&io_repeat(b'1', 64 << 20));
    assert!(bomb.len() < 2 << 20);
    assert!(fault(None, &bomb).contains("longer"));
    assert!(fault(Some(Format::Csv), &bomb).contains("longer"));
    let bomb = zstd(&io_repeat(b'1', 64 << 20));
    assert!(fault(Some(Format::JsonLines), &bomb).contains("longer"));
}

#[test]
fn a_bomb_of_repetitions_is_one_pair() {
    let mut text = Vec::new();
    b"user,item\n"
        .chain(&*b"1,2\n".repeat(1 << 16))
        .read_to_end(&mut text)
        .unwrap();
    let (dataset, cleaning) = read_bytes(None, "log", &gzip(&text)).unwrap();
    assert_eq!(
        (dataset.interactions.len(), cleaning.duplicates_merged),
        (1, (1 << 16) - 1)
    );
}

#[test]
fn json_nested_a_hundred_thousand_deep() {
    let deep = "[".repeat(100_000) + &"]".repeat(100_000);
    let (dataset, _) = read(&format!("{{\"user\":1,\"item\":2,\"x\":{deep}}}\n"));
    assert_eq!(dataset.interactions.len(), 1);
}

fn io_repeat(byte: u8, n: usize) -> Vec<u8> {
    vec![byte; n]
}
