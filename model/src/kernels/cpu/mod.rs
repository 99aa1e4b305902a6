//! Loops for the processor, compiled for each instruction set; the bits are the same on all of them that have a fused
//! multiply-add.

pub(crate) mod exp_log;
mod gemm;
pub(crate) mod isa;
mod least_squares;
pub mod limits;
pub(crate) mod small_product;
pub(crate) mod spmm;
pub(crate) mod sums;
pub(crate) mod unit_rows;

pub use gemm::{MatrixView, multiply};
pub use isa::cpu_instruction_set;
pub use least_squares::{SOLVE_LANES, add_gram, solve_positive};
