//! Rows of a product asked for one by one.

use std::ops::Range;

use burn_cubecl::tensor::CubeTensor;

use super::blocks::{LongRows, Segments, is_long};
use super::{CubeMatrix, integers};
use crate::spmm::HostCsr;

/// Nodes whose rows of a product are wanted, each once, on the device.
#[derive(Debug)]
pub(crate) struct ListedRows {
    pub(super) n_rows: usize,
    /// One entry a block of the matrix.
    pub(super) blocks: Vec<ListedBlock>,
}

#[derive(Debug)]
pub(super) struct ListedBlock {
    /// How many short rows, and for each its row in the block and its row of the result.
    pub(super) short: Option<(usize, CubeTensor)>,
    pub(super) long: Option<LongRows>,
}

impl ListedRows {
    /// Row `i` of the result will be that of `nodes[i]`.
    pub(crate) fn new(host: &HostCsr, matrix: &CubeMatrix, nodes: &[u32]) -> Self {
        let device = matrix.device();
        let block = |rows: Range<usize>| {
            let of_block = |&(_, &node): &(u32, &u32)| rows.contains(&(node as usize));
            let row_ptr = &host.row_ptr[rows.start..=rows.end];
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
            blocks: matrix.block_rows().map(block).collect(),
        }
    }
}
