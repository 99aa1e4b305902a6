//! The matrix on a CubeCL device, and `scale * (base + matrix source)` of it.

use std::ops::Range;
use std::sync::Arc;

use burn::backend::TensorMetadata;
use burn::tensor::{DType, Shape};
use burn_cubecl::CubeDevice;
use burn_cubecl::cubecl::prelude::*;
use burn_cubecl::tensor::CubeTensor;

use super::blocks::{LongRows, Segments, is_long, split_rows};
use super::kernels::{Form, rows_kernel, segments_kernel, sum_segments_kernel};
use super::listed::{ListedBlock, ListedRows};
use super::{cubes, empty, floats, integers, launch_size, padded};
use crate::spmm::{HostCsr, LONG_ROW_EDGES};

/// Units of a cube that sums a segment: lanes of edges times columns.
const UNITS_PER_SEGMENT: usize = 256;

/// Rows by node on the device: every node's, or a few, packed.
#[derive(Clone, Debug)]
pub(crate) struct Operand {
    /// `[rows, width]`, contiguous.
    pub(crate) values: CubeTensor,
    /// The place of each node's row, or [`Packed::ABSENT`](crate::spmm::tables::Packed::ABSENT); `None` where every
    /// node has its row.
    pub(crate) slots: Option<CubeTensor>,
}

/// `scale * (base + M source)`, with `M` or its transpose. A packed base has the slots of the source, where that is
/// packed too.
pub(crate) struct Affine<'a> {
    pub(crate) transposed: bool,
    pub(crate) base: Option<&'a Operand>,
    pub(crate) source: &'a Operand,
    pub(crate) scale: f32,
}

impl Affine<'_> {
    fn width(&self) -> usize {
        self.source.values.shape()[1]
    }

    fn form(&self, listed: bool) -> Form {
        let is_packed = |operand: &Operand| operand.slots.is_some();
        Form {
            width: self.width(),
            packed_source: is_packed(self.source),
            based: self.base.is_some(),
            packed_base: self.base.is_some_and(is_packed),
            listed,
        }
    }

    /// Something to bind where there is no base.
    fn base(&self) -> &CubeTensor {
        &self.base.unwrap_or(self.source).values
    }

    fn slots(&self) -> Option<&CubeTensor> {
        let of_base = self.base.and_then(|base| base.slots.as_ref());
        self.source.slots.as_ref().or(of_base)
    }
}

/// The matrix in blocks of whole rows.
#[derive(Clone, Debug)]
pub(crate) struct CubeMatrix {
    device: CubeDevice,
    n_rows: usize,
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
    pub(in crate::spmm) fn new(host: &HostCsr, block_edges: usize, device: &CubeDevice) -> Self {
        let blocks = split_rows(&host.row_ptr, block_edges)
            .into_iter()
            .map(|rows| Block::new(host, rows, device))
            .collect();
        Self {
            device: device.clone(),
            n_rows: host.row_ptr.len() - 1,
            blocks,
        }
    }

