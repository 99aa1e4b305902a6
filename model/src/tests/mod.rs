//! Whole-crate checks on every device of the build.
