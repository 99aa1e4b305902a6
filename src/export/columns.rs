//! The columns of vectors in Parquet.

/// How a vector lies in Parquet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Columns {
    /// A fixed-size list.
    List,
    /// `e0`, `e1`, … of a float each.
    Wide,
}
