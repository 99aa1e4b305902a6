//! Opens a Burn device by its name: the only module that knows which backends this build has.

mod ranking;

use burn::tensor::Device;
use thiserror::Error;

use crate::config::DeviceName;
use crate::failure::{Fails, Failure};

pub use ranking::DeviceSource;

/// Errors of opening a device; each message says what to do instead.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum DeviceError {
    /// The binary was built without the backend.
    #[error(
        "this build has no `{device}` device: rebuild with `cargo build --release --features {feature}`, or use `--device cpu`"
    )]
    NotBuilt {
        /// The device asked for.
        device: &'static str,
        /// The cargo feature that brings it.
        feature: &'static str,
    },
    /// wgpu finds no adapter on this machine.
    #[error(
        "no GPU was found through Vulkan, Metal or DX12: install the GPU's driver (on Linux also `libvulkan1`), or use `--device cpu`"
    )]
    NoGpu,
}

/// Opens a device by name.
///
/// # Errors
/// When this build lacks the backend, or when the machine has no GPU.
pub fn open(name: DeviceName) -> Result<Device, DeviceError> {
    match name {
        DeviceName::Cpu => Ok(Device::flex()),
        DeviceName::Ndarray => ndarray(),
        DeviceName::Gpu => gpu(),
    }
}

/// Upstream removes this backend in Burn 0.23; until then it is the second opinion on the CPU.
#[cfg(feature = "ndarray")]
#[allow(deprecated)]
fn ndarray() -> Result<Device, DeviceError> {
    Ok(Device::ndarray())
}

#[cfg(not(feature = "ndarray"))]
fn ndarray() -> Result<Device, DeviceError> {
    Err(DeviceError::NotBuilt {
        device: "ndarray",
        feature: "ndarray",
    })
}

#[cfg(feature = "gpu")]
fn gpu() -> Result<Device, DeviceError> {
    use burn::tensor::{DeviceKind, DeviceType};
    if Device::enumerate(DeviceType::Wgpu).is_empty() {
        return Err(DeviceError::NoGpu);
    }
    Ok(Device::wgpu(DeviceKind::DefaultDevice))
}

#[cfg(not(feature = "gpu"))]
fn gpu() -> Result<Device, DeviceError> {
    Err(DeviceError::NotBuilt {
        device: "gpu",
        feature: "gpu",
    })
}

impl Fails for DeviceError {
    fn failure(&self) -> Failure {
        Failure::DeviceUnavailable
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cpu_is_always_there() {
        assert!(open(DeviceName::Cpu).is_ok());
    }

    #[cfg(not(feature = "gpu"))]
    #[test]
    fn a_backend_that_was_not_built_names_its_feature() {
        let message = open(DeviceName::Gpu)
            .err()
            .map(|e| e.to_string())
            .unwrap_or_default();
        assert!(message.contains("--features gpu"), "{message}");
    }
}
