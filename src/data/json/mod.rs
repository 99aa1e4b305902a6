//! JSON as tables: objects one by one from lines, an array or a stream, and their members by name or path.

mod members;
mod objects;

pub(super) use members::{Path, find, inner_names, key_text, plain_text, unquoted};
pub(super) use objects::{Objects, first_names, starts_array};
