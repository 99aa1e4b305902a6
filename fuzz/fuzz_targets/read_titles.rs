//! The reader of item titles on any bytes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sagebrush::data::{IdMap, read_titles_bytes};

fuzz_target!(|bytes: &[u8]| {
    let items = IdMap::from_ordered_keys(vec!["1".into(), "2".into()]).unwrap_or_default();
    let _ = read_titles_bytes("items", bytes, &items);
});
