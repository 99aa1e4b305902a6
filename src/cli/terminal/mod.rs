//! Output for people: tables and numbers on a terminal, plain columns in a pipe.

mod table;

pub(crate) use crate::numbers::{count, counted, duration, percent};
pub(crate) use table::{Align, Style, Table, key_values};
