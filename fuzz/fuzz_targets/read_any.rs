//! Any bytes, the format recognized by content: decompression and recognition included.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sagebrush::data::read_bytes;

fuzz_target!(|bytes: &[u8]| {
    let _ = read_bytes(None, "log", bytes);
});
