//! Some rows of a product, listed one by one.

use burn_cubecl::tensor::CubeTensor;

use super::blocks::{LongRows, Segments, is_long};
use super::matrix::{Affine, Block, CubeMatrix};
use crate::kernels::gpu::launch::{empty, integers};

/// Nodes whose rows of a product are wanted, each once, on the device.
#[derive(Debug)]
pub(crate) struct ListedRows {
    n_rows: usize,
    /// One entry a block of the matrix.
    blocks: Vec<ListedBlock>,
}

#[derive(Debug)]
struct ListedBlock {
    /// How many short rows, and for each its row in the block and its row of the result.
    short: Option<(usize, CubeTensor)>,
    long: Option<LongRows>,
}

impl ListedRows {
    /// Row `i` of the result will be that of `nodes[i]`; `row_ptr` are the matrix's row pointers.
    pub(crate) fn new(row_ptr: &[u32], matrix: &CubeMatrix, nodes: &[u32]) -> Self {
        let device = matrix.device();
        let block = |block: &Block| {
            let rows = block.rows();
            let of_block = |&(_, &node): &(u32, &u32)| rows.contains(&(node as usize));
            let row_ptr = &row_ptr[rows.start..=rows.end];
            let (long, short): (Vec<_>, Vec<_>) = (0..)
                .zip(nodes)
                .filter(of_block)
                .map(|(out, &node)| (node - rows.start as u32, out))
                .partition(|&(row, _)| is_long(row_ptr, row as usize));
            let pairs: Vec<u32> = short.iter().flat_map(|&(row, out)| [row, out]).collect();
            ListedBlock {
                short: (!short.is_empty()).then(|| (short.len(), integers(pairs, device))),
                long: Segments::new(row_ptr, long.into_iter()).upload(device),
            }
        };
        Self {
            n_rows: nodes.len(),
            blocks: matrix.blocks().iter().map(block).collect(),
        }
    }
}

impl CubeMatrix {
    /// Some rows, `[listed, width]`.
    pub(crate) fn affine_listed(&self, affine: &Affine<'_>, listed: &ListedRows) -> CubeTensor {
        self.check(affine);
        let y = empty(
            &affine.source.values,
            [listed.n_rows, affine.width()].into(),
        );
        for (block, listed) in self.blocks().iter().zip(&listed.blocks) {
            let ListedBlock { short, long } = listed;
            if let Some((n_rows, rows)) = short {
                block.launch_rows(affine, *n_rows, Some(rows), &y);
            }
            block.launch_long(affine, long.as_ref(), &y);
        }
        y
    }
}
