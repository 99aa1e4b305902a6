//! The sparse product for CubeCL runtimes (wgpu): one unit per output element, long rows a cube a segment, no atomics,
//! so that a device repeats its own bits.

mod blocks;
mod kernels;
mod listed;
mod matrix;

use std::sync::Arc;

use burn::backend::DispatchDevice;
use burn::backend::ops::{FloatTensorOps, IntTensorOps};
use burn::tensor::{DType, Device, Shape, TensorData};
use burn_cubecl::cubecl::{calculate_cube_count_elemwise, prelude::*};
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::tensor::CubeTensor;
use burn_cubecl::{CubeBackend, CubeDevice};

use super::{Matrix, SpmmBackend};

pub(crate) use listed::ListedRows;
pub(crate) use matrix::{Affine, CubeMatrix, Operand};

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

impl Operand {
    /// Every node's row.
    pub(crate) fn table(values: CubeTensor) -> Self {
        Self {
            values: into_contiguous(values),
            slots: None,
        }
    }
}

/// `x + M x + ... + M^layers x` over all rows: a product a layer, each with its addition.
pub(crate) fn horner(
    matrix: &CubeMatrix,
    x: &Operand,
    transposed: bool,
    layers: usize,
) -> Option<Operand> {
    (0..layers).fold(None, |sum: Option<Operand>, _| {
        let affine = Affine {
            transposed,
            base: Some(x),
            source: sum.as_ref().unwrap_or(x),
            scale: 1.0,
        };
        Some(Operand::table(matrix.affine(&affine)))
    })
}

impl SpmmBackend for CubeBackend {
    fn spmm(x: CubeTensor, matrix: Arc<Matrix>, transposed: bool) -> CubeTensor {
        let source = &Operand::table(x);
        resident(&matrix).affine(&Affine {
            transposed,
            base: None,
            source,
            scale: 1.0,
        })
    }

    fn spmm_mean(
        x: CubeTensor,
        matrix: Arc<Matrix>,
        transposed: bool,
        layers: usize,
    ) -> CubeTensor {
        let matrix = resident(&matrix);
        if layers == 0 {
            return x;
        }
        let x = Operand::table(x);
        let before_last = horner(matrix, &x, transposed, layers - 1);
        matrix.affine(&Affine {
            transposed,
            base: Some(&x),
            source: before_last.as_ref().unwrap_or(&x),
            scale: 1.0 / (layers + 1) as f32,
        })
    }
}

/// The matrix on the GPU.
pub(crate) fn resident(matrix: &Matrix) -> &CubeMatrix {
    let Some(cube) = &matrix.cube else {
        panic!("the table and the adjacency live on different devices");
    };
    cube
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

pub(crate) fn integers(values: Vec<u32>, device: &CubeDevice) -> CubeTensor {
    let n = values.len();
    CubeBackend::int_from_data(TensorData::new(values, [n]), device)
}

fn floats(values: Vec<f32>, device: &CubeDevice) -> CubeTensor {
    let n = values.len();
    CubeBackend::float_from_data(TensorData::new(values, [n]), device)
}
