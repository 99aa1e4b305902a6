//! Re-ranked lists: what they promise whatever the numbers, and likeness against dense algebra.
#![allow(clippy::unwrap_used)]
