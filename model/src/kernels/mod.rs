//! The loops that do the arithmetic: slices in, slices out. They know no graph and no model.

pub(crate) mod buffers;
pub(crate) mod cpu;
#[cfg(feature = "gpu")]
pub(crate) mod gpu;
