//! What a person sees: tables and numbers on a terminal, plain columns in a pipe.

mod numbers;
mod table;

pub use numbers::{bytes, count, duration, percent};
pub use table::{Align, Style, Table, key_values};