    /// The same pattern, shared, with the values of `host`.
    pub(in crate::spmm) fn with_values(&self, host: &HostCsr) -> Self {
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
            n_rows: self.n_rows,
            blocks: self.blocks.iter().map(block).collect(),
        }
    }

    /// Every row, `[n_rows, width]`. A launch a block, and one or two more where it has long rows.
    pub(crate) fn affine(&self, affine: &Affine<'_>) -> CubeTensor {
        self.check(affine);
        let y = empty(&affine.source.values, [self.n_rows, affine.width()].into());
        for block in &self.blocks {
            let n_rows = block.rows.len();
            block.launch_rows(affine, n_rows, None, &y);
            block.launch_long(affine, block.long.as_ref(), &y);
        }
        y
    }

    /// Some rows, `[listed, width]`.
    pub(crate) fn affine_listed(&self, affine: &Affine<'_>, listed: &ListedRows) -> CubeTensor {
        self.check(affine);
        let y = empty(
            &affine.source.values,
            [listed.n_rows, affine.width()].into(),
        );
        for (block, listed) in self.blocks.iter().zip(&listed.blocks) {
            let ListedBlock { short, long } = listed;
            if let Some((n_rows, rows)) = short {
                block.launch_rows(affine, *n_rows, Some(rows), &y);
            }
            block.launch_long(affine, long.as_ref(), &y);
        }
        y
    }

    /// Where each block's rows begin and end.
    pub(super) fn block_rows(&self) -> impl Iterator<Item = Range<usize>> + '_ {
        self.blocks.iter().map(|block| block.rows.clone())
    }

    pub(super) fn device(&self) -> &CubeDevice {
        &self.device
    }

    fn check(&self, affine: &Affine<'_>) {
        for operand in affine.base.into_iter().chain([affine.source]) {
            let values = &operand.values;
            assert_eq!(values.dtype, DType::F32, "the sparse product is f32 only");
            assert!(
                values.device == self.device,
                "the table and the adjacency live on different devices"
            );
        }
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
        let long = (0..rows.len()).filter(|&row| is_long(&row_ptr, row));
        let long = long.map(|row| (row as u32, (rows.start + row) as u32));
        Self {
            long: Segments::new(&row_ptr, long).upload(device),
            columns: integers(padded(&host.columns[edges.clone()]), device),
            row_ptr: integers(row_ptr, device),
            values,
            transposed,
            rows,
            edges,
        }
    }

    fn values(&self, transposed: bool) -> &CubeTensor {
        if transposed {
            &self.transposed
        } else {
            &self.values
        }
    }

    /// The short rows of the block, or those of `listed`.
    fn launch_rows(
        &self,
        affine: &Affine<'_>,
        n_rows: usize,
        listed: Option<&CubeTensor>,
        y: &CubeTensor,
    ) {
        let units = n_rows * affine.width();
        if units == 0 {
            return;
        }
        let (count, dim) = launch_size(&y.client, units);
        rows_kernel::launch(
            &y.client,
            count,
            dim,
            affine.source.values.clone().into_tensor_arg(),
            affine.base().clone().into_tensor_arg(),
            self.slots(affine).into_tensor_arg(),
            self.row_ptr.clone().into_tensor_arg(),
            self.columns.clone().into_tensor_arg(),
            self.values(affine.transposed).clone().into_tensor_arg(),
            listed.unwrap_or(&self.row_ptr).clone().into_tensor_arg(),
            y.clone().into_tensor_arg(),
            self.rows.start as u32,
            n_rows as u32,
            affine.scale,
            affine.form(listed.is_some()),
            LONG_ROW_EDGES,
        );
    }

    /// A cube a segment; then the rows of several segments.
    fn launch_long(&self, affine: &Affine<'_>, long: Option<&LongRows>, y: &CubeTensor) {
        let Some(long) = long.filter(|_| affine.width() > 0) else {
            return;
        };
        let width = affine.width();
        let columns = width.min(UNITS_PER_SEGMENT);
        let lanes = UNITS_PER_SEGMENT / columns;
        let kept = long.split.as_ref().map_or(1, |_| long.n_segments);
        let partial = empty(y, Shape::from([kept, width]));
        segments_kernel::launch(
            &y.client,
            cubes(&y.client, long.n_segments),
            CubeDim::new_2d(columns as u32, lanes as u32),
            affine.source.values.clone().into_tensor_arg(),
            affine.base().clone().into_tensor_arg(),
            self.slots(affine).into_tensor_arg(),
            long.segments.clone().into_tensor_arg(),
            self.columns.clone().into_tensor_arg(),
            self.values(affine.transposed).clone().into_tensor_arg(),
            partial.clone().into_tensor_arg(),
            y.clone().into_tensor_arg(),
            self.rows.start as u32,
            long.n_segments as u32,
            affine.scale,
            affine.form(false),
            columns,
            lanes,
        );
        let Some((n_rows, split)) = &long.split else {
            return;
        };
        let (count, dim) = launch_size(&y.client, n_rows * width);
        sum_segments_kernel::launch(
            &y.client,
            count,
            dim,
            partial.into_tensor_arg(),
            affine.base().clone().into_tensor_arg(),
            self.slots(affine).into_tensor_arg(),
            split.clone().into_tensor_arg(),
            y.clone().into_tensor_arg(),
            self.rows.start as u32,
            *n_rows as u32,
            affine.scale,
            affine.form(false),
        );
    }

    fn slots(&self, affine: &Affine<'_>) -> CubeTensor {
        affine.slots().unwrap_or(&self.row_ptr).clone()
    }
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
