//! The device code: rows gathered by place, and rows summed by node.

use burn_cubecl::cubecl::{self, prelude::*};

/// One unit per element of the listed rows: a row of `table` and the row of `y` it is copied to, for each.
#[cube(launch)]
pub(super) fn gather_kernel(
    table: &Tensor<f32>,
    listed: &Tensor<u32>,
    y: &mut Tensor<f32>,
    n_rows: u32,
    #[comptime] width: usize,
) {
    let place = ABSOLUTE_POS / width;
    if place >= n_rows as usize {
        terminate!();
    }
    let column = ABSOLUTE_POS % width;
    let (row, out) = (listed[2 * place] as usize, listed[2 * place + 1] as usize);
    y[out * width + column] = table[row * width + column];
}

/// One unit per element of a distinct node's row: the sum of the node's mentions among the rows of `gradient` from
/// `first_row` on, in their order. Reads each mention once and writes each node once; `onto` adds to the nodes' rows of
/// `y`, otherwise `y` holds the sums by slot.
#[cube(launch)]
pub(super) fn sum_mentions_kernel(
    gradient: &Tensor<f32>,
    starts: &Tensor<u32>,
    mentions: &Tensor<u32>,
    nodes: &Tensor<u32>,
    y: &mut Tensor<f32>,
    first_row: u32,
    n_distinct: u32,
    #[comptime] width: usize,
    #[comptime] onto: bool,
) {
    let slot = ABSOLUTE_POS / width;
    if slot >= n_distinct as usize {
        terminate!();
    }
    let column = ABSOLUTE_POS % width;
    let mut sum = 0f32;
    let mut out = ABSOLUTE_POS;
    if comptime![onto] {
        out = nodes[slot] as usize * width + column;
        sum = y[out];
    }
    for mention in starts[slot] as usize..starts[slot + 1] as usize {
        let row = first_row as usize + mentions[mention] as usize;
        sum += gradient[row * width + column];
    }
    y[out] = sum;
}
