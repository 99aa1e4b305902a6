//! The binary from outside: the whole road on small data, its promises and its manners.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod ablate;
mod backends;
mod bad_input;
mod data;
mod filters;
mod memory;
mod negatives;
mod new_items;
mod order;
mod pinsage;
mod promises;
mod released_formats;
mod reproduce;
mod settings;
mod synth;
mod tune;
mod walk;
