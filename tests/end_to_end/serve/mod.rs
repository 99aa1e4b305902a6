//! The service: the program started on a free port, and asked over HTTP as anybody would.

mod arms;
mod catalogue;
mod cors;
mod document;
mod forgetting;
mod http;
mod interactions;
mod limits;
mod lists;
mod monitoring;
mod new_items;
mod reload;
mod service;
mod tls;
#[cfg(feature = "otel")]
mod traces;

pub(crate) use http::Answer;
pub(crate) use service::Service;
