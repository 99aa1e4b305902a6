//! The sparse product for CubeCL runtimes (wgpu): one unit per output element, long rows in
//! segments, no atomics, so that a device repeats its own bits.

mod blocks;
mod kernels;

use std::ops::Range;
use std::sync::Arc;

use burn::backend::ops::{FloatTensorOps, IntTensorOps};
use burn::backend::{DispatchDevice, TensorMetadata, cubecl::dtype_to_storage_type};
use burn::tensor::{DType, Device, Shape, TensorData};
use burn_cubecl::cubecl::{calculate_cube_count_elemwise, prelude::*};
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::tensor::CubeTensor;
use burn_cubecl::{CubeBackend, CubeDevice};

use super::{HostCsr, Matrix, SEGMENT_EDGES, SpmmBackend};
use blocks::{LongRows, Segments, split_rows};
use kernels::{rows_kernel, segments_kernel, sum_segments_kernel};

/// The CubeCL device behind `device`, if it is one.
pub(super) fn device(device: &Device) -> Option<CubeDevice> {
    match device.clone().without_autodiff().as_dispatch() {
        DispatchDevice::Cube(device) => Some(device.clone()),
        _ => None,
    }
}

/// The most bytes one buffer may hold: the smaller of the device's own limit (wgpu: the largest
/// allocation and storage binding) and what 32-bit byte offsets reach.
pub(super) fn buffer_limit_bytes(device: &CubeDevice) -> u64 {
    let limit = device.client().properties().memory.max_page_size;
    limit.min(u64::from(u32::MAX))
}

/// The matrix on a CubeCL device, in blocks of whole rows.
#[derive(Clone, Debug)]
pub(super) struct CubeMatrix {
    device: CubeDevice,
    blocks: Vec<Block>,
}

#[derive(Clone, Debug)]
struct Block {
    rows: Range<usize>,
    edges: Range<usize>,
    /// `[rows + 1]`, from 0.
    row_ptr: CubeTensor,
    columns: CubeTensor,
    values: CubeTensor,
    transposed: CubeTensor,
    long: Option<LongRows>,
}

impl CubeMatrix {
    pub(super) fn new(host: &HostCsr, block_edges: usize, device: &CubeDevice) -> Self {
        let blocks = split_rows(&host.row_ptr, block_edges)
            .into_iter()
            .map(|rows| Block::new(host, rows, device))
            .collect();
        Self {
            device: device.clone(),
            blocks,
        }
    }

    /// The same pattern, shared, with the values of `host`.
    pub(super) fn with_values(&self, host: &HostCsr) -> Self {
        let block = |block: &Block| {
            let (values, transposed) = upload_values(host, block.edges.clone(), &self.device);
            Block {
                values,
                transposed,
                ..block.clone()
            }
        };
        Self {
            device: self.device.clone(),
            blocks: self.blocks.iter().map(block).collect(),
        }
    }

    fn product(&self, x: CubeTensor, transposed: bool) -> CubeTensor {
        assert_eq!(x.dtype, DType::F32, "the sparse product is f32 only");
        assert!(
            x.device == self.device,
            "the table and the adjacency live on different devices"
        );
        let x = into_contiguous(x);
        let y = empty(&x, x.shape());
        for block in &self.blocks {
            block.product(&x, &y, transposed);
        }
        y
    }
}

impl Block {
    fn new(host: &HostCsr, rows: Range<usize>, device: &CubeDevice) -> Self {
        let first = host.row_ptr[rows.start];
        let row_ptr: Vec<u32> = host.row_ptr[rows.start..=rows.end]
            .iter()
            .map(|&edge| edge - first)
            .collect();
        let edges = first as usize..host.row_ptr[rows.end] as usize;
        let (values, transposed) = upload_values(host, edges.clone(), device);
        Self {
            long: Segments::new(&row_ptr).upload(device),
            columns: integers(padded(&host.columns[edges.clone()]), device),
            row_ptr: integers(row_ptr, device),
            values,
            transposed,
            rows,
            edges,
        }
    }

