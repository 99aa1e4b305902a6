//! A batch's rows of each layer and of their mean on the host, and the gradients of the tables.

use rayon::prelude::*;

use super::pass::{halves, sum_by_node};
use crate::graph::Matrix;
use crate::kernels::cpu::spmm::rows::{Packed, Rows, Table, TwoTables, Zeros};
use crate::kernels::cpu::spmm::{affine, affine_listed};
use crate::kernels::cpu::sums::add;
use crate::ops::gather::plan::{Distinct, RowsPlan};

/// Rows that one thread copies or adds at a time.
const ROWS: usize = 256;

/// The rows of the mean, then of every layer. As many products as the mean alone takes: all rows of every layer but the
/// last.
pub(super) fn forward(plan: &RowsPlan, matrix: &Matrix, tables: TwoTables<'_>) -> Vec<f32> {
    let width = tables.width;
    let distinct = plan.distinct();
    let set = plan.nodes.len() * width;
    let mut out = vec![0.0; plan.n_sets() * set];
    let (_, layers) = out.split_at_mut(set);
    let mut layers = layers.chunks_exact_mut(set.max(1));
    let mut next = || layers.next().unwrap_or_default();
    copy(plan, tables, width, next());
    let matrix = matrix.view(false);
    let all = 0..plan.n_users + plan.n_items;
    let (mut current, mut spare) = (Vec::new(), Vec::new());
    for layer in 1..=plan.layers {
        let source = (layer > 1).then_some(Table {
            values: &current,
            width,
        });
        if layer < plan.layers {
            match source {
                None => affine(matrix, Zeros, tables, width, 1.0, all.clone(), &mut spare),
                Some(y) => affine(matrix, Zeros, y, width, 1.0, all.clone(), &mut spare),
            }
            std::mem::swap(&mut current, &mut spare);
            let values = &current;
            copy(plan, Table { values, width }, width, next());
        } else {
            let listed = match source {
                None => affine_listed(matrix, Zeros, tables, width, 1.0, &distinct.nodes),
                Some(y) => affine_listed(matrix, Zeros, y, width, 1.0, &distinct.nodes),
            };
            copy(plan, packed(&listed, width, &distinct), width, next());
        }
    }
    let (mean, layers) = out.split_at_mut(set);
    let scale = plan.scale();
    mean.par_chunks_mut(ROWS * width.max(1))
        .enumerate()
        .for_each(|(at, mean)| {
            for layer in layers.chunks_exact(set.max(1)) {
                add(mean, &layer[at * ROWS * width..]);
            }
            mean.iter_mut().for_each(|value| *value *= scale);
        });
    out
}

/// The gradients of both tables from the gradient of [`forward`]'s result: Horner's rule with what the batch adds on every
/// layer.
pub(super) fn backward(
    plan: &RowsPlan,
    matrix: &Matrix,
    gradient: &[f32],
    width: usize,
) -> (Vec<f32>, Vec<f32>) {
    let distinct = plan.distinct();
    let set = plan.nodes.len() * width;
    let (mean, layers) = gradient.split_at(set);
    let scale = plan.scale();
    let of_layer = |layer: usize| {
        let both = mean.iter().zip(&layers[layer * set..][..set]);
        let rows: Vec<f32> = both.map(|(mean, own)| scale * mean + own).collect();
        sum_by_node(plan, &distinct, &rows, width)
    };
    let matrix = matrix.view(true);
    let all = 0..plan.n_users + plan.n_items;
    let last = of_layer(plan.layers);
    let (mut current, mut spare) = (Vec::new(), Vec::new());
    for layer in (1..plan.layers).rev() {
        let seeds = of_layer(layer);
        let seeds = packed(&seeds, width, &distinct);
        match current.is_empty() {
            true => {
                let last = packed(&last, width, &distinct);
                affine(matrix, seeds, last, width, 1.0, all.clone(), &mut spare);
            }
            false => {
                let values = &current;
                let y = Table { values, width };
                affine(matrix, seeds, y, width, 1.0, all.clone(), &mut spare);
            }
        }
        std::mem::swap(&mut current, &mut spare);
    }
    let seeds = of_layer(0);
    let seeds = packed(&seeds, width, &distinct);
    match plan.layers {
        1 => halves(
            plan,
            matrix,
            seeds,
            packed(&last, width, &distinct),
            width,
            1.0,
        ),
        _ => {
            let values = &current;
            halves(plan, matrix, seeds, Table { values, width }, width, 1.0)
        }
    }
}

fn packed<'a>(values: &'a [f32], width: usize, distinct: &'a Distinct) -> Packed<'a> {
    Packed {
        values,
        width,
        slots: &distinct.slots,
    }
}

/// The batch's rows of a table.
fn copy(plan: &RowsPlan, table: impl Rows, width: usize, out: &mut [f32]) {
    let pieces = plan.nodes.par_chunks(ROWS);
    let out = out.par_chunks_mut((ROWS * width).max(1));
    pieces.zip(out).for_each(|(nodes, out)| {
        for (&node, out) in nodes.iter().zip(out.chunks_exact_mut(width)) {
            out.copy_from_slice(table.row(node as usize).unwrap_or_default());
        }
    });
}
