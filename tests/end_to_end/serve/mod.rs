//! The service: the program started on a free port, and asked over HTTP as anybody would.

mod document;
mod forgetting;
mod http;
mod interactions;
mod limits;
mod lists;
mod new_items;
mod reload;
mod service;

pub(crate) use http::Answer;
pub(crate) use service::Service;
