//! The device code: `scale * (base + matrix source)`, edges summed in order.
//!
//! Reads of a launch over `E` edges, `N` rows and `W` floats a row: per edge its column and value (8 bytes, once a
//! row: neighbouring units share them) and a row of the source (4 W bytes, neighbouring units on neighbouring floats);
//! per row its two ends (8 bytes) and a row of the base (4 W). Writes: 4 W N bytes. From a packed source an edge reads
//! 4 bytes of its node's slot, and the row only where there is one.

use burn_cubecl::cubecl::{self, prelude::*};

use crate::kernels::cpu::spmm::rows::Packed;

const ABSENT: u32 = Packed::ABSENT;

/// The properties of a product that its kernels are compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Form {
    /// Floats a row.
    pub(super) width: usize,
    /// The source holds a few rows only.
    pub(super) packed_source: bool,
    /// Something is added.
    pub(super) based: bool,
    /// What is added holds a few rows only.
    pub(super) packed_base: bool,
    /// Rows are named one by one.
    pub(super) listed: bool,
}

/// A float of a node's row; 0 where a packed table has no such row.
#[cube]
fn element(
    table: &Tensor<f32>,
    slots: &Tensor<u32>,
    node: usize,
    column: usize,
    #[comptime] width: usize,
    #[comptime] packed: bool,
) -> f32 {
    let mut value = 0f32;
    if comptime![packed] {
        let slot = slots[node];
        if slot != ABSENT {
            value = table[slot as usize * width + column];
        }
    } else {
        value = table[node * width + column];
    }
    value
}

/// `sum over edges of values[e] * source[columns[e], column]`.
#[cube]
fn gather_sum(
    source: &Tensor<f32>,
    slots: &Tensor<u32>,
    columns: &Tensor<u32>,
    values: &Tensor<f32>,
    start: usize,
    end: usize,
    column: usize,
    #[comptime] form: Form,
) -> f32 {
    let mut sum = 0f32;
    for edge in start..end {
        let node = columns[edge] as usize;
        if comptime![form.packed_source] {
            let slot = slots[node];
            if slot != ABSENT {
                sum += values[edge] * source[slot as usize * comptime![form.width] + column];
            }
        } else {
            sum += values[edge] * source[node * comptime![form.width] + column];
        }
    }
    sum
}

/// `scale * (base[node] + sum)`
#[cube]
fn finished(
    base: &Tensor<f32>,
    slots: &Tensor<u32>,
    node: usize,
    column: usize,
    sum: f32,
    scale: f32,
    #[comptime] form: Form,
) -> f32 {
    let mut total = sum;
    if comptime![form.based] {
        let width = comptime![form.width];
        total += element(
            base,
            slots,
            node,
            column,
            width,
            comptime![form.packed_base],
        );
    }
    total * scale
}

/// One unit per element of the block's short rows, or of those listed: a row of the block and one of the result each.
#[cube(launch)]
pub(super) fn rows_kernel(
    source: &Tensor<f32>,
    base: &Tensor<f32>,
    slots: &Tensor<u32>,
    row_ptr: &Tensor<u32>,
    columns: &Tensor<u32>,
    values: &Tensor<f32>,
    listed: &Tensor<u32>,
    y: &mut Tensor<f32>,
    first_row: u32,
    n_rows: u32,
    scale: f32,
    #[comptime] form: Form,
    #[comptime] long_row_edges: usize,
) {
    let width = comptime![form.width];
    let place = ABSOLUTE_POS / width;
    let column = ABSOLUTE_POS % width;
    if place >= n_rows as usize {
        terminate!();
    }
    let mut row = place;
    let mut out = first_row as usize + place;
    if comptime![form.listed] {
        row = listed[2 * place] as usize;
        out = listed[2 * place + 1] as usize;
    }
    let start = row_ptr[row] as usize;
    let end = row_ptr[row + 1] as usize;
    if end - start > long_row_edges {
        terminate!();
    }
    let sum = gather_sum(source, slots, columns, values, start, end, column, form);
    let node = first_row as usize + row;
    y[out * width + column] = finished(base, slots, node, column, sum, scale, form);
}

/// One cube per segment of a long row, `CUBE_DIM_X` columns at a time: each lane sums its part of the edges, then the
/// lanes are added in order. A segment is its first edge, the one after its last, its row in the block and its row of the
/// result; there a row of one segment is finished, and [`ABSENT`] leaves the sum in `partial`.
#[cube(launch)]
pub(super) fn segments_kernel(
    source: &Tensor<f32>,
    base: &Tensor<f32>,
    slots: &Tensor<u32>,
    segments: &Tensor<u32>,
    columns: &Tensor<u32>,
    values: &Tensor<f32>,
    partial: &mut Tensor<f32>,
    y: &mut Tensor<f32>,
    first_row: u32,
    n_segments: u32,
    scale: f32,
    #[comptime] form: Form,
    #[comptime] columns_a_turn: usize,
    #[comptime] lanes: usize,
) {
    let width = comptime![form.width];
    let turns = comptime![form.width.div_ceil(columns_a_turn)];
    let mut sums = Shared::<[f32]>::new_slice(comptime![columns_a_turn * lanes]);
    let lane = UNIT_POS_Y as usize;
    let unit = UNIT_POS_X as usize;
    let segment = CUBE_POS;
    // Every unit reaches every barrier: a cube beyond the last segment has no edges and writes nothing.
    let exists = segment < n_segments as usize;
    let mut start = 0usize;
    let mut end = 0usize;
    if exists {
        start = segments[4 * segment] as usize;
        end = segments[4 * segment + 1] as usize;
    }
    let part = (end - start).div_ceil(lanes);
    let first = min(start + lane * part, end);
    let last = min(first + part, end);
    for turn in 0..turns {
        let column = turn * columns_a_turn + unit;
        let mut sum = 0f32;
        if column < width {
            sum = gather_sum(source, slots, columns, values, first, last, column, form);
        }
        sums[lane * columns_a_turn + unit] = sum;
        sync_cube();
        if lane == 0 && column < width && exists {
            let mut total = 0f32;
            #[unroll]
            for other in 0..lanes {
                total += sums[other * columns_a_turn + unit];
            }
            let out = segments[4 * segment + 3];
            if out == ABSENT {
                partial[segment * width + column] = total;
            } else {
                let node = first_row as usize + segments[4 * segment + 2] as usize;
                y[out as usize * width + column] =
                    finished(base, slots, node, column, total, scale, form);
            }
        }
        sync_cube();
    }
}

/// One unit per element of a row of several segments: its partial sums, in order. A row is its first segment, the one
/// after its last, its row in the block and its row of the result.
#[cube(launch)]
pub(super) fn sum_segments_kernel(
    partial: &Tensor<f32>,
    base: &Tensor<f32>,
    slots: &Tensor<u32>,
    split: &Tensor<u32>,
    y: &mut Tensor<f32>,
    first_row: u32,
    n_rows: u32,
    scale: f32,
    #[comptime] form: Form,
) {
    let width = comptime![form.width];
    let place = ABSOLUTE_POS / width;
    let column = ABSOLUTE_POS % width;
    if place >= n_rows as usize {
        terminate!();
    }
    let mut sum = 0f32;
    for segment in split[4 * place] as usize..split[4 * place + 1] as usize {
        sum += partial[segment * width + column];
    }
    let node = first_row as usize + split[4 * place + 2] as usize;
    y[split[4 * place + 3] as usize * width + column] =
        finished(base, slots, node, column, sum, scale, form);
}
