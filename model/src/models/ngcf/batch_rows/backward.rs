//! The backward pass, layer after layer: each layer's tables turn into their gradients in place.

use std::sync::PoisonError;

use rayon::prelude::*;

use super::edges::LayerMatrix;
use super::forward::keep;
use super::output::unpack;
use super::pieces::{Part, parts, pieces};
use super::plan::Plan;
use super::receptive_field::ReceptiveField;
use super::tile::{BackwardTile, LayerPass, TILE_ROWS, Tile, Weights};
use crate::graph::SparseRows;
use crate::kernels::cpu::isa::{Isa, run};
use crate::kernels::cpu::spmm::rows::{Rows, Table, TwoTables};
use crate::kernels::cpu::sums::add;

/// The gradients of users, items and weights.
pub(super) fn backward(
    plan: &Plan,
    gradient: &[f32],
    tables: TwoTables<'_>,
    weights: &[f32],
) -> (Vec<f32>, Vec<f32>, Vec<f32>) {
    let kept = plan
        .kept
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take();
    // A second backward pass finds nothing and repeats the forward pass.
    let mut kept = kept.unwrap_or_else(|| keep(plan, tables, weights));
    let last = plan.layers.len();
    let shown = Shown {
        plan,
        nodes: &kept.fields[last].nodes,
        rows: unpack(plan, &kept, gradient),
    };
    let workspace = &mut kept.lease.workspace;
    let mut users = vec![0.0; tables.users.len()];
    let mut items = vec![0.0; tables.items.len()];
    let mut of_weights = vec![0.0; weights.len()];
    if let Some(made) = workspace.made.last_mut() {
        shown.clear(last, made);
        shown.add_level(last, made, 0);
    }
    for (layer, parameters) in plan.parameters().into_iter().enumerate().rev() {
        let (before, rest) = workspace.made.split_at_mut(layer);
        let step = Step {
            plan,
            layer,
            pass: LayerPass::new(plan, layer, &weights[parameters.clone()]),
            field: &kept.fields[layer + 1],
            below: &kept.fields[layer],
            made: &rest[0],
            codes: &workspace.codes[layer],
        };
        let received = &mut workspace.received[layer];
        let of_weights = &mut of_weights[parameters];
        match before.last_mut() {
            None => step.run(Some(tables), (&mut users, &mut items), received, of_weights),
            Some(table) => {
                let halves = table.split_at_mut(plan.n_users * step.pass.from);
                step.run(None::<TwoTables<'_>>, halves, received, of_weights);
                shown.add_level(layer, table, 0);
            }
        }
    }
    shown.add_level(0, &mut users, 0);
    shown.add_level(0, &mut items, plan.n_users);
    (users, items, of_weights)
}

/// The gradient of the result at every level that the result shows.
struct Shown<'a> {
    plan: &'a Plan,
    nodes: &'a [u32],
    /// `[nodes, width]`
    rows: Vec<f32>,
}

impl Shown<'_> {
    /// Zeros the nodes' rows of a level's table.
    fn clear(&self, level: usize, table: &mut [f32]) {
        let width = self.plan.level_width(level);
        for &node in self.nodes {
            table[node as usize * width..][..width].fill(0.0);
        }
    }

    /// Adds the gradient of `level` onto its table, whose first row is node `start`'s; nodes that the
    /// table does not hold are skipped.
    fn add_level(&self, level: usize, table: &mut [f32], start: usize) {
        let (width, level_width) = (self.plan.width(), self.plan.level_width(level));
        for (shown, columns) in self.plan.columns() {
            if shown != level {
                continue;
            }
            for (&node, row) in self.nodes.iter().zip(self.rows.chunks_exact(width)) {
                let own = (node as usize)
                    .checked_sub(start)
                    .and_then(|at| table.get_mut(at * level_width..(at + 1) * level_width));
                if let Some(own) = own {
                    add(own, &row[columns.clone()]);
                }
            }
        }
    }
}

/// One layer's share of the backward pass.
struct Step<'a> {
    plan: &'a Plan,
    layer: usize,
    pass: LayerPass<'a>,
    /// Rows of the layer's output that have a gradient, and those of its input.
    field: &'a ReceptiveField,
    below: &'a ReceptiveField,
    /// The gradient of the layer's output.
    made: &'a [f32],
    codes: &'a [u8],
}

