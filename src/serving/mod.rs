//! The HTTP service: the lists of a finished run over HTTP, interactions as they happen, and a new run without a pause.
//!
//! A [`Service`] holds one run at a time as an `Arc`. Each request takes that `Arc` once, so that no answer mixes two
//! runs, and a run that was replaced is freed with its last request. Handlers are plain functions over the state; the
//! lists are made by threads of their own, several requests in one pass over the items.

mod accept;
mod answers;
mod changes;
mod error;
mod forgotten;
mod interactions;
mod layers;
mod metrics;
mod new_items;
mod openapi;
mod people;
mod problem;
mod ranking;
mod reload;
mod requests;
mod routes;
mod service;
mod settings;
mod snapshot;
mod state;
mod stop;
#[cfg(test)]
mod tests;
mod tokens;

pub use service::Service;
pub use settings::{Keep, Limits, Settings};
