//! The reader of RecBole atomic files on any bytes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sagebrush::data::{Format, read_bytes};

fuzz_target!(|bytes: &[u8]| {
    let _ = read_bytes(Some(Format::RecBole), "log", bytes);
});
