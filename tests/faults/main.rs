//! Faults: two writers at once, files that move, kills at any moment, full disks; a run survives them all.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod contest;
#[path = "../end_to_end/data.rs"]
#[allow(dead_code)]
mod data;
#[cfg(feature = "failpoints")]
mod failpoints;
#[cfg(unix)]
mod full_disk;
mod kills;
mod refit;
mod resume;
mod small;
mod upgrade;
mod vectors;
mod writers;
