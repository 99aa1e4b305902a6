//! The device code: one unit per output element, edges summed in order.

use burn_cubecl::cubecl::{self, prelude::*};

/// `sum over edges of values[e] * x[columns[e], column]`.
#[cube]
fn gather_sum<F: Float, I: Int>(
    x: &Tensor<F>,
    columns: &Tensor<I>,
    values: &Tensor<F>,
    start: usize,
    end: usize,
    column: usize,
    #[comptime] width: usize,
) -> F {
    let mut sum = F::new(0.0);
    for edge in start..end {
        sum += values[edge] * x[usize::cast_from(columns[edge]) * width + column];
    }
    sum
}

/// One unit per element of the block's short rows.
#[cube(launch)]
pub(super) fn rows_kernel<F: Float, I: Int>(
    x: &Tensor<F>,
    row_ptr: &Tensor<I>,
    columns: &Tensor<I>,
    values: &Tensor<F>,
    y: &mut Tensor<F>,
    first_row: u32,
    n_rows: u32,
    #[comptime] width: usize,
    #[comptime] segment_edges: usize,
    #[define(F, I)] _types: [ElemType; 2],
) {
    let row = ABSOLUTE_POS / width;
    if row >= n_rows as usize {
        terminate!();
    }
    let start = usize::cast_from(row_ptr[row]);
    let end = usize::cast_from(row_ptr[row + 1]);
    if end - start > segment_edges {
        terminate!();
    }
    let sum = gather_sum::<F, I>(x, columns, values, start, end, ABSOLUTE_POS % width, width);
    y[first_row as usize * width + ABSOLUTE_POS] = sum;
}

/// One unit per element of the partial sums of long rows.
#[cube(launch)]
pub(super) fn segments_kernel<F: Float, I: Int>(
    x: &Tensor<F>,
    starts: &Tensor<I>,
    ends: &Tensor<I>,
    columns: &Tensor<I>,
    values: &Tensor<F>,
    partial: &mut Tensor<F>,
    #[comptime] width: usize,
    #[define(F, I)] _types: [ElemType; 2],
) {
    if ABSOLUTE_POS >= partial.len() {
        terminate!();
    }
    let segment = ABSOLUTE_POS / width;
    let start = usize::cast_from(starts[segment]);
    let end = usize::cast_from(ends[segment]);
    partial[ABSOLUTE_POS] =
        gather_sum::<F, I>(x, columns, values, start, end, ABSOLUTE_POS % width, width);
}

/// One unit per element of a long row: its partial sums, in order.
#[cube(launch)]
pub(super) fn sum_segments_kernel<F: Float, I: Int>(
    partial: &Tensor<F>,
    rows: &Tensor<I>,
    row_segments: &Tensor<I>,
    y: &mut Tensor<F>,
    first_row: u32,
    n_long_rows: u32,
    #[comptime] width: usize,
    #[define(F, I)] _types: [ElemType; 2],
) {
    let long = ABSOLUTE_POS / width;
    if long >= n_long_rows as usize {
        terminate!();
    }
    let column = ABSOLUTE_POS % width;
    let mut sum = F::new(0.0);
    for segment in usize::cast_from(row_segments[long])..usize::cast_from(row_segments[long + 1]) {
        sum += partial[segment * width + column];
    }
    y[(first_row as usize + usize::cast_from(rows[long])) * width + column] = sum;
}
