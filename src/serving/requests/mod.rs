//! What requests say, read and checked: keys of paths, queries, bodies, and what a list may hold.

mod body;
mod current;
mod feature;
mod key;
mod options;
mod query;

pub(super) use body::{Json, Key, keys};
pub(super) use current::Current;
pub(super) use feature::Feature;
pub(super) use key::PathKey;
pub(super) use options::{Filters, check_batch};
pub(super) use query::ListQuery;
