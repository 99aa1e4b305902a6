//! The matrix on a CubeCL device, and `scale * (base + matrix source)` of it.

use std::ops::Range;

use burn::backend::TensorMetadata;
use burn::tensor::{DType, Shape};
use burn_cubecl::CubeDevice;
use burn_cubecl::cubecl::prelude::*;
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::tensor::CubeTensor;

use super::blocks::{LONG_ROW_EDGES, LongRows, Segments, is_long, split_rows};
use super::kernels::{Form, rows_kernel, segments_kernel, sum_segments_kernel};
use crate::kernels::cpu::spmm::CsrView;
use crate::kernels::gpu::launch::{cubes, empty, floats, integers, launch_size, padded};

/// Units of a cube that sums a segment: lanes of edges times columns.
const UNITS_PER_SEGMENT: usize = 256;

/// Rows by node on the device: every node's, or a few, packed.
#[derive(Clone, Debug)]
pub(crate) struct Operand {
    /// `[rows, width]`, contiguous.
    pub(crate) values: CubeTensor,
    /// The place of each node's row, or [`Packed::ABSENT`](crate::kernels::cpu::spmm::rows::Packed::ABSENT); `None` where every
    /// node has its row.
    pub(crate) slots: Option<CubeTensor>,
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

/// `scale * (base + M source)`, with `M` or its transpose. A packed base has the slots of the source, where that is
/// packed too.
pub(crate) struct Affine<'a> {
    pub(crate) transposed: bool,
    pub(crate) base: Option<&'a Operand>,
    pub(crate) source: &'a Operand,
    pub(crate) scale: f32,
}

impl Affine<'_> {
    pub(super) fn width(&self) -> usize {
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
pub(super) struct Block {
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
    /// Uploads a matrix and the values of its transpose, which has the same pattern, in blocks of at most `block_edges`
    /// edges. The transpose of a matrix that equals it is the very same slice.
    pub(crate) fn new(
        matrix: CsrView<'_>,
        transposed: &[f32],
        block_edges: usize,
        device: &CubeDevice,
    ) -> Self {
        let blocks = split_rows(matrix.row_ptr, block_edges)
            .into_iter()
            .map(|rows| Block::new(matrix, transposed, rows, device))
            .collect();
        Self {
            device: device.clone(),
            n_rows: matrix.row_ptr.len() - 1,
            blocks,
        }
    }

    /// The same pattern, shared, with other values.
    pub(crate) fn with_values(&self, values: &[f32], transposed: &[f32]) -> Self {
        let block = |block: &Block| {
            let edges = block.edges.clone();
            let (values, transposed) = upload_values(values, transposed, edges, &self.device);
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

    pub(super) fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    pub(super) fn device(&self) -> &CubeDevice {
        &self.device
    }

    /// Asserts that the tables are of floats and live where the matrix does.
    pub(super) fn check(&self, affine: &Affine<'_>) {
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
    fn new(
        matrix: CsrView<'_>,
        transposed: &[f32],
        rows: Range<usize>,
        device: &CubeDevice,
    ) -> Self {
        let first = matrix.row_ptr[rows.start];
        let row_ptr: Vec<u32> = matrix.row_ptr[rows.start..=rows.end]
            .iter()
            .map(|&edge| edge - first)
            .collect();
        let edges = first as usize..matrix.row_ptr[rows.end] as usize;
        let (values, transposed) = upload_values(matrix.values, transposed, edges.clone(), device);
        let long = (0..rows.len()).filter(|&row| is_long(&row_ptr, row));
        let long = long.map(|row| (row as u32, (rows.start + row) as u32));
        Self {
            long: Segments::new(&row_ptr, long).upload(device),
            columns: integers(padded(&matrix.columns[edges.clone()]), device),
            row_ptr: integers(row_ptr, device),
            values,
            transposed,
            rows,
            edges,
        }
    }

    /// Its rows of the matrix.
    pub(super) fn rows(&self) -> Range<usize> {
        self.rows.clone()
    }

    fn values(&self, transposed: bool) -> &CubeTensor {
        if transposed {
            &self.transposed
        } else {
            &self.values
        }
    }

    /// The short rows of the block, or those of `listed`.
    pub(super) fn launch_rows(
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
    pub(super) fn launch_long(&self, affine: &Affine<'_>, long: Option<&LongRows>, y: &CubeTensor) {
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
    values: &[f32],
    transposed: &[f32],
    edges: Range<usize>,
    device: &CubeDevice,
) -> (CubeTensor, CubeTensor) {
    let forth = floats(padded(&values[edges.clone()]), device);
    let back = if std::ptr::eq(values, transposed) {
        forth.clone()
    } else {
        floats(padded(&transposed[edges]), device)
    };
    (forth, back)
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
