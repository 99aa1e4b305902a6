//! Any bytes given to the checkpoint loader are a checkpoint or an error, never a panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sagebrush::run::Checkpoint;

fuzz_target!(|bytes: &[u8]| {
    let _ = Checkpoint::from_bytes("fuzz", bytes);
    // The same bytes behind a checksum that is right, so that the parser itself is reached.
    let mut signed = bytes.to_vec();
    signed.extend(blake3::hash(bytes).as_bytes());
    let _ = Checkpoint::from_bytes("fuzz", &signed);
});
