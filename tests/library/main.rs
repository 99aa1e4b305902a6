//! The library from outside: a crate with one dependency line, the examples, and what the library brings along.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod examples;
mod outside;
mod tree;
