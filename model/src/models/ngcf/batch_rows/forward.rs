//! The forward pass, layer after layer, each tile of rows from the sparse product to dropout.

use std::sync::PoisonError;

use rayon::prelude::*;

use super::edges::LayerMatrix;
use super::output::{mentions, pack};
use super::pieces::{parts, pieces};
use super::plan::Plan;
use super::receptive_field::ReceptiveField;
use super::tile::{ForwardTile, LayerPass, TILE_ROWS, Tile};
use super::workspace::Kept;
use crate::graph::SparseRows;
use crate::kernels::cpu::isa::{Isa, run};
use crate::kernels::cpu::spmm::rows::{Rows, Table, TwoTables};

/// The result's rows; keeps in the plan the state that the backward pass needs.
pub(super) fn forward(plan: &Plan, tables: TwoTables<'_>, weights: &[f32]) -> Vec<f32> {
    let kept = keep(plan, tables, weights);
    let rows = mentions(plan, &kept.fields[plan.layers.len()], &kept.packed);
    *plan.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(kept);
    rows
}

pub(super) fn keep(plan: &Plan, tables: TwoTables<'_>, weights: &[f32]) -> Kept {
    let fields = ReceptiveField::levels(plan.matrix.view(false), &plan.nodes, plan.layers.len());
    let mut lease = plan.lease();
    let workspace = &mut lease.workspace;
    for (layer, parameters) in plan.parameters().into_iter().enumerate() {
        let pass = LayerPass::new(plan, layer, &weights[parameters]);
        let nodes = &fields[layer + 1].nodes;
        let (before, rest) = workspace.made.split_at_mut(layer);
        let out = Out {
            received: &mut workspace.received[layer],
            made: &mut rest[0],
            codes: &mut workspace.codes[layer],
        };
        match before.last() {
            None => run_layer(plan, layer, &pass, tables, nodes, out),
            Some(values) => {
                let width = pass.from;
                run_layer(plan, layer, &pass, Table { values, width }, nodes, out);
            }
        }
    }
    let last = &fields[plan.layers.len()].nodes;
    let (packed, inverse_norms) = pack(plan, last, tables, workspace);
    Kept {
        lease,
        fields,
        packed,
        inverse_norms,
    }
}

/// The tables a layer writes.
struct Out<'a> {
    received: &'a mut [f32],
    made: &'a mut [f32],
    codes: &'a mut [u8],
}

fn run_layer(
    plan: &Plan,
    layer: usize,
    pass: &LayerPass<'_>,
    own: impl Rows,
    nodes: &[u32],
    out: Out<'_>,
) {
    let isa = Isa::detect_fused();
    let matrix = LayerMatrix {
        matrix: &plan.matrix,
        dropout: &plan.layers[layer].dropout,
        transposed: false,
        present: None,
    };
    let pieces = pieces(nodes, plan.n_users);
    let n_users = plan.n_users;
    let (from, to) = (pass.from, pass.to);
    let received = parts(
        out.received.split_at_mut(n_users * from),
        from,
        n_users,
        &pieces,
    );
    let made = parts(out.made.split_at_mut(n_users * to), to, n_users, &pieces);
    let codes = parts(out.codes.split_at_mut(n_users * to), to, n_users, &pieces);
    pieces
        .into_par_iter()
        .zip(received)
        .zip(made)
        .zip(codes)
        .for_each_init(
            || (Tile::default(), SparseRows::default()),
            |(tile, thinned), (((nodes, mut received), mut made), mut codes)| {
                for nodes in nodes.chunks(TILE_ROWS) {
                    matrix.product(isa, own, pass.from, nodes, thinned, &mut tile.received);
                    tile.fit(nodes.len(), pass.from, pass.to);
                    for (&node, row) in nodes.iter().zip(tile.own.chunks_exact_mut(pass.from)) {
                        row.copy_from_slice(own.row(node as usize).unwrap_or_default());
                    }
                    run(isa, ForwardTile { pass, nodes, tile });
                    for (at, &node) in nodes.iter().enumerate() {
                        received.put(node, &tile.received[at * from..][..from]);
                        made.put(node, &tile.made[at * to..][..to]);
                        codes.put(node, &tile.codes[at * to..][..to]);
                    }
                }
            },
        );
}
