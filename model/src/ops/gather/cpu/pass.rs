//! A batch's rows on the host, and the gradients of the tables: slices in, slices out, no Burn.

use std::ops::Range;

use crate::graph::Matrix;
use crate::kernels::cpu::spmm::rows::{Packed, Rows, Table, TwoTables};
use crate::kernels::cpu::spmm::{CsrView, affine, affine_listed, horner};
use crate::kernels::cpu::sums::add;
use crate::ops::gather::plan::{Distinct, RowsPlan};

/// Forward: see [`crate::ops::gather::GatherBackend::batch_rows`].
pub(super) fn forward(plan: &RowsPlan, tables: TwoTables<'_>) -> Vec<f32> {
    let width = tables.width;
    let mut out = Vec::with_capacity(plan.nodes.len() * width * 2);
    if let Some(matrix) = &plan.matrix {
        let distinct = plan.distinct();
        let packed = last_rows(plan, matrix, tables, &distinct);
        for &node in plan.nodes.iter() {
            let slot = distinct.slots[node as usize] as usize;
            out.extend_from_slice(&packed[slot * width..][..width]);
        }
    }
    for &node in plan.nodes.iter() {
        out.extend_from_slice(tables.row(node as usize).unwrap_or_default());
    }
    out
}

/// The distinct nodes' rows of the mean of powers: all rows of every power but the last.
fn last_rows(plan: &RowsPlan, matrix: &Matrix, x: TwoTables<'_>, distinct: &Distinct) -> Vec<f32> {
    let (width, scale) = (x.width, plan.scale());
    let matrix = matrix.view(false);
    match horner(matrix, x, width, plan.layers - 1) {
        None => affine_listed(matrix, x, x, width, scale, &distinct.nodes),
        Some(y) => {
            let y = Table { values: &y, width };
            affine_listed(matrix, x, y, width, scale, &distinct.nodes)
        }
    }
}

/// Backward: the gradients of both tables from the gradient of [`forward`]'s result.
pub(super) fn backward(plan: &RowsPlan, gradient: &[f32], width: usize) -> (Vec<f32>, Vec<f32>) {
    let Some(matrix) = &plan.matrix else {
        let mut users = vec![0.0; plan.n_users * width];
        let mut items = vec![0.0; plan.n_items * width];
        scatter(plan, gradient, width, &mut users, &mut items);
        return (users, items);
    };
    let (last, initial) = gradient.split_at(plan.nodes.len() * width);
    let distinct = plan.distinct();
    let packed = sum_by_node(plan, &distinct, last, width);
    let seeds = Packed {
        values: &packed,
        width,
        slots: &distinct.slots,
    };
    let matrix = matrix.view(true);
    let scale = plan.scale();
    let (mut users, mut items) = match &horner(matrix, seeds, width, plan.layers - 1) {
        None => halves(plan, matrix, seeds, seeds, width, scale),
        Some(values) => {
            let y = Table { values, width };
            halves(plan, matrix, seeds, y, width, scale)
        }
    };
    scatter(plan, initial, width, &mut users, &mut items);
    (users, items)
}

/// `scale * (base + matrix source)`: users' rows, and items'.
pub(super) fn halves(
    plan: &RowsPlan,
    matrix: CsrView<'_>,
    base: impl Rows,
    source: impl Rows,
    width: usize,
    scale: f32,
) -> (Vec<f32>, Vec<f32>) {
    let half = |rows: Range<usize>| {
        let mut out = Vec::new();
        affine(matrix, base, source, width, scale, rows, &mut out);
        out
    };
    let n_nodes = plan.n_users + plan.n_items;
    (half(0..plan.n_users), half(plan.n_users..n_nodes))
}

/// The gradient of each distinct node: the sum over its mentions, in their order.
pub(super) fn sum_by_node(
    plan: &RowsPlan,
    distinct: &Distinct,
    gradient: &[f32],
    width: usize,
) -> Vec<f32> {
    let mut packed = vec![0.0; distinct.nodes.len() * width];
    for (&node, row) in plan.nodes.iter().zip(gradient.chunks_exact(width)) {
        let slot = distinct.slots[node as usize] as usize;
        add(&mut packed[slot * width..][..width], row);
    }
    packed
}

/// Adds each mention's row to its node's row, in the order of mentions.
fn scatter(plan: &RowsPlan, rows: &[f32], width: usize, users: &mut [f32], items: &mut [f32]) {
    for (&node, row) in plan.nodes.iter().zip(rows.chunks_exact(width)) {
        let start = node as usize * width;
        match start.checked_sub(users.len()) {
            None => add(&mut users[start..][..width], row),
            Some(start) => add(&mut items[start..][..width], row),
        }
    }
}
