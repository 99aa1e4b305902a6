//! The loops that do the arithmetic: slices in, slices out. They know neither graphs nor models.

pub(crate) mod buffers;
pub(crate) mod cpu;
#[cfg(feature = "gpu")]
pub(crate) mod gpu;