impl Step<'_> {
    /// From the gradient of the output to that of the input in `target`. The input's values are in
    /// `own`, or where it is `None` in `target` itself.
    fn run(
        &self,
        own: Option<impl Rows>,
        (users, items): (&mut [f32], &mut [f32]),
        received: &mut [f32],
        of_weights: &mut [f32],
    ) {
        self.through_products(own, (&mut *users, &mut *items), received, of_weights);
        self.through_graph((users, items), received);
    }

    /// Turns the layer's input (in `target`) and what was received into their gradients through the dense products.
    fn through_products(
        &self,
        own: Option<impl Rows>,
        target: (&mut [f32], &mut [f32]),
        received: &mut [f32],
        of_weights: &mut [f32],
    ) {
        let isa = Isa::detect_fused();
        let (from, to) = (self.pass.from, self.pass.to);
        let n_users = self.plan.n_users;
        let transposed = [self.pass.weights.first, self.pass.weights.second]
            .map(|weight| transpose(weight, from, to));
        let pieces = pieces(&self.field.nodes, n_users);
        let target = parts(target, from, n_users, &pieces);
        let received = parts(
            received.split_at_mut(n_users * from),
            from,
            n_users,
            &pieces,
        );
        let shares: Vec<Vec<f32>> = pieces
            .into_par_iter()
            .zip(target)
            .zip(received)
            .map_init(
                Tile::default,
                |tile, ((nodes, mut target), mut received)| {
                    let mut share = vec![0.0; of_weights.len()];
                    for nodes in nodes.chunks(TILE_ROWS) {
                        self.load(nodes, own, &target, &received, tile);
                        let kernel = BackwardTile {
                            pass: &self.pass,
                            transposed: &transposed,
                            gradients: Weights::of(&mut share, from, to),
                            tile,
                        };
                        run(isa, kernel);
                        for (at, &node) in nodes.iter().enumerate() {
                            target.put(node, &tile.own[at * from..][..from]);
                            received.put(node, &tile.received[at * from..][..from]);
                        }
                    }
                    share
                },
            )
            .collect();
        // In the order of pieces, whichever thread made them.
        shares.iter().for_each(|share| add(of_weights, share));
    }

    /// Packs the nodes' rows into the tile.
    fn load(
        &self,
        nodes: &[u32],
        own: Option<impl Rows>,
        target: &Part<'_, f32>,
        received: &Part<'_, f32>,
        tile: &mut Tile,
    ) {
        let (from, to) = (self.pass.from, self.pass.to);
        tile.fit(nodes.len(), from, to);
        tile.received.resize(nodes.len() * from, 0.0);
        for (at, &node) in nodes.iter().enumerate() {
            let value = own
                .as_ref()
                .map(|own| own.row(node as usize).unwrap_or_default());
            tile.own[at * from..][..from].copy_from_slice(value.unwrap_or(target.row(node)));
            tile.received[at * from..][..from].copy_from_slice(received.row(node));
            let columns = node as usize * to..(node as usize + 1) * to;
            tile.made[at * to..][..to].copy_from_slice(&self.made[columns.clone()]);
            tile.codes[at * to..][..to].copy_from_slice(&self.codes[columns]);
        }
    }

    /// Adds the gradient that flows from the received sums back over the edges.
    fn through_graph(&self, target: (&mut [f32], &mut [f32]), received: &[f32]) {
        let isa = Isa::detect_fused();
        let width = self.pass.from;
        let source = Table {
            values: received,
            width,
        };
        let matrix = LayerMatrix {
            matrix: &self.plan.matrix,
            dropout: &self.plan.layers[self.layer].dropout,
            transposed: true,
            present: self.field.flags(),
        };
        let pieces = pieces(&self.below.nodes, self.plan.n_users);
        let target = parts(target, width, self.plan.n_users, &pieces);
        pieces.into_par_iter().zip(target).for_each_init(
            || (SparseRows::default(), Vec::new()),
            |(thinned, rows), (nodes, mut target)| {
                for nodes in nodes.chunks(TILE_ROWS) {
                    matrix.product(isa, source, width, nodes, thinned, rows);
                    for (&node, row) in nodes.iter().zip(rows.chunks_exact_mut(width)) {
                        // Outside the field the table still holds values, not gradients.
                        if self.field.contains(node) {
                            add(row, target.row(node));
                        }
                        target.put(node, row);
                    }
                }
            },
        );
    }
}

fn transpose(matrix: &[f32], rows: usize, columns: usize) -> Vec<f32> {
    let place = |i: usize| matrix[i % rows * columns + i / rows];
    (0..matrix.len()).map(place).collect()
}
