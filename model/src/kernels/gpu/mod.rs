//! Device code for CubeCL runtimes (wgpu) that several operations share.

pub(crate) mod launch;
pub(crate) mod spmm;
