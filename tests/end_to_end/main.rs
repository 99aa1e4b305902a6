//! The program end to end on small data: what it computes, what it promises, and its conventions.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod ablate;
mod backends;
mod bad_input;
mod closed_pipes;
#[cfg(feature = "cloud")]
mod cloud;
mod cold_users;
mod contest;
mod data;
mod disliked;
mod events;
mod filters;
mod fitted;
mod forget;
mod forget_later;
mod keys;
mod lists;
mod memory;
mod messages;
mod negatives;
mod new_items;
mod not_positive;
mod order;
mod pinsage;
mod prior;
mod promises;
mod reasons;
mod refit;
mod refit_command;
mod refresh;
mod relative_paths;
mod released_formats;
mod reproduce;
mod reranked;
#[cfg(all(feature = "serve", unix))]
mod serve;
mod settings;
mod splits;
mod synth;
mod tables;
mod text_logs;
mod times;
mod tune;
mod walk;
