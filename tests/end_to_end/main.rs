//! The program end to end on small data: what it computes, what it promises, and its conventions.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod ablate;
mod backends;
mod bad_input;
mod closed_pipes;
mod cold_users;
mod data;
mod disliked;
mod filters;
mod lists;
mod memory;
mod messages;
mod negatives;
mod new_items;
mod order;
mod pinsage;
mod promises;
mod relative_paths;
mod released_formats;
mod reproduce;
mod settings;
mod splits;
mod synth;
mod tables;
mod tune;
mod walk;
