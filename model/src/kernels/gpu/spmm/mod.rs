//! The sparse product on a GPU: one unit per output element, long rows a cube a segment, no atomics, so that a device
//! repeats its own bits.

mod blocks;
mod kernels;
mod listed;
mod matrix;

pub(crate) use listed::ListedRows;
pub(crate) use matrix::{Affine, CubeMatrix, Operand, horner};
