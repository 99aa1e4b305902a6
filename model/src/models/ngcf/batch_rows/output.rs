//! The result: the shown levels of the batch's nodes side by side, and the gradient back to levels.

use rayon::prelude::*;

use super::plan::Plan;
use super::receptive_field::ReceptiveField;
use super::workspace::{Kept, Workspace};
use crate::kernels::cpu::spmm::rows::{Rows, TwoTables};
use crate::kernels::cpu::sums::add;
use crate::kernels::cpu::unit_rows::MIN_SQUARE;

/// The result's row of each node of the last receptive field, and one over each shown level's norm.
pub(super) fn pack(
    plan: &Plan,
    nodes: &[u32],
    tables: TwoTables<'_>,
    workspace: &Workspace,
) -> (Vec<f32>, Vec<f32>) {
    let (columns, width) = (plan.columns(), plan.width());
    let mut packed = vec![0.0; nodes.len() * width];
    let mut inverse_norms = vec![1.0; nodes.len() * columns.len()];
    nodes
        .par_iter()
        .zip(packed.par_chunks_exact_mut(width))
        .zip(inverse_norms.par_chunks_exact_mut(columns.len()))
        .for_each(|((&node, packed), inverse_norms)| {
            for ((level, columns), inverse) in columns.iter().zip(inverse_norms) {
                let out = &mut packed[columns.clone()];
                match level {
                    0 => out.copy_from_slice(tables.row(node as usize).unwrap_or_default()),
                    _ => {
                        let made = &workspace.made[level - 1];
                        out.copy_from_slice(&made[node as usize * out.len()..][..out.len()]);
                        if plan.form.normalizes() {
                            *inverse = normalize(out);
                        }
                    }
                }
            }
        });
    (packed, inverse_norms)
}

/// Divides a row by its norm and returns one over it; without direction, zeros and 0.
fn normalize(row: &mut [f32]) -> f32 {
    let square: f32 = row.iter().map(|v| v * v).sum();
    let inverse = if square < MIN_SQUARE as f32 {
        0.0
    } else {
        square.sqrt().recip()
    };
    row.iter_mut().for_each(|v| *v *= inverse);
    inverse
}

/// One row for each mention of a node.
pub(super) fn mentions(plan: &Plan, last: &ReceptiveField, packed: &[f32]) -> Vec<f32> {
    let width = plan.width();
    let mut out = Vec::with_capacity(plan.nodes.len() * width);
    for &node in plan.nodes.iter() {
        out.extend_from_slice(&packed[last.place(node) * width..][..width]);
    }
    out
}

/// The gradient of [`pack`]'s rows before their normalisation: the mentions' gradients, summed in
/// their order.
pub(super) fn unpack(plan: &Plan, kept: &Kept, gradient: &[f32]) -> Vec<f32> {
    let last = &kept.fields[plan.layers.len()];
    let (packed, inverse_norms) = (&kept.packed, &kept.inverse_norms);
    let (columns, width) = (plan.columns(), plan.width());
    let mut sums = vec![0.0; packed.len()];
    for (&node, row) in plan.nodes.iter().zip(gradient.chunks_exact(width)) {
        add(&mut sums[last.place(node) * width..][..width], row);
    }
    if plan.form.normalizes() {
        sums.par_chunks_exact_mut(width)
            .zip(packed.par_chunks_exact(width))
            .zip(inverse_norms.par_chunks_exact(columns.len()))
            .for_each(|((sums, packed), inverse_norms)| {
                for ((level, columns), &inverse) in columns.iter().zip(inverse_norms) {
                    if *level > 0 {
                        let (g, y) = (&mut sums[columns.clone()], &packed[columns.clone()]);
                        // Only the part orthogonal to the row changes its direction.
                        let along: f32 = g.iter().zip(y).map(|(g, y)| g * y).sum();
                        g.iter_mut()
                            .zip(y)
                            .for_each(|(g, y)| *g = inverse * (*g - along * y));
                    }
                }
            });
    }
    sums
}
