//! How much one buffer of a device holds.

use burn::tensor::Device;

#[cfg(feature = "gpu")]
use super::gpu::launch;

/// The most bytes one buffer of `device` may hold; `None` where there is no such limit, as on a CPU.
pub(crate) fn buffer_limit_bytes(device: &Device) -> Option<u64> {
    #[cfg(feature = "gpu")]
    return launch::device(device).map(|at| launch::buffer_limit_bytes(&at));
    #[cfg(not(feature = "gpu"))]
    {
        let _ = device;
        None
    }
}