    /// Writes this block's rows of `y`.
    fn product(&self, x: &CubeTensor, y: &CubeTensor, transposed: bool) {
        let width = x.shape()[1];
        let values = if transposed {
            &self.transposed
        } else {
            &self.values
        };
        let units = self.rows.len() * width;
        if units == 0 {
            return;
        }
        let (count, dim) = launch_size(&x.client, units);
        rows_kernel::launch(
            &x.client,
            count,
            dim,
            x.clone().into_tensor_arg(),
            self.row_ptr.clone().into_tensor_arg(),
            self.columns.clone().into_tensor_arg(),
            values.clone().into_tensor_arg(),
            y.clone().into_tensor_arg(),
            self.rows.start as u32,
            self.rows.len() as u32,
            width,
            SEGMENT_EDGES,
            element_types(),
        );
        if let Some(long) = &self.long {
            self.long_product(long, values, x, y);
        }
    }

    /// Sums each segment of the long rows, then each row's segments.
    fn long_product(&self, long: &LongRows, values: &CubeTensor, x: &CubeTensor, y: &CubeTensor) {
        let width = x.shape()[1];
        let partial = empty(x, Shape::from([long.n_segments, width]));
        let (count, dim) = launch_size(&x.client, long.n_segments * width);
        segments_kernel::launch(
            &x.client,
            count,
            dim,
            x.clone().into_tensor_arg(),
            long.starts.clone().into_tensor_arg(),
            long.ends.clone().into_tensor_arg(),
            self.columns.clone().into_tensor_arg(),
            values.clone().into_tensor_arg(),
            partial.clone().into_tensor_arg(),
            width,
            element_types(),
        );
        let (count, dim) = launch_size(&x.client, long.n_rows * width);
        sum_segments_kernel::launch(
            &x.client,
            count,
            dim,
            partial.into_tensor_arg(),
            long.rows.clone().into_tensor_arg(),
            long.row_segments.clone().into_tensor_arg(),
            y.clone().into_tensor_arg(),
            self.rows.start as u32,
            long.n_rows as u32,
            width,
            element_types(),
        );
    }
}

fn element_types() -> [ElemType; 2] {
    [
        dtype_to_storage_type(DType::F32),
        dtype_to_storage_type(DType::U32),
    ]
}

fn launch_size(client: &Client, units: usize) -> (CubeCount, CubeDim) {
    let dim = CubeDim::new(client, units);
    (calculate_cube_count_elemwise(client, units, dim), dim)
}

/// An uninitialized f32 tensor beside `x`.
fn empty(x: &CubeTensor, shape: Shape) -> CubeTensor {
    let bytes = shape.num_elements() * size_of::<f32>();
    let buffer = x.client.empty(bytes);
    CubeTensor::new_contiguous(
        x.client.clone(),
        x.device.clone(),
        shape,
        buffer,
        DType::F32,
    )
}

/// A graph without edges still needs buffers to bind.
fn padded<T: Copy + Default>(slice: &[T]) -> Vec<T> {
    if slice.is_empty() {
        vec![T::default()]
    } else {
        slice.to_vec()
    }
}

fn integers(values: Vec<u32>, device: &CubeDevice) -> CubeTensor {
    let n = values.len();
    CubeBackend::int_from_data(TensorData::new(values, [n]), device)
}

fn floats(values: Vec<f32>, device: &CubeDevice) -> CubeTensor {
    let n = values.len();
    CubeBackend::float_from_data(TensorData::new(values, [n]), device)
}

/// Values and transposed values of a block; one buffer where they are one array.
fn upload_values(
    host: &HostCsr,
    edges: Range<usize>,
    device: &CubeDevice,
) -> (CubeTensor, CubeTensor) {
    let values = floats(padded(&host.values[edges.clone()]), device);
    let transposed = if Arc::ptr_eq(&host.values, &host.transposed) {
        values.clone()
    } else {
        floats(padded(&host.transposed[edges]), device)
    };
    (values, transposed)
}

fn resident(matrix: &Matrix) -> &CubeMatrix {
    let Some(cube) = &matrix.cube else {
        panic!("the table and the adjacency live on different devices");
    };
    cube
}

impl SpmmBackend for CubeBackend {
    fn spmm(x: CubeTensor, matrix: Arc<Matrix>, transposed: bool) -> CubeTensor {
        resident(&matrix).product(x, transposed)
    }

    fn spmm_mean(
        x: CubeTensor,
        matrix: Arc<Matrix>,
        transposed: bool,
        layers: usize,
    ) -> CubeTensor {
        let mut sum = x.clone();
        for _ in 0..layers {
            let propagated = resident(&matrix).product(sum, transposed);
            sum = Self::float_add(x.clone(), propagated);
        }
        Self::float_mul_scalar(sum, (1.0 / (layers + 1) as f32).into())
    }
}
