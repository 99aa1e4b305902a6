//! Devices, buffers and launches for CubeCL runtimes (wgpu).

use burn::backend::DispatchDevice;
use burn::backend::ops::{FloatTensorOps, IntTensorOps};
use burn::tensor::{DType, Device, Shape, TensorData};
use burn_cubecl::cubecl::{calculate_cube_count_elemwise, prelude::*};
use burn_cubecl::tensor::CubeTensor;
use burn_cubecl::{CubeBackend, CubeDevice};

/// The CubeCL device behind `device`, if it is one.
pub(crate) fn device(device: &Device) -> Option<CubeDevice> {
    match device.clone().without_autodiff().as_dispatch() {
        DispatchDevice::Cube(device) => Some(device.clone()),
        _ => None,
    }
}

/// The most bytes one buffer may hold: the smaller of the device's own limit (wgpu: the largest
/// allocation and storage binding) and what 32-bit byte offsets reach.
pub(crate) fn buffer_limit_bytes(device: &CubeDevice) -> u64 {
    let limit = device.client().properties().memory.max_page_size;
    limit.min(u64::from(u32::MAX))
}

/// How to launch a unit per element.
pub(crate) fn launch_size(client: &Client, units: usize) -> (CubeCount, CubeDim) {
    let dim = CubeDim::new(client, units);
    (calculate_cube_count_elemwise(client, units, dim), dim)
}

/// At least `n` cubes, within the device's limit on each side.
pub(crate) fn cubes(client: &Client, n: usize) -> CubeCount {
    calculate_cube_count_elemwise(client, n, CubeDim::new_1d(1))
}

/// An uninitialized f32 tensor beside `x`.
pub(crate) fn empty(x: &CubeTensor, shape: Shape) -> CubeTensor {
    uninitialized(x, shape, DType::F32)
}

/// An uninitialized tensor of 4-byte elements beside `x`.
pub(crate) fn uninitialized(x: &CubeTensor, shape: Shape, dtype: DType) -> CubeTensor {
    let buffer = x.client.empty(shape.num_elements() * size_of::<u32>());
    CubeTensor::new_contiguous(x.client.clone(), x.device.clone(), shape, buffer, dtype)
}

/// A graph without edges still needs buffers to bind.
pub(crate) fn padded<T: Copy + Default>(slice: &[T]) -> Vec<T> {
    if slice.is_empty() {
        vec![T::default()]
    } else {
        slice.to_vec()
    }
}

/// A tensor of these numbers, `[n]`.
pub(crate) fn integers(values: Vec<u32>, device: &CubeDevice) -> CubeTensor {
    let n = values.len();
    CubeBackend::int_from_data(TensorData::new(values, [n]), device)
}

/// A tensor of these numbers, `[n]`.
pub(crate) fn floats(values: Vec<f32>, device: &CubeDevice) -> CubeTensor {
    let n = values.len();
    CubeBackend::float_from_data(TensorData::new(values, [n]), device)
}
