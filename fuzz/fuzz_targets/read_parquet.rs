//! The Parquet reader on any bytes, the leading mark supplied.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sagebrush::data::{Format, read_bytes};

fuzz_target!(|bytes: &[u8]| {
    let _ = read_bytes(Some(Format::Parquet), "log", &[b"PAR1", bytes].concat());
});
